"""Where a run stands: what runs, what is done, what failed, and how long the rest may take."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mirage.cli.duration import in_words
from mirage.view.told import JobLog, Told

PRIOR = 0.5
"""Minutes for which the estimate is trusted: so much measured work weighs as much as it does."""
LEAST = 0.05
"""Minutes of a job that no estimate knows (a few seconds)."""
EVERY = 2.0
"""Seconds for which a reckoning of the time left is good: it takes some work with many jobs."""
SLACK = 0.1
"""Share of its estimate that a job still takes once it has run for longer than that."""


@dataclass
class Running:
    """A job that runs, or waits in the queue of a cluster.

    Attributes:
        folder: ``<stage>/<name>-<id>``.
        command: What makes it alone.
        log: Its log.
        since: When it was started, in seconds of the view's clock.
    """

    folder: str
    command: str
    log: JobLog
    since: float

    @property
    def stage(self) -> str:
        """Its stage."""
        return self.folder.partition("/")[0]

    @property
    def name(self) -> str:
        """Its name without the digits of the id."""
        return name_of(self.folder)


@dataclass
class Board:
    """A run as its view shows it; seconds are those of one clock, minutes are work.

    Attributes:
        study: Name of the study.
        minutes: Folder of every job of this run -> estimated minutes.
        span: Gives the minutes that jobs, folder -> minutes, take together on this machine.
        begun: When the run began.
        running: Folder -> job.
        done: Folder -> minutes that it took.
        failed: Folder -> its log.
        last: What ended last, in words.
    """

    study: str
    minutes: Mapping[str, float]
    span: Callable[[Mapping[str, float]], float]
    begun: float
    running: dict[str, Running] = field(default_factory=dict)
    done: dict[str, float] = field(default_factory=dict)
    failed: dict[str, Path] = field(default_factory=dict)
    last: str = ""
    _left: tuple[float, float] = (-math.inf, 0.0)

    @property
    def total(self) -> int:
        """Jobs of this run."""
        return len(self.minutes.keys() | self.done.keys() | self.running.keys())

    def start(self, job: Running) -> None:
        """Notes that a job runs, perhaps once more."""
        self.failed.pop(job.folder, None)
        self.running[job.folder] = job

    def finish(self, folder: str, now: float) -> float:
        """Notes that a job is done and returns its minutes."""
        took = self._took(folder, now)
        self.done[folder] = took
        return took

    def fail(self, folder: str, log: Path, now: float) -> float:
        """Notes that a job failed and returns its minutes."""
        took = self._took(folder, now)
        self.failed[folder] = log
        return took

    def _took(self, folder: str, now: float) -> float:
        job = self.running.pop(folder, None)
        return (now - job.since) / 60 if job else 0.0

    def share(self, now: float) -> float:
        """Returns how much of the work is done, from 0 to 1."""
        scales = self._scales(now)
        left = sum(self._left_of(folder, scales, now) for folder in self._unfinished())
        spent = sum(self.done.values())
        spent += sum((now - job.since) / 60 for job in self.running.values())
        return spent / (spent + left) if spent + left else 1.0

    def minutes_left(self, now: float) -> float:
        """Returns the minutes until the end, as far as this run and the estimates can tell."""
        at, left = self._left
        if now - at > EVERY:
            scales = self._scales(now)
            left = self.span({f: self._left_of(f, scales, now) for f in self._unfinished()})
            self._left = now, left
        return left

    def _unfinished(self) -> list[str]:
        # What failed, and what needs it, does not come in this run.
        return [f for f in self.minutes if f not in self.done and f not in self.failed]

    def _left_of(self, folder: str, scales: Callable[[str], float], now: float) -> float:
        """Minutes that a job still takes: as it says itself, else by its estimate."""
        expected = self._expected(folder) * scales(folder.partition("/")[0])
        job = self.running.get(folder)
        if job is None:
            return expected
        told = job.log.told
        if told.left is not None:
            return told.left / 60
        return max(expected - (now - job.since) / 60, SLACK * expected)

    def _scales(self, now: float) -> Callable[[str], float]:
        """Gives for a stage how much longer its jobs take here than was estimated.

        A stage of which nothing is known yet takes as much longer as the others do.
        """
        measured: dict[str, tuple[float, float]] = {}
        for folder, took in [*self.done.items(), *self._projected(now)]:
            stage = folder.partition("/")[0]
            before = measured.get(stage, (0.0, 0.0))
            measured[stage] = (before[0] + took, before[1] + self._expected(folder))
        spent, expected = (sum(each) for each in zip((0.0, 0.0), *measured.values(), strict=True))
        overall = (PRIOR + spent) / (PRIOR + expected)
        known = {s: (PRIOR * overall + t) / (PRIOR + e) for s, (t, e) in measured.items()}
        return lambda stage: known.get(stage, overall)

    def _projected(self, now: float) -> Iterator[tuple[str, float]]:
        """Minutes of running jobs: as they say themselves; of the overdue, those until now."""
        for job in self.running.values():
            spent, left = (now - job.since) / 60, job.log.told.left
            if left is not None:
                yield job.folder, spent + left / 60
            elif spent > self._expected(job.folder):
                yield job.folder, spent

    def _expected(self, folder: str) -> float:
        return self.minutes.get(folder, LEAST)


def name_of(folder: str) -> str:
    """Returns ``mirage-s0`` for ``tune/mirage-s0-1a2b3c4d``."""
    return folder.partition("/")[2].rpartition("-")[0] or folder.partition("/")[2]


def stands_at(told: Told) -> str:
    """Returns where a job stands in a few words, for a plain line."""
    if not told.total:
        return told.line[:80]
    what = "step" if told.loss else "answer"
    words = [f"{what} {told.done:,} of {told.total:,}"]
    words += [f"loss {told.loss}"] if told.loss else []
    words.append(f"{told.rate:,} tokens/s")
    if told.left is not None:
        words.append(f"{duration(told.left)} left")
    return ", ".join(words)


def duration(seconds: float) -> str:
    """Returns a duration in words: ``44 s``, ``6 min 12 s``, ``2 h 05 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def about(minutes: float) -> str:
    """Returns an estimated time left, as coarse as it is: ``about 9 minutes left``."""
    return f"{in_words(minutes)} left"
