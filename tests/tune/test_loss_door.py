"""A loss from a user's folder trains a recipe; one may read rejected answers."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import squares

from mirage import tune
from mirage.context import JobContext
from mirage.contracts import TrainSample, read_rows, write_rows

MODULE = """
from mirage.tune.losses import mean_over_tokens

def doubled(chosen, rejected):
    assert rejected is None
    return 2 * mean_over_tokens(chosen, rejected)

def contrast(chosen, rejected):
    own = {int(i) for i in rejected.owners}
    assert own and own <= {int(i) for i in chosen.owners}
    return mean_over_tokens(chosen, None) - 0.1 * mean_over_tokens(rejected, None)

contrast.reads_rejected = True
"""


def losses(job: JobContext) -> list[float]:
    tune.run(job)
    return [json.loads(line)["loss"] for line in (job.out / "curve.jsonl").open()]


def recipe(world: squares.World, base: Path, name: str, loss: str) -> JobContext:
    tuned = {"loss": loss}
    return squares.recipe_job(world, base, f"{name}-s0", 1, tuned=tuned, log_every=1)


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "users_losses.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return "users_losses"


def test_a_loss_of_the_users_own(world: squares.World, base: Path, users: str) -> None:
    plain = losses(recipe(world, base, "plain", "tokens"))
    doubled = losses(recipe(world, base, "doubled", f"{users}:doubled"))
    assert doubled[0] == pytest.approx(2 * plain[0], rel=1e-5)


def test_a_loss_that_reads_rejected_answers(
    world: squares.World, base: Path, users: str, tmp_path: Path
) -> None:
    rows = read_rows(world.data / "samples.jsonl", TrainSample)[:16]
    worse = ["", "a square .", "the second image"]
    rows = [dataclasses.replace(row, rejected=worse[i % 3]) for i, row in enumerate(rows)]
    write_rows(tmp_path / "pairs/samples.jsonl", rows)
    assert '"rejected"' not in (world.data / "samples.jsonl").read_text()
    results = []
    for loss in ("tokens", f"{users}:contrast"):
        job = recipe(world, base, f"pairs{len(results)}", loss)
        parents = job.job.parents | {"data": [str(tmp_path / "pairs")]}
        job = dataclasses.replace(job, job=dataclasses.replace(job.job, parents=parents))
        results.append(losses(job))
    assert results[1][0] < results[0][0] - 0.05
