"""Phases of base training that end where their loss is low enough."""

from __future__ import annotations

import json
import signal

import pytest
import squares
from test_resume import contents, start

from mirage import tune
from mirage.tune.trainer import POINTS


@pytest.mark.real
def test_a_phase_ends_at_its_loss_and_so_does_a_killed_one(world: squares.World) -> None:
    unbroken, killed = (squares.base_job(world, name) for name in ("settles", "settles-killed"))
    for job in (unbroken, killed):
        phases = job.settings["model"]["base"]["phases"]
        low = {"until_loss": 100.0, "schedule": "constant_with_warmup"}
        phases[1] |= low | {"steps": 60}
        phases.append({**phases[0], "name": "settle", "labels": [], "steps": 6})
    tune.run(unbroken)
    curve = [json.loads(line) for line in (unbroken.out / "curve.jsonl").read_text().splitlines()]
    ends = {row["phase"]: row["step"] for row in curve}
    # A point every 2 steps; the phase ends at the first one that has enough of them before it.
    assert ends == {"vision": 8, "joint": 2 * POINTS + 2, "settle": 6}
    rates = [row["learning_rate"] for row in curve if row["phase"] == "joint"]
    assert rates[-1] == max(rates)
    # Killed before the end of the phase, then in the next one: it ended, and is not trained on.
    assert start(killed, "step", 8 + 2 * POINTS) == -signal.SIGKILL
    assert start(killed, "step", 2 + 4) == -signal.SIGKILL
    assert start(killed, "never", 0) == 0
    assert contents(killed.out) == contents(unbroken.out)


def test_a_loss_that_is_never_reached_costs_the_steps_of_the_phase(world: squares.World) -> None:
    job = squares.base_job(world, "never-settles")
    job.settings["model"]["base"]["phases"][1] |= {
        "until_loss": 1e-9, "schedule": "constant_with_warmup", "steps": 24,
    }  # fmt: skip
    tune.run(job)
    last = json.loads((job.out / "curve.jsonl").read_text().splitlines()[-1])
    assert (last["phase"], last["step"]) == ("joint", 24)
