"""How ranks end: one that fails or falls silent with a sentence, one that is done as what it is."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest
import squares
from large_jobs import block, large_job

from mirage import tune
from mirage.context import ConfigError, JobContext
from mirage.contracts import DataError
from mirage.final_error import FinalError
from mirage.tune import checkpoint, ranks
from mirage.tune.task import Task

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def found_by_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entries beside this file are modules for the processes that a test starts."""
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([here, os.environ.get("PYTHONPATH", "")]))


def test_a_silent_rank_ends_the_job(
    world: squares.World, base: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # DeepSpeed's own groups would wait for half an hour.
    large = block(micro_batch=4, wait_minutes=0.2)
    how = {"engine": "deepspeed", "ranks": 2, "zero_stage": 2, "checkpoint_every": 2}
    loss = {"loss": "silent_rank:silent"}
    job = large_job(world, base, "mirage-silent", large, tuned=loss, **how)
    with pytest.raises(DataError, match=r"2 ranks .* said nothing until .* goes on with: snake"):
        tune.run(job)
    assert "imed out" in capfd.readouterr().err
    assert not any(job.out.iterdir())
    last = checkpoint.newest(job.work / "recipe")
    assert last is not None and checkpoint.step(last) == 2


def failing_job(
    world: squares.World, base: Path, how: str, module: str = "failing_rank"
) -> JobContext:
    job = large_job(world, base, f"mirage-{how}", block(), engine="deepspeed", ranks=2)
    entries = job.job.entries | {"tuning": f"{module}:{how}"}
    return dataclasses.replace(job, job=dataclasses.replace(job.job, entries=entries))


def test_a_rank_s_own_sentence_is_the_job_s(world: squares.World, base: Path) -> None:
    job = failing_job(world, base, "fail")
    (job.work / "error.0").write_text("of an earlier run")
    with pytest.raises(DataError) as failed:
        tune.run(job)
    assert str(failed.value) == "the picture of item 7 cannot be decoded."


@pytest.mark.parametrize(
    ("how", "kind", "said"),
    [("fail", DataError, "the picture of item 7"), ("fail_for_good", FinalError, "no room")],
)
def test_what_no_attempt_can_mend_stays_final(
    world: squares.World,
    base: Path,
    how: str,
    kind: type[DataError | ConfigError],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def in_this_process(command: Sequence[str], _: Mapping[str, str]) -> int:
        monkeypatch.setenv("RANK", "1")
        with pytest.raises(SystemExit) as ended:
            ranks.main(command[-1])
        monkeypatch.delenv("RANK")
        assert ended.value.code == 1
        return 1

    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setattr(ranks, "die_with_parent", lambda: None)
    monkeypatch.setattr(ranks, "run_ranks", in_this_process)
    with pytest.raises(kind, match=said):
        tune.run(failing_job(world, base, how))


@pytest.mark.parametrize(("how", "status"), [("done", 0), ("stopped", 128 + signal.SIGTERM)])
def test_an_abort_after_the_work_does_not_count(
    world: squares.World, base: Path, how: str, status: int
) -> None:
    job = failing_job(world, base, how, "leaving_rank")
    task = job.work / ranks.TASK
    task.write_text(json.dumps(asdict(Task.of(job))), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", ranks.__name__, str(task)],
        env=os.environ | {"RANK": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert ended.returncode == status
    assert ended.stdout == ("trained\n" if how == "done" else "")
