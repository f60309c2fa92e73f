from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import squares
import torch

from mirage import tune
from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.evidence import write
from mirage.track.curves import one_chart
from mirage.track.follow import Tail
from mirage.track.records import read_record
from mirage.tune.batching import Sizes
from mirage.tune.progress import Progress


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_recipe_changes_its_parts_only_and_twice_gives_the_same_bytes(
    world: squares.World, base: Path
) -> None:
    jobs = [squares.recipe_job(world, base, name) for name in ("mirage-s0", "mirage-again")]
    for job in jobs:
        tune.run(job)
    first, second = (contents(job.out) for job in jobs)
    assert first == second
    before, after = (squares.open_model(folder).state_dict() for folder in (base, jobs[0].out))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and not any("vision_tower" in name for name in changed)
    assert any("projector" in name for name in changed)
    assert first["tokenizer.json"] == (base / "tokenizer.json").read_bytes()


def test_the_record_tells_what_happened(world: squares.World, base: Path) -> None:
    job = squares.recipe_job(world, base, "textual-s0", epochs=3, learning_rate=0.005)
    tune.run(job)
    record = json.loads((job.out / "record.json").read_text())
    curve = [json.loads(line) for line in (job.out / "curve.jsonl").read_text().splitlines()]
    assert record["curves"]["loss/textual"] == [[row["step"], row["loss"]] for row in curve]
    assert curve[-1]["loss"] < 0.8 * curve[0]["loss"]
    # The peak is the recipe's own rate, and the schedule ends near 0.
    rates = [row["learning_rate"] for row in curve]
    assert 0.0045 < max(rates) <= 0.005 and rates[-1] < 0.0005
    assert record["metrics"]["parameters/trainable"] == (
        record["metrics"]["parameters/language_model"] + record["metrics"]["parameters/projector"]
    )
    assert not any("second" in name or "time" in name for name in record["metrics"])


@pytest.mark.parametrize("kind", ["base", "recipe"])
def test_curves_can_be_followed_while_models_train(
    world: squares.World, base: Path, kind: str
) -> None:
    made = squares.base_job(world, "followed")
    job = made if kind == "base" else squares.recipe_job(world, base, "followed-s0", epochs=3)
    job = dataclasses.replace(job, work=job.work / "a_try")
    job.work.mkdir()
    tune.run(job)
    tail = Tail(job.settings, job.work.parent)
    seen = tail.fresh()
    assert seen == one_chart(read_record(job.out).curves, job.settings) and seen
    assert seen.keys() == {"loss", "learning_rate"}
    assert tail.fresh() == {}


def test_base_phases_and_their_labels(world: squares.World, base: Path) -> None:
    phases = [json.loads(line)["phase"] for line in (base / "curve.jsonl").read_text().splitlines()]
    assert phases == ["vision"] * 4 + ["joint"] * 5
    job = squares.base_job(world, "wrong")
    job.settings["model"]["base"]["phases"][0]["labels"] = ["nonsense"]
    with pytest.raises(DataError, match=r"no training sample has one of the labels \['nonsense'\]"):
        tune.run(job)


def test_another_kind_of_job(world: squares.World) -> None:
    with pytest.raises(ConfigError, match="bases and recipes"):
        tune.run(squares.context(world, "adapter", "x", {}, {}))


@pytest.mark.parametrize("metrics", [{"capped": 1, "steps_to_criterion": 1400}, {"loss/x": 0.5}])
def test_of_committed_evidence_the_end_of_training_is_laid_out_too(
    world: squares.World, tmp_path: Path, metrics: dict[str, float]
) -> None:
    path = tmp_path / "s0.tar.xz"
    record = json.dumps({"metrics": metrics, "curves": {}}).encode()
    write(path, {"seed": 0}, {"cot-s0/record.json": record})
    job = squares.context(world, "record", "cot-s0", {"evidence": "d"}, {})
    job = dataclasses.replace(job, job=dataclasses.replace(job.job, external={"d": str(path)}))
    for old in job.out.iterdir():
        old.unlink()
    tune.run(job)
    made = contents(job.out)
    assert made.pop("record.json") == record
    stops = "capped" in metrics
    assert made == (
        {"training.json": b'{"capped": true, "steps_to_criterion": 1400}\n'} if stops else {}
    )


def test_plain_lines_are_rare_and_say_where_it_stands() -> None:
    lines: list[str] = []
    progress = Progress("mirage", [Sizes(80, 100)] * 50, lines.append, live=False)
    for step in range(1, 51):
        progress.step(step, lambda: 1.5)
    assert len(lines) == 1 and lines[0].startswith("mirage: step 50/50, loss 1.5000")
    assert progress.line(26, 2.0, 5.0) == (
        "mirage: step 26/50, loss 2.0000, 400 tokens/s, padding 20.0%, 5 s left"
    )


def test_a_live_line_overwrites_itself(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("mirage", [Sizes(80, 100)] * 2, print, live=True)
    progress.step(1, lambda: 1.0)
    progress.step(2, lambda: 1.0)
    text = capsys.readouterr().err
    assert text.startswith("\r\x1b[2Kmirage: step 2/2") and text.endswith("left\n")


def test_a_sample_that_the_model_cannot_read_to_its_end_is_named(world: squares.World) -> None:
    job = squares.base_job(world, "short")
    job.settings["model"]["shape"]["text"]["max_tokens"] = 10
    said = (
        r"samples\.jsonl, line \d+: \d\d tokens, but the model reads at most 10\. "
        r"Set model\.shape\.text\.max_tokens higher, or shorten the sample\.$"
    )
    with pytest.raises(DataError, match=said):
        tune.run(job)
    assert not any(job.out.iterdir())
