"""A tuned stand-in, packed and with features in files, and what it says of its speed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import free_samples
import pytest
import squares

from mirage import tune
from mirage.context import JobContext
from mirage.plan import entries
from mirage.plan.artifact import payload_digest
from mirage.plan.job import Job
from mirage.plan.schema.tune import Large
from mirage.tune.batching import Sizes
from mirage.tune.large import meter
from mirage.tune.large.meter import MEASURED, Meter, Work
from mirage.tune.progress import Progress
from mirage.view.told import tell

PLAIN = {"dtype": "float32", "activation_checkpointing": False, "loaders": 0}


@pytest.fixture(scope="module", params=["qwen2_vl", "internvl"])
def stand_in(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("study")
    free_samples.write(root / "own")
    free_samples.open_stand_in(request.param, root / request.param, root / "own")
    return root / request.param


def tuned(base: Path, out: Path, **large: Any) -> JobContext:
    """Tunes a stand-in on its samples: 4 steps of 4, two points of the curve."""
    name = squares.architecture_of(base)
    chosen = {"base": "import", "loss": "tokens", "family": name, "encoding": f"stock_{name}"}
    chosen["tuning"] = "large"
    recipe = {"epochs": 2, "supervised_tokens": None, "until": None, "learning_rate": 1e-3}
    recipe |= {"loss": "tokens", "parts": ["language_model", "projector"]}
    block = Large(**(PLAIN | large)).model_dump()
    settings = {
        "recipe": {"name": "own", "tune": recipe},
        "tune": squares.tune_settings(batch_size=4, log_every=2, checkpoint_every=2, large=block),
        "seed": 0,
        "threads": 1,
    }
    samples = str(base.parent / "own")
    parents = {"data": [samples], "images": [samples], "base": [str(base)]}
    references = {group: entries.resolve(group, option) for group, option in chosen.items()}
    job = Job("tune", "recipe", "own-s0", "0" * 64, settings, parents, entries=references)
    for folder in (out / "work", out / "out"):
        folder.mkdir(parents=True)
    ctx = JobContext(job, out, out / "work", out / "out")
    tune.run(ctx)
    return ctx


def curve_of(ctx: JobContext) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ctx.out / "curve.jsonl").read_text().splitlines()]


def test_packing_and_files_give_the_same_curve(stand_in: Path, tmp_path: Path) -> None:
    plain = curve_of(tuned(stand_in, tmp_path / "plain", features="memory"))
    packed = tuned(stand_in, tmp_path / "packed", packing=True, micro_batch=2, loaders=1)
    fly = tuned(stand_in, tmp_path / "fly", packing=True, row_tokens=1024, features="on_the_fly")
    assert sorted((packed.work / "features").iterdir())
    assert not (fly.work / "features").exists()
    for other in (curve_of(packed), curve_of(fly)):
        assert [row["step"] for row in other] == [row["step"] for row in plain] == [2, 4]
        for name in ("loss", "grad_norm"):
            expected = [row[name] for row in plain]
            assert [row[name] for row in other] == pytest.approx(expected, rel=2e-3)
    assert plain[0]["loss"] > plain[1]["loss"] > 0


def test_each_point_says_how_fast_it_was(stand_in: Path, tmp_path: Path) -> None:
    made = tuned(stand_in, tmp_path, packing=True, row_tokens=1024)
    rows, record = curve_of(made), json.loads((made.out / "record.json").read_text())
    measured = set(MEASURED) - {"mfu"}  # no peak is known of a processor
    for row in rows:
        assert set(row) == {"phase", "step", "loss", "learning_rate", "grad_norm"} | measured
        assert 0 <= row["padding_share"] < 0.1 and 0 <= row["data_wait_share"] <= 1
        assert row["tokens_per_second"] > row["samples_per_second"] > 0
        assert row["peak_memory_gb"] > 0.1
    assert {f"{name}/own" for name in measured} < set(record["curves"])
    # Times differ from run to run: they stand in no file that decides an artifact's content.
    times = ("tokens_per_second", "samples_per_second", "data_wait_share")
    texts = {path.name: path.read_bytes() for path in made.out.iterdir()}
    told = {name for name, text in texts.items() if any(time.encode() in text for time in times)}
    assert told == {"curve.jsonl", "record.json"}
    digests = {name: {"sha256": str(hash(text))} for name, text in texts.items()}
    changed = digests | {name: {"sha256": "other"} for name in told}
    assert payload_digest(digests) == payload_digest(changed)


def clocked(monkeypatch: pytest.MonkeyPatch, seconds: list[float]) -> None:
    times = iter(seconds)
    monkeypatch.setattr(meter.time, "perf_counter", lambda: next(times))


def test_rates_are_those_of_the_steps_since_the_last_point(monkeypatch: pytest.MonkeyPatch) -> None:
    work = [Work(Sizes(90, 100), 4, 1e12)] * 6
    clocked(monkeypatch, [10.0, 10.0, 11.0, 14.0, 14.0, 20.0, 20.0])
    monkeypatch.setattr(meter, "device_name", lambda: "NVIDIA A100-SXM4-80GB")
    made = Meter(work, ranks=2, dtype="torch.bfloat16")
    made.begin(2)  # a run that goes on from step 2
    with made.waiting():
        pass
    found = made.read(4)
    assert found["tokens_per_second"] == 45.0 and found["samples_per_second"] == 2.0
    assert found["padding_share"] == 0.1 and found["data_wait_share"] == 0.25
    # 2e12 operations in 4 s on two devices of 312e12 a second.
    assert found["mfu"] == pytest.approx(100 * 2e12 / (4 * 2 * 312e12), abs=0.005)
    made.begin(4)  # changes nothing: it has begun
    later = made.read(6)
    assert later["tokens_per_second"] == 30.0 and later["data_wait_share"] == 0.0


def test_the_view_of_a_run_reads_the_line_of_progress() -> None:
    work = [Work(Sizes(90, 100), 4, 1e12)] * 8
    made = Meter(work)
    made.last = {"mfu": 41.3, "data_wait_share": 0.02, "peak_memory_gb": 61.27}
    progress = Progress("mis_mirage", [each.sizes for each in work], print, made.words)
    line = progress.line(4, 1.25, 7200.0)
    assert "41 % MFU, 2% waiting for data, 61.3 GB at most" in line
    told = tell([line])
    assert (told.done, told.total, told.loss, told.left) == (4, 8, "1.2500", 7200.0)
