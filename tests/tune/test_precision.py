"""The same settings mean the same arithmetic on every CPU: what differs is the order of sums."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import squares

from mirage.context import JobContext
from mirage.tune.task import Task

CAPPED = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
"""What makes kernels choose as on a machine without AVX-512 and AMX."""


def losses(job: JobContext, environment: dict[str, str]) -> list[float]:
    """Trains in a process of its own and returns the losses, step by step."""
    script = Path(__file__).with_name("losses_of_job.py")
    plain = {key: value for key, value in os.environ.items() if key not in CAPPED}
    job.settings["tune"]["log_every"] = 1
    task = job.work / "task.json"
    task.write_text(json.dumps(vars(Task.of(job))))
    ran = subprocess.run(
        [sys.executable, str(script), str(task)],
        env=plain | {"OMP_NUM_THREADS": "1"} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    found: list[float] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.real
def test_losses_are_equal_under_two_instruction_sets(world: squares.World, base: Path) -> None:
    job = squares.recipe_job(world, base, "mirage-precision", epochs=1)
    here, capped = losses(job, {}), losses(job, CAPPED)
    assert len(here) > 4 and here[-1] != here[0]
    # Factors rounded to bfloat16 would differ by about 3e-3.
    assert capped == pytest.approx(here, abs=2e-5)
