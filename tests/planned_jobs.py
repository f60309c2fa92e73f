"""The jobs of a resolved study, under made-up versions of the code."""

from __future__ import annotations

from collections.abc import Mapping

from mirage.plan.job import STAGES, Job
from mirage.plan.jobs import plan_jobs
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.site import read_site
from mirage.plan.study.resolve import Resolved


def jobs_of(study: Resolved, versions: Mapping[str, str] | None = None) -> dict[str, Job]:
    """Returns ``<stage>/<name>`` -> job; stages without a version have the same one."""
    codes = dict.fromkeys(STAGES, "v") | dict(versions or {})
    # What is not on this machine (weights, vLLM) does not matter to what is planned.
    built = plan_jobs(study, lambda stage, _: codes[stage], read_site(), Rehearsal())
    return {f"{job.stage}/{job.name}": job for job in built.jobs.values()}
