"""One launcher: this suite alone starts ranks, once, and on as many GPUs as there are ranks."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from mirage.context import ConfigError

ONE_TASK = (
    "Ask for one task, as profiles/slurm does (default-resources: tasks: 1, tasks_per_gpu: 0); the "
    "suite starts its own ranks: tune.ranks"
)
LAST_WORDS = 300
"""Seconds that ranks have for a checkpoint after SIGTERM; a scheduler may wait for less."""


def check_launch(
    ranks: int, gpus: int | None = None, environ: Mapping[str, str] = os.environ
) -> None:
    """Checks that this process is the only one of its job and sees a GPU for every rank.

    Two launchers would train the same model twice into one folder; Snakemake's Slurm plugin, asked
    for ``gpu=2``, starts a job's script once per GPU.

    Args:
        ranks: Processes that will train together.
        gpus: GPUs that this process sees; asked of torch if not given. None at all means that the
            job computes on processors.
        environ: The environment.

    Raises:
        ConfigError: It is not so; the text says how to mend it.
    """
    place, tasks = environ.get("SLURM_PROCID", "0"), environ.get("SLURM_STEP_NUM_TASKS", "1")
    if place != "0" or tasks != "1":
        raise ConfigError(
            f"Slurm started this job {tasks} times, and this is number {place}. {ONE_TASK}"
        )
    if "RANK" in environ or "WORLD_SIZE" in environ:
        raise ConfigError(
            "RANK or WORLD_SIZE is set: a launcher such as torchrun started this job. Start it "
            "plainly, with: snakemake"
        )
    gpus = torch.cuda.device_count() if gpus is None else gpus
    if gpus and gpus != ranks:
        raise ConfigError(
            f"tune.ranks is {ranks}, but this job sees {gpus} GPUs. Ask for as many as there are "
            "ranks, with gpus under resources.recipe in conf/model, and show the job no others "
            "(CUDA_VISIBLE_DEVICES)"
        )


def run_ranks(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs a launcher to its end and returns its status; SIGTERM is passed on to it.

    A job that was asked to stop ends as it would have without ranks, once they have ended.
    """
    started = subprocess.Popen([*command], env=dict(environment))
    if threading.current_thread() is not threading.main_thread():
        return started.wait()
    asked: list[tuple[Any, ...]] = []

    def pass_on(*how: Any) -> None:
        asked.append(how)
        started.send_signal(signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        status = started.wait()
    finally:
        signal.signal(signal.SIGTERM, before)
    if asked and callable(before):
        before(*asked[0])
    return status
