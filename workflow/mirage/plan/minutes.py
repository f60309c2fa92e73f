"""How many minutes the jobs of a plan take that are not finished.

What the same job took before, on this platform, comes first. Else the counts of its work
(``mirage.plan.costs``) times how much slower than the machine of reference this one is: as finished
jobs of the kind in this store were, or as a short measurement says.
"""

from __future__ import annotations

import heapq
import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from mirage.files import canonical
from mirage.plan.artifact import Manifest
from mirage.plan.costs import Find, Made, seconds
from mirage.plan.frozen_plan import Frozen
from mirage.plan.job import Job
from mirage.plan.machine_speed import Speed, machine_speed
from mirage.plan.platform import detect
from mirage.plan.state import finished, manifests

Basis = Literal["before", "alike", "measured"]
ENOUGH: Final = 3
"""Finished jobs of a kind that say more about this machine than the measurement does."""
WORTH_MEASURING: Final = 1.0
"""Minutes of counted work below which this machine is taken for that of reference."""
PRIORITY: Final = {"tune": 20, "respond": 10}
"""As in workflow/rules: what Snakemake starts first."""


@dataclass(frozen=True)
class Estimate:
    """What a job probably takes.

    Attributes:
        minutes: Of its own process.
        basis: ``before``: the same job took so long; ``alike``: its counts, as fast as finished
            jobs of its kind; ``measured``: its counts, as fast as this machine was measured.
    """

    minutes: float
    basis: Basis


@dataclass(frozen=True)
class Estimates:
    """What is known about the jobs that are not finished.

    Attributes:
        jobs: Folder -> estimate; a job of which nothing can be said is missing.
        unknown: Folders of these.
        speed: The measurement, None if it was not needed.
    """

    jobs: dict[str, Estimate]
    unknown: list[str]
    speed: Speed | None

    @property
    def minutes(self) -> dict[str, float]:
        """Folder -> minutes."""
        return {folder: each.minutes for folder, each in self.jobs.items()}


def minutes_of(plan: Frozen, cores: int = 2) -> dict[str, float]:
    """Returns folder -> minutes of the jobs that are not finished.

    A job of which nothing can be said, on a GPU say, is missing.

    Args:
        plan: The plan.
        cores: How many cores the run may use: side by side, jobs are slower.
    """
    return estimates(plan, cores).minutes


def estimates(
    plan: Frozen,
    cores: int,
    *,
    folders: Iterable[str] | None = None,
    made: Mapping[str, Manifest] | None = None,
    again: bool = False,
) -> Estimates:
    """Returns what is known about jobs.

    Args:
        plan: The plan.
        cores: How many cores the run may use.
        folders: The jobs; all that are not finished if not given.
        made: Folder -> manifest of the finished artifacts of the store, read if not given.
        again: Whether to measure the machine even if its speed is known.
    """
    store = Path(plan.store)
    if made is None:
        made = {f: m for f, m in manifests(store) if isinstance(m, Manifest)}
    if folders is None:
        folders = [f for f, job in plan.jobs.items() if not finished(store / f, job)]
    finder = partial(_find, plan.jobs, made)
    before, ratios = _history(made.values(), finder)
    here = detect()
    jobs: dict[str, Estimate] = {}
    counted: dict[str, float] = {}
    unknown = []
    for folder in folders:
        job = plan.jobs[folder]
        reference = seconds(job, finder)
        known = ratios.get(_kind(job), [])
        if walls := before.get(_alike(job, finder)):
            jobs[folder] = Estimate(statistics.median(walls) / 60, "before")
        elif reference is None:
            unknown.append(folder)
        elif len(known) >= ENOUGH:
            jobs[folder] = Estimate(reference * statistics.median(known) / 60, "alike")
        elif job.platform in (None, here):
            counted[folder] = reference / 60
        else:
            unknown.append(folder)
    speed = None
    if again or sum(counted.values()) > WORTH_MEASURING:
        speed = machine_speed(store, cores, again=again)
    factor = speed.factor if speed and speed.factor else 1.0
    jobs |= {f: Estimate(minutes * factor, "measured") for f, minutes in counted.items()}
    return Estimates(jobs, unknown, speed)


def _find(jobs: Mapping[str, Job], made: Mapping[str, Manifest], folder: str) -> Made | None:
    return jobs.get(folder) or made.get(folder)


def span(plan: Frozen, minutes: Mapping[str, float], cores: int) -> float:
    """Returns the minutes of a run as Snakemake does it: what is ready, by priority, on free cores.

    Args:
        plan: The plan.
        minutes: Folder -> minutes of the jobs that would run.
        cores: How many cores it has.
    """
    children: dict[str, list[str]] = {folder: [] for folder in minutes}
    waits = dict.fromkeys(minutes, 0)
    for folder in minutes:
        for parent in {p for many in plan.jobs[folder].parents.values() for p in many}:
            if parent in waits:
                children[parent].append(folder)
                waits[folder] += 1
    ready = [folder for folder, count in waits.items() if not count]
    running: list[tuple[float, str]] = []
    free, now = cores, 0.0
    while ready or running:
        ready.sort(key=lambda folder: -PRIORITY.get(plan.jobs[folder].stage, 0))
        for folder in [*ready]:
            if (threads := min(plan.jobs[folder].threads, cores)) <= free:
                free -= threads
                ready.remove(folder)
                heapq.heappush(running, (now + minutes[folder], folder))
        now, ended = heapq.heappop(running)
        free += min(plan.jobs[ended].threads, cores)
        for child in children[ended]:
            waits[child] -= 1
            if not waits[child]:
                ready.append(child)
    return now


def _history(
    made: Iterable[Manifest], find: Find
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Returns what the same job took, and how each kind compares with the machine of reference."""
    before: dict[str, list[float]] = {}
    ratios: dict[str, list[float]] = {}
    for manifest in made:
        wall = manifest.timing.get("wall")
        if not wall or manifest.same_as is not None:  # a link to another's files took no time
            continue
        before.setdefault(_alike(manifest, find), []).append(wall)
        if reference := seconds(manifest, find):
            ratios.setdefault(_kind(manifest), []).append(wall / reference)
    return before, ratios


def _kind(made: Made) -> str:
    return f"{made.stage} {made.kind} {made.platform} {made.settings.get('threads')}"


def _alike(made: Made, find: Find) -> str:
    """What jobs share that take equally long: all settings, of their data too, but the seed."""
    parents = [find(f) for role in ("data", "suites") for f in made.parents.get(role, [])]
    about = [_settings(each) for each in parents if each is not None]
    return canonical([_kind(made), seedless(made.name), _settings(made), about])


def _settings(made: Made) -> Any:
    return seedless({key: value for key, value in made.settings.items() if key != "seed"})


def seedless(value: Any) -> Any:
    """Returns names without their seed (``mirage-s0``, ``fit_mirage_s0``), also inside settings."""
    if isinstance(value, str):
        return re.sub(r"[-_]s\d+$", "", value)
    if isinstance(value, Mapping):
        return {key: seedless(each) for key, each in value.items()}
    return [seedless(each) for each in value] if isinstance(value, list) else value
