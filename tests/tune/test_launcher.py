"""One launcher for a job's ranks, and as many GPUs as ranks."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from mirage.context import ConfigError
from mirage.tune.launcher import check_launch, run_ranks


def test_one_task_of_slurm_may_start_ranks() -> None:
    check_launch(2, gpus=2, environ={})
    check_launch(2, gpus=0, environ={})
    check_launch(1, gpus=1, environ={"SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"})


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SLURM_PROCID": "1"}, r"this is number 1\. Ask for one task.*tasks_per_gpu: 0"),
        ({"SLURM_STEP_NUM_TASKS": "8"}, r"Slurm started this job 8 times"),
        ({"RANK": "0"}, r"a launcher such as torchrun started this job"),
        ({"WORLD_SIZE": "2"}, r"a launcher such as torchrun started this job"),
    ],
)
def test_a_second_launcher_is_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_launch(2, gpus=2, environ=environ)


def test_every_rank_needs_a_gpu_of_its_own() -> None:
    for ranks, gpus in ((8, 4), (1, 2)):
        with pytest.raises(ConfigError, match=rf"tune\.ranks is {ranks}, .* sees {gpus} GPUs"):
            check_launch(ranks, gpus=gpus, environ={})


RANK = (
    "import signal, sys, pathlib, time;"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3));"
    "pathlib.Path(sys.argv[1]).touch();"
    "signal.pause()"
)


def test_a_signal_reaches_the_ranks_first(tmp_path: Path) -> None:
    ready, seen = tmp_path / "ready", []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append("parent"))

    def ask() -> None:
        while not ready.exists():
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ask).start()
    try:
        assert run_ranks([sys.executable, "-c", RANK, str(ready)], os.environ) == 3
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == ["parent"]
    assert run_ranks([sys.executable, "-c", "raise SystemExit(4)"], os.environ) == 4
