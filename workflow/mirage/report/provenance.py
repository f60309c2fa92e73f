"""Where a report comes from: commit, dates, devices and minutes.

No part of any promise of equal bytes.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mirage.context import DAMAGED
from mirage.plan.artifact import Manifest, lineage
from mirage.plan.job import STAGES, Job
from mirage.plan.plan_files import plans
from mirage.report.render.html import rendered

SERVER = re.compile(r"https?://")
SECRET = re.compile(r"(?<=://)[^/@]*@|\?.*$")
"""Names, passwords and tokens in the address of a server; a link needs none of them."""


@dataclass(frozen=True)
class Tracked:
    """How to look at a report's runs in MLflow.

    Attributes:
        page: Address of the list of experiments on a server; empty for a database.
        command: What opens a database in the browser; empty for a server.
        experiment: MLflow's experiment.
    """

    page: str
    command: str
    experiment: str


def tracked(store: Path, job: Job) -> Tracked | None:
    """Returns where the last plan that holds a report has it tracked; None where no plan is left.

    The address is read here and not by the report itself, whose bytes depend on no machine.
    """
    for path in reversed(plans(store)):
        try:
            plan = json.loads(path.read_text(encoding="utf-8"))
            jobs = {Job.from_json(each).folder for each in plan["jobs"]}
            uri = str(plan["track"]["uri"]).replace("{store}", plan["store"])
            experiment = str(plan["track"]["experiment"])
        except (OSError, *DAMAGED):
            continue  # of an older edition, or damaged: mirage verify tells
        if job.folder in jobs:
            if SERVER.match(uri):
                page = f"{SECRET.sub('', uri).rstrip('/')}/#/experiments"
                return Tracked(page, "", experiment)
            command = f"mlflow ui --backend-store-uri {shlex.quote(uri)}"
            return Tracked("", command, experiment)
    return None


def stage_rows(manifests: Iterable[Manifest]) -> list[dict[str, object]]:
    """Returns jobs, minutes of wall time and of work, and share of start-up, per stage."""
    rows = []
    manifests = list(manifests)
    for stage in STAGES:
        timings = [m.timing for m in manifests if m.stage == stage]
        if timings:
            wall = sum(t.get("wall", 0.0) for t in timings)
            work = sum(t.get("work", 0.0) for t in timings)
            rows.append(
                {
                    "stage": stage,
                    "jobs": len(timings),
                    "wall": f"{wall / 60:.2f}",
                    "work": f"{work / 60:.2f}",
                    "startup": f"{100 * (1 - work / wall):.0f}" if wall else "–",
                }
            )
    return rows


def provenance_page(store: Path, job: Job) -> str:
    """Returns ``provenance.html``; all values are escaped by the template engine."""
    parents = [folder for folders in job.parents.values() for folder in folders]
    manifests = sorted(
        lineage(store, parents).values(), key=lambda m: (STAGES.index(m.stage), m.kind, m.name)
    )
    return rendered(
        "provenance.html",
        (),
        job=job,
        tracked=tracked(store, job),
        stages=stage_rows(manifests),
        facts=_shared_facts(manifests),
        rows=[
            {
                "folder": f"{m.stage}/{m.name}-{m.id[:8]}",
                "kind": m.kind,
                "started": _date(m.timing.get("started")),
                "wall": f"{m.timing.get('wall', 0.0):.1f}",
                "work": f"{m.timing.get('work', 0.0):.1f}",
                "threads": f"{m.timing.get('threads', 1):.0f}",
            }
            for m in manifests
        ],
    )


def _shared_facts(manifests: Sequence[Manifest]) -> list[tuple[str, str]]:
    """Every provenance key with its values; several values mean that artifacts differ in it."""
    values: dict[str, dict[str, dict[str, None]]] = {}
    for manifest in manifests:
        for key, value in sorted(manifest.provenance.items()):
            values.setdefault(key, {}).setdefault(_plain(value), {})[manifest.stage] = None
    return [
        *_platforms(manifests),
        *((key, "; ".join(_of_stages(key, seen))) for key, seen in values.items()),
    ]


def _of_stages(key: str, seen: Mapping[str, Iterable[str]]) -> list[str]:
    """A key's values; commits with the stages that ran them, since a store outlives a commit."""
    if key != "commit":
        return list(seen)
    return [f"{commit} ({', '.join(stages)})" for commit, stages in seen.items()]


def _platforms(manifests: Sequence[Manifest]) -> list[tuple[str, str]]:
    """The platforms of the report, and a warning where weights and answers come from several."""
    names = sorted({m.platform for m in manifests if m.platform})
    warning = " (several: their arithmetic differs, see the notes below tables)"
    return [("platform", "; ".join(names) + (warning if len(names) > 1 else ""))] if names else []


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in sorted(value.items()))
    return str(value)


def _date(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
