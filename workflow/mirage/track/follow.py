"""Curves in MLflow while models still train, read from their checkpoints in the work folders."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mirage.files import MANIFEST
from mirage.plan.frozen_plan import load as load_plan
from mirage.plan.frozen_plan import plans
from mirage.plan.job import Job
from mirage.track.client import Tracker
from mirage.track.replay import only_writer, replay
from mirage.track.settings import Where

Curves = dict[str, list[tuple[int, float]]]
STATE: Final = "trainer_state.json"
"""What transformers' Trainer writes into each checkpoint; it holds the curve so far."""
SHOWN: Final = ("loss", "learning_rate")


@dataclass
class Tail:
    """The growing curves of a model, and how much of them was sent.

    Attributes:
        job: The job that trains it.
        work: Folder of the job's tries, ``<try>/<phase>/checkpoint-<step>``.
        sent: Phase -> last step that was returned.
    """

    job: Job
    work: Path
    sent: dict[str, int] = field(default_factory=dict)
    run: str | None = None

    def fresh(self) -> Curves:
        """Returns the points that were not returned yet, as ``loss/vision``: see the record.

        A training that was killed goes on from its last checkpoint, so what was read once stays.
        """
        curves: Curves = {}
        for phase, history in self._histories().items():
            name = self.job.settings["recipe"]["name"] if self.job.kind == "recipe" else phase
            rows = [row for row in history if row["step"] > self.sent.get(phase, 0)]
            for row in rows:
                for value in SHOWN:
                    curves.setdefault(f"{value}/{name}", []).append((row["step"], row[value]))
            self.sent[phase] = max([row["step"] for row in rows], default=self.sent.get(phase, 0))
        return curves

    def _histories(self) -> dict[str, list[dict[str, Any]]]:
        """Returns phase -> rows of the curve up to its newest checkpoint, over all tries."""
        histories: dict[str, list[dict[str, Any]]] = {}
        for path in self.work.glob(f"*/*/checkpoint-*/{STATE}"):
            try:
                history = json.loads(path.read_text(encoding="utf-8"))["log_history"]
                rows = [row for row in history if {"step", *SHOWN} <= row.keys()]
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue  # it is being written, or was just replaced by a newer one
            phase = path.parent.parent.name
            histories[phase] = max(histories.get(phase, []), rows, key=len)
        return histories


def follow(
    where: Where,
    study: str | None,
    every: float,
    say: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Shows curves until all models of the last plan are finished, then replays everything.

    Args:
        where: Store and tracking store.
        study: Follow this study's last plan; None for the last plan of the store.
        every: Seconds between two looks.
        say: Told what is followed.
        pause: Waits some seconds; ctrl-C ends the waiting.

    Raises:
        ConnectionError: The tracking store cannot be reached.
    """
    tracker = Tracker(where)
    tracker.check_place()
    tails = [Tail(job, where.store / "work" / job.id) for job in _models(where, study)]
    say(f"track: following {len(tails)} models; ctrl-C stops")
    try:
        while any(not _is_finished(where, tail.job) for tail in tails):
            with tracker.reachable():
                for tail in tails:
                    send(tracker, tail, say)
            pause(every)
    except KeyboardInterrupt:
        say("track: stopped following")
    replay(where, study, say)


def send(tracker: Tracker, tail: Tail, say: Callable[[str], None]) -> None:
    """Sends what is new in one curve; the run stays open for the replay to complete."""
    curves = tail.fresh()
    if not curves:
        return
    if tail.run is None:
        with only_writer(tracker.where.store):
            if tracker.complete(tail.job.id):
                return
            open_runs = tracker.find(artifact=tail.job.id)
            tail.run = (
                str(open_runs[0].info.run_id)
                if open_runs
                else tracker.create_run(tail.job.id, tail.job.name, tail.job.stage)
            )
        say(f"track: {tail.job.name} has a curve")
    tracker.log_curves(tail.run, curves)


def _models(where: Where, study: str | None) -> Iterator[Job]:
    """Yields the models of a plan that are not finished."""
    for path in reversed(plans(where.store)):
        plan = load_plan(path)
        if study in (None, plan.study):
            jobs = plan.jobs.values()
            yield from (j for j in jobs if j.stage == "tune" and not _is_finished(where, j))
            return


def _is_finished(where: Where, job: Job) -> bool:
    return (where.store / job.folder / MANIFEST).is_file()
