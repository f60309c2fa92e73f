"""``mirage plan``: what a command line would run, how long that may take, and why."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from mirage.cli.numbers import whole
from mirage.plan.adoption import adopt_all
from mirage.plan.artifact import Manifest
from mirage.plan.diff import changes
from mirage.plan.frozen_plan import Frozen
from mirage.plan.job import STAGES, Job
from mirage.plan.state import check_artifacts, finished, manifests

History = dict[tuple[str, str], list[Manifest]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "config",
        nargs="*",
        metavar="key=value",
        help='as behind snakemake --config: study=quick seeds=[0,1] hydra="tune.batch_size=32"',
    )
    parser.add_argument("--jobs", action="store_true", help="also list jobs that are finished")
    parser.add_argument(
        "--cores", type=whole(1), default=os.cpu_count() or 1, help="for the estimate"
    )


def run(options: argparse.Namespace) -> int:
    """Prints the plan."""
    from mirage.plan.dag import make_plan
    from mirage.plan.study.options import from_words

    plan, _ = make_plan(from_words(options.config))
    check_artifacts(Path(plan.store), plan.jobs.values())
    adopt_all(Path(plan.store), plan.jobs.values())
    history = read_history(Path(plan.store))
    todo = to_run(plan)
    minutes = {folder: estimate(plan.jobs[folder], history) for folder in todo}
    lines = [*describe(plan), ""]
    for folder, job in plan.jobs.items():
        if folder in todo:
            why = reason(job, history)
            lines.append(f"  run   {minutes[folder]:5.1f} min  {folder:<46} {why}")
        elif options.jobs:
            lines.append(f"  done             {folder}")
    total = span(plan, minutes, options.cores)
    lines += ["", f"{len(todo)} of {len(plan.jobs)} jobs would run"]
    lines[-1] += f", about {total:.1f} minutes on {options.cores} cores." if todo else "."
    print("\n".join(lines))
    return 0


def describe(plan: Frozen) -> list[str]:
    """Returns the experiments of a plan, one line each."""
    asked = ("respond", "committed")
    models = [job for job in plan.jobs.values() if job.kind in asked]
    counts = Counter(job.stage for job in plan.jobs.values())
    stages = ", ".join(f"{counts[stage]} {stage}" for stage in STAGES)
    head = f"study {plan.study}, plan {plan.id}: {len(models)} models, {len(plan.jobs)} jobs"
    lines = [f"{head} ({stages})"]
    for job in models:
        suites = job.settings["suites"]
        lines.append(f"  {job.name:<28} answers {len(suites):>2} suites: {', '.join(suites)}")
    if committed := sum(job.kind == "committed" for job in models):
        lines.append(f"  answers are committed (evidence/): {committed} of {len(models)} models")
    lines += [f"  {line}" for line in plan.anew]
    for made, words in {"released": "imported (bases/)", "scratch": "trained here"}.items():
        if names := ", ".join(job.name for job in plan.bases(made)):
            lines.append(f"  bases {words}: {names}")
    for folder in plan.measurements:
        names = ", ".join(plan.jobs[folder].settings["models"])
        lines.append(f"  {plan.jobs[folder].name:<28} measures how fast they answer: {names}")
    return lines


def to_run(plan: Frozen) -> list[str]:
    """Returns the folders that Snakemake would make: missing ones that a missing one needs."""
    store = Path(plan.store)
    missing = {folder for folder, job in plan.jobs.items() if not finished(store / folder, job)}
    wanted = [f for f in (*plan.reports, *plan.measurements) if f in missing]
    found: set[str] = set()
    while wanted:
        folder = wanted.pop()
        if folder not in found:
            found.add(folder)
            parents = [p for many in plan.jobs[folder].parents.values() for p in many]
            wanted += [parent for parent in parents if parent in missing]
    return [folder for folder in plan.jobs if folder in found]


def read_history(store: Path) -> History:
    """Returns (stage, kind) -> manifests of finished artifacts, oldest first."""
    history: History = {}
    for _, manifest in manifests(store):
        if isinstance(manifest, Manifest):
            history.setdefault((manifest.stage, manifest.kind), []).append(manifest)
        else:
            print(f"warning: {manifest}", file=sys.stderr)
    for made in history.values():
        made.sort(key=lambda m: m.timing.get("started", 0))
    return history


def estimate(job: Job, history: History) -> float:
    """Returns minutes: what the same model took last time, the median of its kind, or a guess."""
    made = history.get((job.stage, job.kind), [])
    same = [m.timing["wall"] / 60 for m in made if m.name == job.name]
    if same:
        return same[-1]
    return statistics.median(m.timing["wall"] / 60 for m in made) if made else job.minutes


def reason(job: Job, history: History) -> str:
    """Returns why a job would run, in a few words."""
    before = [m for m in history.get((job.stage, job.kind), []) if m.name == job.name]
    if not before:
        return "new"
    lines = changes(before[-1], job)
    parents = [line for line in lines if line.startswith("parent ")]
    own = [line for line in lines if line not in parents]
    if own:
        return "; ".join(own[:2]) + (f"; {len(own) - 2} more changes" if len(own) > 2 else "")
    return "a parent changed: " + ", ".join(line.split(":")[0][7:] for line in parents)


def span(plan: Frozen, minutes: Mapping[str, float], cores: int) -> float:
    """Returns the estimated minutes: the longest chain, or all work spread over the cores."""
    ends: dict[str, float] = {}
    for folder, job in plan.jobs.items():
        before = [ends[p] for many in job.parents.values() for p in many]
        ends[folder] = max(before, default=0.0) + minutes.get(folder, 0.0)
    work = sum(m * min(plan.jobs[f].threads, cores) for f, m in minutes.items())
    return max([work / cores, *ends.values()])
