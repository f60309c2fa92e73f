"""What a plan asks for beside minutes: GPU-hours, disk for weights, calls of judges over HTTP."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mirage.judge.cost import estimate_items
from mirage.plan.costs import asked
from mirage.plan.entries import resolve
from mirage.plan.frozen_plan import Frozen
from mirage.plan.job import STAGES
from mirage.plan.schema.judge import OpenAIOptions, openai_options

GB = 1000
SERVING = 0.5e-5
"""GPU-hours of an H100 for a call of two pictures and a billion parameters of a judge served by
vLLM, by arithmetic: a judge of 72 billion takes some 36 for 100,000 calls."""


def expenses(plan: Frozen, todo: Sequence[str]) -> list[str]:
    """Returns a line for each kind of expense that some jobs of a plan have.

    Args:
        plan: The plan.
        todo: Folders of the jobs that would run.
    """
    return [line for kind in (_gpu_hours, _disk, _judges) for line in kind(plan, todo)]


def _gpu_hours(plan: Frozen, todo: Sequence[str]) -> list[str]:
    """By the minutes that conf/model expects; a scheduler is asked for more."""
    hours: dict[str, float] = {}
    count = 0
    for folder in todo:
        job, asks = plan.jobs[folder], plan.resources[folder]
        if gpus := int(asks.get("gpu") or 0):
            hours[job.stage] = hours.get(job.stage, 0.0) + gpus * job.minutes / 60
            count += 1
    if not hours:
        return []
    parts = ", ".join(f"{stage} {hours[stage]:,.1f}" for stage in STAGES if stage in hours)
    total = f"{sum(hours.values()):,.0f} GPU-hours in {count} jobs ({parts})"
    return [f"About {total}, by the minutes that stand in conf/model."]


def _disk(plan: Frozen, todo: Sequence[str]) -> list[str]:
    kept = sum(int(plan.resources[folder].get("disk_mb") or 0) for folder in todo)
    work = max((int(plan.resources[folder].get("work_mb") or 0) for folder in todo), default=0)
    if not kept:
        return []
    beside = f", and {work / GB:,.0f} GB for the work of each job that tunes" if work else ""
    freed = "mirage gc --weights frees what was answered"
    return [f"Disk: {kept / GB:,.0f} GB of weights stay in {plan.store}{beside}; {freed}."]


def _judges(plan: Frozen, todo: Sequence[str]) -> list[str]:
    entry = resolve("judge", "openai")
    items: dict[str, int] = {}
    options = {}
    for folder in todo:
        job = plan.jobs[folder]
        if job.entries.get("judge") == entry:
            name = job.settings["judge"]["name"]
            options[name] = openai_options(name, job.settings["judge"]["options"])
            answers = plan.jobs[job.parents["responses"][0]]
            items[name] = items.get(name, 0) + asked(answers, plan.jobs.get)
    return [
        f"Judge {name}: {estimate_items(count, options[name])}, before any answer was read."
        + _serving(count, options[name])
        for name, count in items.items()
    ]


def _serving(calls: int, options: OpenAIOptions) -> str:
    """What a judge of open weights takes beside the jobs, by the size that its name tells."""
    size = re.search(r"(\d+(?:\.\d+)?)B\b", options.model)
    if not options.revision or size is None:
        return ""
    hours = SERVING * calls * float(size[1])
    return f" Served by yourself: some {hours:,.0f} GPU-hours more." if hours >= 1 else ""
