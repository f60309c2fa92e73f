"""``mirage plan``: what a command line would run, how long that may take, and why."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mirage.cli.duration import each_takes, in_words
from mirage.cli.expenses import expenses
from mirage.cli.numbers import whole
from mirage.cli.pretrained import pretrained_lines
from mirage.plan.adoption import adopt_all
from mirage.plan.artifact import Manifest
from mirage.plan.diff import changes
from mirage.plan.frozen_plan import Frozen
from mirage.plan.job import STAGES, Job
from mirage.plan.minutes import Estimates, estimates, seedless, span
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.site import hidden_gpus
from mirage.plan.spent import spent_lines
from mirage.plan.state import check_artifacts, manifests, to_make

KINDS = {
    "images": "pictures",
    "train": "data to train on",
    "suite": "suites",
    "base": "bases",
    "recipe": "recipes, tuned on their bases",
    "record": "records of training, from evidence/",
    "respond": "models answer their suites",
    "committed": "answers, from evidence/",
    "speed": "how fast models answer",
    "repeat": "whether models say the same again",
    "general": "general benchmarks, by lmms-eval",
    "judge": "answers are judged",
    "model": "rates of a model",
    "study": "what compares models",
    "report": "tables, figures, PDF and HTML",
}
"""Kind of job -> what it makes, for people."""

BASES = {"released": "bases, imported", "import": "bases, imported", "scratch": "bases, trained"}
LISTED = 12
"""Models that are listed before the rest is counted."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "config",
        nargs="*",
        metavar="key=value",
        help='as behind snakemake --config: study=quick seeds=[0,1] hydra="tune.batch_size=32"; '
        "--study quick is read too",
    )
    parser.add_argument("--jobs", action="store_true", help="list every job, finished ones too")
    parser.add_argument(
        "--cores",
        type=whole(1),
        default=os.cpu_count() or 1,
        help="of the run whose minutes are estimated (default: all of this machine)",
    )
    parser.add_argument(
        "--measure", action="store_true", help="measure anew how fast this machine is"
    )


def run(options: argparse.Namespace) -> int:
    """Prints the plan."""
    from mirage.plan.dag import make_plan
    from mirage.plan.study.options import from_words

    rehearsal = Rehearsal()
    plan, _ = make_plan(from_words(options.config), rehearsal)
    store = Path(plan.store)
    check_artifacts(store, plan.jobs.values())
    adopt_all(store, plan.jobs.values())
    made = read_made(store)
    todo = to_run(plan)
    known = estimates(plan, options.cores, folders=todo, made=made, again=options.measure)
    reasons = {folder: reason(plan.jobs[folder], made.values()) for folder in todo}
    lines = [*describe(plan, None if options.jobs else LISTED), ""]
    if options.jobs:
        lines += listed(plan, known.minutes, reasons)
    else:
        lines += folded(plan, known.minutes, reasons)
    lines += ["", *total(plan, todo, known, options.cores)]
    lines += expenses(plan, todo)
    lines += hidden_gpus((plan.jobs[folder] for folder in todo), plan.resources)
    if missing := rehearsal.lines():
        lines += missing
    elif spent := spent_lines(store, plan.jobs, todo):
        lines += spent
    elif todo:
        typed = shlex.join(options.config)
        lines.append("Start with: snakemake" + (f" --config {typed}" if typed else ""))
    print("\n".join(lines))
    return 0


def describe(plan: Frozen, most: int | None = None) -> list[str]:
    """Returns the experiments of a plan: its models, a line for those that differ by seed alone.

    Args:
        plan: The plan.
        most: Lines of models before the rest is counted; None for all.
    """
    asked = ("respond", "committed")
    models = [job for job in plan.jobs.values() if job.kind in asked]
    counts = Counter(job.stage for job in plan.jobs.values())
    stages = ", ".join(f"{counts[stage]} {stage}" for stage in STAGES)
    head = f"study {plan.study}, plan {plan.id}: {len(models)} models, {len(plan.jobs)} jobs"
    lines = [f"{head} ({stages})"]
    groups: dict[tuple[str, str], list[str]] = {}
    for job in models:
        recipe = str(seedless(job.name))
        groups.setdefault((recipe, _suites(job)), []).append(job.name[len(recipe) + 1 :])
    width = max((len(recipe) for recipe, _ in [*groups][:most]), default=0)
    for (recipe, suites), seeds in list(groups.items())[:most]:
        lines.append(f"  {recipe:<{width}}  {' '.join(seeds)}  answers {suites}")
    if left := len(groups) - len([*groups][:most]):
        lines.append(f"  and {left} more (all: mirage plan ... --jobs)")
    if committed := sum(job.kind == "committed" for job in models):
        lines.append(f"  answers are committed (evidence/): {committed} of {len(models)} models")
    lines += [f"  {line}" for line in plan.anew]
    for how, words in {"released": "imported (bases/)", "scratch": "trained here"}.items():
        if names := ", ".join(job.name for job in plan.bases(how)):
            lines.append(f"  bases {words}: {names}")
    lines += [f"  {line}" for line in pretrained_lines(plan.jobs)]
    for folder in plan.measurements:
        names, job = ", ".join(plan.jobs[folder].settings["models"]), plan.jobs[folder]
        what = "how fast they answer" if job.kind == "speed" else "whether they say the same again"
        lines.append(f"  {job.name:<28} measures {what}: {names}")
    return lines


