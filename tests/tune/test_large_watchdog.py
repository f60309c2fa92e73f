"""A rank that falls silent ends the job with a sentence: nobody waits for it for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import squares
from large_jobs import block, large_job

from mirage import tune
from mirage.contracts import DataError
from mirage.tune import checkpoint

pytestmark = pytest.mark.real


def test_a_silent_rank_ends_the_job(
    world: squares.World,
    base: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([here, os.environ.get("PYTHONPATH", "")]))
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
