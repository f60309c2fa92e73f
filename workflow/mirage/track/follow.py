"""Curves in MLflow while models still train, read from ``curve.jsonl`` in the work folders."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mirage.files import MANIFEST
from mirage.plan.frozen_plan import load as load_plan
from mirage.plan.frozen_plan import plans
from mirage.plan.job import Job
from mirage.track.client import Tracker
from mirage.track.records import CURVE, points
from mirage.track.replay import only_writer, replay
from mirage.track.settings import Where


@dataclass
class Tail:
    """A growing curve file, and how much of it was sent."""

    job: Job
    path: Path
    offset: int = 0
    run: str | None = None

    def fresh(self) -> dict[str, list[tuple[int, float]]]:
        """Returns the points of whole lines that were not read yet; the last line may be growing.

        A file that became shorter was rewound by a resumed training: it is read again from its
        start, and points that were sent already are the same points.
        """
        if not self.path.is_file():
            return {}
        if self.path.stat().st_size < self.offset:
            self.offset = 0
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        return points(whole.decode("utf-8"))


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
    tails = [Tail(job, where.store / "work" / job.id / CURVE) for job in _models(where, study)]
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