def _suites(job: Job) -> str:
    """Returns what a model answers: suites, and perhaps its own training items."""
    suites = [suite for suite in job.settings["suites"] if not suite.startswith("fit_")]
    own = len(suites) < len(job.settings["suites"])
    return ", ".join(suites) + (" and its own training items" if own else "")


def to_run(plan: Frozen) -> list[str]:
    """Returns the folders that Snakemake would make."""
    return to_make(Path(plan.store), plan.jobs, (*plan.reports, *plan.measurements))


def read_made(store: Path) -> dict[str, Manifest]:
    """Returns folder -> manifest of all finished artifacts of a store, oldest first."""
    made = {}
    for folder, manifest in manifests(store):
        if isinstance(manifest, Manifest):
            made[folder] = manifest
        else:
            print(f"warning: {manifest}", file=sys.stderr)
    return dict(sorted(made.items(), key=lambda item: item[1].timing.get("started", 0)))


def reason(job: Job, made: Iterable[Manifest]) -> str:
    """Returns why a job would run, in a few words."""
    same = (job.stage, job.kind, job.name)
    before = [each for each in made if (each.stage, each.kind, each.name) == same]
    if not before:
        return "new"
    lines = changes(before[-1], job)
    parents = [line for line in lines if line.startswith("parent ")]
    own = [line for line in lines if line not in parents]
    if own:
        return "; ".join(own[:2]) + (f"; {len(own) - 2} more changes" if len(own) > 2 else "")
    return "a parent changed: " + ", ".join(line.split(":")[0][7:] for line in parents)


def listed(plan: Frozen, minutes: Mapping[str, float], reasons: Mapping[str, str]) -> list[str]:
    """Returns every job, a line each."""
    lines = []
    for folder in plan.jobs:
        if folder not in reasons:
            lines.append(f"  {'done':<20} {folder}")
        else:
            takes = each_takes([minutes[folder]] if folder in minutes else [])
            lines.append(f"  run, {takes:<15} {folder:<46} {reasons[folder]}")
    return lines


def folded(plan: Frozen, minutes: Mapping[str, float], reasons: Mapping[str, str]) -> list[str]:
    """Returns the jobs that would run, a line for those of a kind that run for the same reason."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    made = {job.folder: how for how in BASES for job in plan.bases(how)}
    for folder, why in reasons.items():
        job = plan.jobs[folder]
        what = BASES[made[folder]] if folder in made else KINDS.get(job.kind, job.kind)
        groups.setdefault((job.stage, what, why), []).append(folder)
    lines = []
    for (stage, what, why), folders in groups.items():
        times = [minutes[folder] for folder in folders if folder in minutes]
        lines.append(f"{len(folders):5} x {stage:<8} {what:<36} {each_takes(times):<20} {why}")
    return lines


def total(plan: Frozen, todo: Sequence[str], known: Estimates, cores: int) -> list[str]:
    """Returns how many jobs would run, how long they take, and how that is known."""
    line = f"{len(todo)} of {len(plan.jobs)} jobs would run"
    if not todo:
        return [f"{line}: all is finished."]
    unknown = Counter(
        f"{plan.jobs[f].stage} on {plan.jobs[f].platform or 'this machine'}" for f in known.unknown
    )
    lines = [
        line
        + ("." if unknown else f", {in_words(span(plan, known.minutes, cores))} on {cores} cores.")
    ]
    if unknown:
        names = ", ".join(f"{count} x {name}" for name, count in unknown.items())
        lines.append(
            f"No estimate of the whole: nothing is known yet about how long these take: {names}. "
            "Once one of them has finished here, this says more."
        )
        if known.jobs:
            others = span(plan, known.minutes, cores)
            lines.append(f"The others take {in_words(others)} on {cores} cores.")
    return [*lines, *basis(known, cores)]


def basis(known: Estimates, cores: int) -> list[str]:
    """Returns where the minutes come from."""
    counts = Counter(each.basis for each in known.jobs.values())
    parts = []
    if counts["before"]:
        parts.append(f"what the same jobs took before ({counts['before']} of {len(known.jobs)})")
    if counts["alike"]:
        parts.append("samples, steps and answers, as fast as finished jobs of their kind were")
    if counts["measured"] and known.speed and known.speed.factor:
        when = "just now" if known.speed.now else "before (mirage plan --measure: anew)"
        parts.append(
            f"samples, steps and answers, at the speed of this machine, measured {when}: "
            f"this machine needs {known.speed.factor:.1f} times as long as the one the estimates "
            "were made on"
        )
    elif counts["measured"]:
        parts.append(
            "samples, steps and answers, at the speed of the machine the estimates were made on"
        )
    lines = ["The minutes come from " + "; from ".join(parts) + "."] if parts else []
    if (load := os.getloadavg()[0]) > cores / 2 and known.jobs:
        lines.append(f"Other work keeps this machine busy (load {load:.1f}): it will take longer.")
    return lines
