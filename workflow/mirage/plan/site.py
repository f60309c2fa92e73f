"""The site file: read by the plan, carried by the frozen plan, checked by jobs.

Neither plan nor jobs see Snakemake's profile, so what decides an id or an interpreter stands in one
YAML of our own: ``MIRAGE_SITE`` names a file, or an option of ``conf/site`` (default: ``local``).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, suppress
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from mirage.plan.job import Job
from mirage.plan.platform import DETECT, detect
from mirage.plan.schema.site import Resources, Site
from mirage.plan.study.compose import CONF
from mirage.plan.study.problems import PlanError, Problem
from mirage.plan.study.strict_yaml import read_mapping
from mirage.plan.study.validate import check

VARIABLE = "MIRAGE_SITE"
LOCAL = "local"
COMPUTING = ("tune", "respond")
"""Stages whose numbers depend on the machine."""


def read_site(conf: Path = CONF) -> Site:
    """Reads the site file.

    Args:
        conf: The folder ``conf``.

    Raises:
        PlanError: There is none, or it is wrong; says where.
    """
    chosen = os.environ.get(VARIABLE) or LOCAL
    path = Path(chosen)
    if path.suffix not in (".yaml", ".yml"):
        path = conf / "site" / f"{chosen}.yaml"
    if not path.is_file():
        names = ", ".join(sorted(each.stem for each in (conf / "site").glob("*.yaml")))
        text = (
            f"there is no site file {path}. Name a path that ends with .yaml, or one of: {names}."
        )
        raise PlanError([Problem(VARIABLE, "", text)])
    plain, problems = read_mapping(path, str(path))
    site = None
    if not problems:
        site, problems = check(Site, plain, str(path), "site", None)
    if site is None:
        raise PlanError(problems)
    return site


def platform_of(site: Site, stage: str, resources: Resources) -> str | None:
    """Returns the platform class that a job is planned for; None where none decides content.

    Raises:
        ConfigError: A GPU's class is to be detected where there is none.
    """
    if stage not in COMPUTING:
        return None
    chosen = site.of(stage).platform
    return _detected(resources.gpus > 0) if chosen == DETECT else chosen


def hidden_gpus(jobs: Iterable[Job], asked: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Returns a sentence for each kind of job that asks for GPUs and would not see them.

    Args:
        jobs: Of a plan.
        asked: Folder -> what a job asks for, under Snakemake's names.
    """
    found: dict[tuple[str, str], str] = {}
    for job in jobs:
        count, platform = int(asked[job.folder].get("gpu") or 0), job.platform or ""
        if count and platform.startswith("cpu-"):
            text = f"{job.stage} {job.name} asks for {count} GPUs, which {platform} hides from it: "
            text += f"name {job.stage}.platform in the site file, e.g. gpu-sm90"
            found.setdefault((job.stage, platform), text)
    return [*found.values()]


def forgotten(arguments: Sequence[str]) -> list[str]:
    """Returns a warning for a cluster whose jobs are planned for the machine where one types.

    Args:
        arguments: Snakemake's command line; which executor it means, profiles decide as well.
    """
    if (os.environ.get(VARIABLE) or LOCAL) != LOCAL:
        return []
    from snakemake.cli import parse_args

    with suppress(SystemExit), redirect_stderr(StringIO()):  # it names the profiles once more
        if parse_args([*arguments])[1].executor == "slurm":
            return [
                "warning: jobs for Slurm are planned for this machine's platform, since "
                f"{VARIABLE} does not name the cluster's site file. See docs/cluster.md"
            ]
    return []


def scheduling(site: Site, job: Job, resources: Resources) -> dict[str, Any]:
    """Returns what a scheduler must know about a job, under Snakemake's names.

    Values that are None are left to the scheduler's own defaults.
    """
    chosen = site.of(job.stage)
    minutes = max(site.least_runtime, math.ceil(site.runtime_factor * resources.minutes))
    return {
        "threads": max(job.threads, resources.cpus),
        "mem_mb": resources.memory_mb,
        "runtime": minutes,
        "gpu": resources.gpus or None,
        "nodes": resources.nodes if resources.nodes > 1 else None,
        "slurm_partition": chosen.partition,
        "constraint": chosen.constraint,
        "slurm_extra": chosen.scheduler or None,
        "disk_mb": resources.disk_mb or None,
        "work_mb": resources.work_mb or None,
    }


@cache
def _detected(gpus: bool) -> str:
    return detect(gpus=gpus)
