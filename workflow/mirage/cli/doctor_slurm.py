"""``mirage doctor`` on a cluster: what Slurm must answer before the first job is submitted."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from mirage.cli.finding import Finding, answer
from mirage.plan.job import Job
from mirage.plan.schema.site import Site
from mirage.plan.site import COMPUTING

TOOLS = ("sbatch", "squeue", "scancel", "scontrol", "sinfo", "srun")
LEAST_JOB_AGE = 200
"""Seconds: Snakemake looks after jobs every three minutes at the least (its plugin's own limit)."""


@dataclass(frozen=True)
class Partition:
    """A queue and the largest of its nodes.

    Attributes:
        default: Whether jobs that name none go there.
        cpus: Cores of a node.
        memory_mb: Memory of a node.
        gpus: GPUs of a node.
        minutes: Longest job; infinite where there is no limit.
    """

    default: bool = False
    cpus: int = 0
    memory_mb: int = 0
    gpus: int = 0
    minutes: float = 0


def is_there() -> bool:
    """Tells whether any of Slurm's tools is on the path."""
    return any(shutil.which(tool) for tool in TOOLS)


def reachable() -> list[Finding]:
    """Looks for Slurm's tools, its controller, and what tells how jobs ended."""
    if not is_there():
        return [Finding("ok", "no Slurm here: jobs run on this machine")]
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        return [Finding("broken", f"Slurm without {', '.join(missing)} on PATH: load its module")]
    if answer(["squeue", "--noheader"]) is None:
        text = "the Slurm controller does not answer; even local runs may start 9 s later"
        return [Finding("look", text)]
    findings = [Finding("ok", "Slurm answers: snakemake --profile slurm"), _status_command()]
    if "SLURM_CONF" in os.environ:
        text = (
            "SLURM_CONF is set here, and the plugin's job step does not hand it to srun: where "
            "nodes do not find their configuration without it, jobs end at once with 'DNS SRV "
            "lookup failed'. Ask for /etc/slurm/slurm.conf on the nodes"
        )
        findings.append(Finding("look", text))
    return findings


def _status_command() -> Finding:
    """Which command can tell how a job ended that is no longer in the queue."""
    accounting = answer(["sacct", "--noheader", "--allocations", "--format=JobID"]) is not None
    config = answer(["scontrol", "show", "config"]) or ""
    age = re.search(r"^MinJobAge\s*=\s*(\d+)", config, re.MULTILINE)
    seconds = int(age[1]) if age else 0
    kept, ask = f"squeue keeps ended jobs for {seconds} s", "--slurm-status-command sacct"
    if seconds >= LEAST_JOB_AGE:
        other = f"sacct answers too: {ask} spares the controller" if accounting else "no sacct here"
        return Finding("ok", f"status of jobs: {kept}; {other}")
    if accounting:
        text = f"{kept}, which is too short: snakemake --profile slurm {ask}"
        return Finding("look", text)
    text = (
        f"{kept}, fewer than {LEAST_JOB_AGE}, and sacct does not answer: ended jobs would be taken "
        "for running ones. Ask for MinJobAge=300 in slurm.conf, or for accounting"
    )
    return Finding("broken", text)


def partitions() -> dict[str, Partition]:
    """Returns name -> queue, as sinfo lists them; empty where it does not answer."""
    found: dict[str, Partition] = {}
    for line in (answer(["sinfo", "--noheader", "--format=%P|%c|%m|%G|%l"]) or "").splitlines():
        name, cpus, memory, gres, limit = line.strip().split("|")
        before = found.get(name.rstrip("*"), Partition())
        found[name.rstrip("*")] = Partition(
            default=name.endswith("*"),
            cpus=max(before.cpus, _number(cpus)),
            memory_mb=max(before.memory_mb, _number(memory)),
            gpus=max(before.gpus, _gpus(gres)),
            minutes=max(before.minutes, _minutes(limit)),
        )
    return found


def _number(text: str) -> int:
    """Of ``64`` and of ``64+``."""
    return int(text.rstrip("+") or 0)


def _gpus(gres: str) -> int:
    """Of ``gpu:8``, ``gpu:h100:8(S:0-1)`` and ``gpu:a100:4,gpu:v100:2``."""
    each = re.findall(r"\bgpu(?::[^:,()]+)??(?::(\d+))?(?=[,(]|$)", gres)
    return sum(int(count or 1) for count in each)


def _minutes(limit: str) -> float:
    """Of ``infinite``, ``2-00:00:00``, ``4:00:00`` and ``30:00``."""
    if not re.search(r"\d", limit):
        return inf
    days, _, clock = limit.rpartition("-")
    seconds = 0
    for part in clock.split(":"):
        seconds = 60 * seconds + int(part)
    return int(days or 0) * 24 * 60 + seconds / 60


def queues(site: Site, site_file: str, known: Mapping[str, Partition]) -> list[Finding]:
    """Checks that the partitions exist that a site file names.

    Args:
        site: The site.
        site_file: What it is called, for the sentence.
        known: What ``partitions`` gave.
    """
    findings = []
    for stage in COMPUTING:
        name = site.of(stage).partition
        names = ", ".join(known)
        if name is None:
            default = [each for each, partition in known.items() if partition.default]
            if default:
                findings.append(Finding("ok", f"{stage}: Slurm's default partition, {default[0]}"))
            else:
                text = f"{stage}: no partition is named and Slurm has no default; there are {names}"
                findings.append(Finding("broken", f"{text}. Set {stage}.partition in {site_file}"))
        elif name in known:
            findings.append(Finding("ok", f"{stage}: partition {name}"))
        else:
            text = f"{stage}: there is no partition {name!r}, only {names}"
            findings.append(Finding("broken", f"{text}. Set {stage}.partition in {site_file}"))
    return findings


UNITS = {"gpu": "GPUs", "threads": "cores", "mem_mb": "MB of memory", "runtime": "minutes"}


def fitting(
    jobs: Mapping[str, Job], asked: Mapping[str, Mapping[str, Any]], known: Mapping[str, Partition]
) -> list[Finding]:
    """Checks that a node of its partition has what each job asks for.

    Args:
        jobs: Folder -> job, of those that Slurm would run.
        asked: Folder -> what it asks for, under Snakemake's names.
        known: What ``partitions`` gave.
    """
    kinds: dict[tuple[str, str, tuple[int, ...]], str] = {}
    for folder, job in jobs.items():
        request = asked[folder]
        queue = request["slurm_partition"] or next((n for n, p in known.items() if p.default), "")
        amounts = tuple(int(request[key] or 0) for key in UNITS)
        if queue in known:
            kinds.setdefault((job.stage, queue, amounts), job.name)
    findings = []
    for (stage, queue, amounts), name in kinds.items():
        node = known[queue]
        limits = (node.gpus, node.cpus, node.memory_mb, node.minutes)
        wanted = ", ".join(f"{n:,} {unit}" for n, unit in zip(amounts, UNITS.values(), strict=True))
        over = [
            f"{unit}: {most:,}"
            for amount, most, unit in zip(amounts, limits, UNITS.values(), strict=True)
            if amount > most
        ]
        if over:
            text = (
                f"{stage} {name} asks for {wanted}, and no node of partition {queue} gives more "
                f"than {', '.join(over)}. Name another {stage}.partition in the site file, or ask "
                "for less: resources in conf/model; minutes, runtime_factor in the site file"
            )
            findings.append(Finding("broken", text))
        else:
            findings.append(Finding("ok", f"{stage} {name}: {wanted}; partition {queue} has them"))
    return findings
