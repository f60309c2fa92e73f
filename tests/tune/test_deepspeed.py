"""Two CPU ranks under ZeRO-2 learn what one process learns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import squares

from mirage import tune
from mirage.tune import checkpoint

# The first run of an environment compiles DeepSpeed's communication op: about a minute.
pytestmark = pytest.mark.real


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "curve.jsonl").read_text().splitlines()]


def test_two_ranks_follow_the_single_process(world: squares.World, base: Path) -> None:
    same = {
        "epochs": 9,
        "log_every": 1,
        "checkpoint_every": 20,
        "learning_rate": 2e-3,
        "weight_decay": 0.1,
    }
    single = squares.recipe_job(world, base, "mirage-single", **same)
    ranks = squares.recipe_job(world, base, "mirage-ranks", engine="deepspeed", ranks=2, **same)
    tune.run(single)
    tune.run(ranks)
    one, two = losses(single.out), losses(ranks.out)
    assert len(one) == len(two) >= 50
    assert one[-1] < 0.8 * one[0]
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 1e-4
    assert {p.name for p in single.out.iterdir()} == {p.name for p in ranks.out.iterdir()}
    assert (single.out / "config.json").read_bytes() == (ranks.out / "config.json").read_bytes()
    last = checkpoint.newest(ranks.work / "recipe")
    assert last is not None
    # Killed before its last checkpoint, it goes on from the one before, to the same weights.
    weights = (ranks.out / "model.safetensors").read_bytes()
    (last / checkpoint.SEAL).unlink()
    (ranks.out / "model.safetensors").unlink()
    tune.run(ranks)
    assert (ranks.out / "model.safetensors").read_bytes() == weights
