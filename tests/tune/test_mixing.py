"""How samples weigh, how many tokens a run learns, and recipes mixed into base training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import squares
import torch

from mirage import tune
from mirage.contracts import DataError, TrainSample, read_rows, write_rows
from mirage.tune import batching
from mirage.tune.losses import mean_over_samples, mean_over_tokens


@pytest.fixture
def also(tmp_path: Path) -> Path:
    """A recipe's data: the samples of one label that the base data lack."""
    rows = [
        squares.sample(f"train/{i}", f"is {c} in the square ?", (), f"the {c} square .", "refusal")
        for i, c in enumerate(squares.COLOURS)
    ]
    write_rows(tmp_path / "samples.jsonl", rows)
    (tmp_path / "vocabulary.txt").write_text("".join(f"{w}\n" for w in squares.WORDS))
    return tmp_path


def test_the_mean_over_samples(world: squares.World, base: Path) -> None:
    model = squares.open_model(base)
    encoded = squares.load([world.data], world.images, squares.load_processor(base))
    by_sample, by_token = (
        squares.objective(model, encoded, keep_features=False, loss=loss)
        for loss in (mean_over_samples, mean_over_tokens)
    )
    rows = [0, 15, 30, len(encoded.ids) - 1]
    assert len(set(encoded.answers[rows].tolist())) == 3
    alone = [by_token(**vars(batching.collate(encoded, [row], 72, 0))).item() for row in rows]
    batch = vars(batching.collate(encoded, rows, 72, 0))
    both = [objective(**batch).item() for objective in (by_sample, by_token)]
    assert both[0] == pytest.approx(sum(alone) / len(alone), abs=1e-6)
    weights = encoded.answers[rows] / encoded.answers[rows].sum()
    assert both[1] == pytest.approx(float(weights @ np.array(alone)), abs=1e-6)
    assert abs(both[0] - both[1]) > 1e-3
    shares = [batching.collate(encoded, rows, 72, 0, r, 2) for r in (0, 1)]
    mean = sum(by_sample(**vars(share)).item() for share in shares) / 2
    assert mean == pytest.approx(both[0], abs=1e-6)


def test_steps_for_a_number_of_tokens() -> None:
    answers = np.random.default_rng(0).integers(3, 40, 50)
    whole = batching.plan_epochs(50, 8, 3, 9)
    for tokens in (1, 100, 1000, 4000):
        plan = batching.plan_tokens(answers, 8, 3, tokens)
        assert plan == whole[: len(plan)]
        learnt = np.cumsum([answers[batch].sum() for batch in whole])
        assert len(plan) == 1 + int(np.abs(learnt - tokens).argmin())


def test_a_recipe_learns_about_its_tokens(world: squares.World, base: Path) -> None:
    job = squares.recipe_job(
        world, base, "mirage-tokens", epochs=9, tuned={"supervised_tokens": 300}, log_every=1
    )
    tune.run(job)
    steps = len((job.out / "curve.jsonl").read_text().splitlines())
    encoded = squares.load([world.data], world.images, squares.load_processor(base))
    plan = batching.plan_tokens(encoded.answers, 8, 0, 300)
    assert steps == len(plan) < len(batching.plan_epochs(len(encoded.ids), 8, 0, 1))
    learnt = sum(int(encoded.answers[batch].sum()) for batch in plan)
    assert abs(learnt - 300) <= 30


def test_the_loss_is_a_setting(world: squares.World, base: Path) -> None:
    jobs = [
        squares.recipe_job(world, base, f"mirage-by-{loss}", tuned={"loss": loss})
        for loss in ("tokens", "samples")
    ]
    for job in jobs:
        tune.run(job)
    first, second = (squares.open_model(job.out).state_dict() for job in jobs)
    assert not all(torch.equal(first[name], second[name]) for name in first)


def test_a_recipe_mixed_into_its_base(world: squares.World, base: Path, also: Path) -> None:
    job = squares.base_job(world, "vlguard_m-s0", also=(also,))
    rows = read_rows(world.data / "samples.jsonl", TrainSample)
    encoded = squares.load([world.data, also], world.images, squares.load_processor(base))
    assert len(encoded.ids) == len(rows) + len(squares.COLOURS)
    assert encoded.labels[len(rows) :] == ["refusal"] * len(squares.COLOURS)
    job.settings["model"]["base"]["phases"][1]["labels"] = ["refusal"]
    tune.run(job)
    curve = [json.loads(line) for line in (job.out / "curve.jsonl").read_text().splitlines()]
    assert [row["phase"] for row in curve] == ["vision"] * 4 + ["joint"] * 5
    # Naming comes first and knows nothing of the recipe: the same weights up to there.
    plain = [json.loads(line) for line in (base / "curve.jsonl").read_text().splitlines()]
    assert curve[:4] == plain[:4] and curve[4:] != plain[4:]


def test_data_sets_of_two_worlds(world: squares.World, also: Path) -> None:
    (also / "vocabulary.txt").write_text("red\n")
    with pytest.raises(DataError, match=r"vocabulary.txt differs from .*vocabulary.txt"):
        tune.run(squares.base_job(world, "two-worlds", also=(also,)))
