"""Killed at any moment and started again, training ends at the very same bytes."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import squares

from mirage import tune
from mirage.context import JobContext
from mirage.tune import checkpoint
from mirage.tune.perform import perform
from mirage.tune.task import Task

DYING = Path(__file__).with_name("dying_job.py")


def start(job: JobContext, moment: str, count: int) -> int:
    """Runs a job in a process of its own and returns how that ended."""
    task = Task.of(job)
    path = job.work / "task.json"
    path.write_text(json.dumps(asdict(task)))
    command = [sys.executable, str(DYING), str(path), moment, str(count)]
    return subprocess.run(command, check=False).returncode


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.real
def test_a_killed_base_ends_at_the_same_bytes(world: squares.World, base: Path) -> None:
    job = squares.base_job(world, "killed-base")
    # 8 steps of vision, 10 of joint, a checkpoint every 4 and at the end of each phase.
    moments = [("step", random.randrange(1, 8)), ("seal", 2), ("write", 2), ("never", 0)]
    print("moments", moments)
    ends = [start(job, *moment) for moment in moments]
    assert ends == [-signal.SIGKILL] * 3 + [0]
    assert contents(job.out) == contents(base)


@pytest.mark.real
def test_a_killed_recipe_ends_at_the_same_bytes(world: squares.World, base: Path) -> None:
    unbroken = squares.recipe_job(world, base, "mirage-unbroken")
    tune.run(unbroken)
    job = squares.recipe_job(world, base, "mirage-unbroken-killed")
    job.settings["recipe"]["name"] = unbroken.settings["recipe"]["name"]
    steps = len(list((unbroken.out / "curve.jsonl").open())) * 2
    kill = random.randrange(5, steps)
    print("killed at step", kill)
    assert start(job, "step", kill) == -signal.SIGKILL
    last = checkpoint.newest(job.work / "recipe")
    assert last is not None and last.name == f"checkpoint-{(kill - 1) // 4 * 4}"
    assert start(job, "write", 1) == -signal.SIGKILL
    # Checkpoints may come at another rhythm, which is no part of the id.
    job.settings["tune"]["checkpoint_every"] = 2
    assert start(job, "never", 0) == 0
    assert contents(job.out) == contents(unbroken.out)
    kept = sorted(path.name for path in (job.work / "recipe").iterdir())
    assert len(kept) == 2 and checkpoint.newest(job.work / "recipe") is not None


def test_a_finished_run_is_not_trained_again(world: squares.World, base: Path) -> None:
    job = squares.recipe_job(world, base, "mirage-twice")
    tune.run(job)
    first = contents(job.out)
    for path in job.out.iterdir():
        path.unlink()
    lines: list[str] = []
    perform(Task.of(job), lines.append)
    assert contents(job.out) == first
    assert [line for line in lines if "goes on from step" in line] and len(lines) == 1
