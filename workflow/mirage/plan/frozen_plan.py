"""The frozen plan: what the main process wrote down and every other process reads.

Editing ``conf/`` while a run goes on cannot change the run: nested Snakemake processes get the
plan's path in ``MIRAGE_PLAN``, and each job reads its own frozen file.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirage.context import DAMAGED, ConfigError
from mirage.files import MANIFEST, canonical, sha256, write_atomic
from mirage.plan.entries import resolve
from mirage.plan.job import Job
from mirage.plan.plan_files import PLANS

VARIABLE = "MIRAGE_PLAN"
GROWING = ("mem_mb", "runtime")


@dataclass(frozen=True)
class Frozen:
    """A frozen plan.

    Attributes:
        store: Root of all artifacts as given, relative to the working directory or absolute.
        jobs: Artifact folder relative to the store -> job, parents before children.
        resources: Artifact folder -> what a scheduler must know (``threads``, ``mem_mb``,
            ``runtime``, ``gpu``, ...); None where its own default holds.
        environments: Name -> the words that start its Python; none for the one that planned.
        track: The tracking settings.
        extra: A user's folder with options and modules of their own; empty for none.
        experiments: Model -> key of its experiment, by which committed answers are recognised.
        lacking: Seed whose evidence is not used -> a model that it lacks.
    """

    id: str
    study: str
    store: str
    jobs: dict[str, Job]
    resources: dict[str, dict[str, Any]]
    environments: dict[str, list[str]]
    track: dict[str, Any]
    extra: str = ""
    experiments: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the plan lies."""
        return Path(self.store) / PLANS / f"{self.id}.json"

    @property
    def reports(self) -> list[str]:
        """Artifact folders of the reports."""
        return [folder for folder, job in self.jobs.items() if job.stage == "report"]

    @property
    def measurements(self) -> list[str]:
        """Artifact folders of measurements: of times, and of answers that are given again."""
        return [folder for folder, job in self.jobs.items() if job.kind in ("speed", "repeat")]

    def bases(self, made: str) -> list[Job]:
        """Returns the jobs that make bases one way: ``scratch``, ``released`` or ``import``."""
        entry = resolve("base", made)
        bases = [job for job in self.jobs.values() if job.kind == "base"]
        return [job for job in bases if job.entries["base"] == entry]

    @property
    def anew(self) -> list[str]:
        """Lines about seeds whose committed evidence is not used."""
        return [
            f"{seed} is made anew, for its evidence does not hold {name} as it is asked for here"
            for seed, name in self.lacking.items()
        ]

    @property
    def targets(self) -> list[str]:
        """Manifests of the reports and of measured times: what a run is for."""
        return [self.manifest(folder) for folder in (*self.reports, *self.measurements)]

    @property
    def python(self) -> str:
        """The interpreter that rules start; the one that planned."""
        return shlex.quote(sys.executable)

    def manifest(self, folder: str) -> str:
        """Returns the manifest's path of one artifact."""
        return f"{self.store}/{folder}/{MANIFEST}"

    def job(self, stage: str, artifact: str) -> Job:
        """Returns a job by its stage and the last part of its folder.

        Raises:
            ConfigError: The plan has no such job.
        """
        folder = f"{stage}/{artifact}"
        if folder not in self.jobs:
            raise ConfigError(f"The plan {self.path} has no {folder}. See: mirage plan")
        return self.jobs[folder]

    def inputs(self, stage: str, artifact: str) -> list[str]:
        """Returns the manifests of all parents of a job, each once."""
        job = self.job(stage, artifact)
        folders = [folder for many in job.parents.values() for folder in many]
        return [self.manifest(folder) for folder in dict.fromkeys(folders)]

    def command(self, stage: str) -> Callable[[Any], str]:
        """Returns what Snakemake calls for the shell command of a stage's job."""

        def for_job(wildcards: Any) -> str:
            job = self.job(stage, wildcards.artifact)
            words = self.environments[job.environment] or [sys.executable]
            return shlex.join([*words, "-m", "mirage", stage, f"{self.store}/{job.folder}"])

        return for_job

    def asks(self, stage: str, name: str) -> Callable[[Any, int], Any]:
        """Returns what Snakemake calls for a resource of a stage's job.

        Memory and minutes grow with each attempt: too little of them is why most jobs die.
        """

        def for_job(wildcards: Any, attempt: int) -> Any:
            value = self.resources[f"{stage}/{wildcards.artifact}"][name]
            return value * attempt if name in GROWING else value

        return for_job


def assemble(
    *,
    study: str,
    store: str,
    jobs: list[Job],
    resources: Mapping[str, dict[str, Any]],
    environments: Mapping[str, list[str]],
    track: Mapping[str, Any],
    extra: str = "",
    experiments: Mapping[str, str] | None = None,
    lacking: Mapping[int, str] | None = None,
) -> Frozen:
    """Gives a plan its id; nothing is written."""
    body: dict[str, Any] = {"study": study, "store": store, "resources": dict(resources)}
    body |= {"environments": dict(environments), "track": dict(track), "extra": extra}
    plan_id = sha256(canonical([body, [job.to_json() for job in jobs]]).encode())[:16]
    by_folder = {job.folder: job for job in jobs}
    return Frozen(
        id=plan_id,
        jobs=by_folder,
        experiments=dict(experiments or {}),
        lacking={f"s{seed}": name for seed, name in (lacking or {}).items()},
        **body,
    )


def freeze(plan: Frozen, sources: Callable[[Job], dict[str, str]]) -> None:
    """Writes the plan and one file per job; a file that already says the same is left alone.

    Args:
        plan: The plan.
        sources: Gives the files that a job's code version was read from, with their digests.
    """
    store = Path(plan.store)
    for folder, job in plan.jobs.items():
        spec: dict[str, Any] = {"job": job.to_json(), "sources": sources(job), "extra": plan.extra}
        if gpus := plan.resources.get(folder, {}).get("gpu"):
            spec["gpus"] = gpus
        _write_once(job_file(store, folder), spec)
    whole = {f.name: getattr(plan, f.name) for f in dataclasses.fields(plan)}
    _write_once(plan.path, whole | {"jobs": [job.to_json() for job in plan.jobs.values()]})


def load(path: Path) -> Frozen:
    """Reads a frozen plan.

    Raises:
        ConfigError: The file is missing or cannot be read.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        jobs = {job.folder: job for job in map(Job.from_json, plain.pop("jobs"))}
        return Frozen(jobs=jobs, **plain)
    except (OSError, *DAMAGED) as broken:
        raise ConfigError(
            f"The frozen plan {path} cannot be read ({broken}). Remove it, snakemake -n makes "
            f"a new one: rm {shlex.quote(str(path))}"
        ) from None


def job_file(store: Path, folder: str) -> Path:
    """Returns where the frozen file of one job lies."""
    return store / PLANS / "jobs" / f"{folder}.json"


def point_to(folder: Path, link: Path) -> Path:
    """Keeps a link at an artifact folder beside it: ``results/report/quick`` for people.

    Returns:
        The link.
    """
    if not (link.is_symlink() and link.readlink() == Path(folder.name)):
        beside = link.with_name(f".{link.name}.{os.getpid()}.part")
        beside.symlink_to(folder.name)
        beside.replace(link)
    return link


def show_reports(plan: Frozen) -> list[str]:
    """Points ``results/report/<study>`` at a finished report and returns where to look."""
    lines = []
    for folder in plan.reports:
        path = Path(plan.store) / folder
        if (path / MANIFEST).is_file():
            link = point_to(path, path.parent / plan.study)
            lines.append(f"report: {link}/report.html, tables: {link}/tables/")
    for folder in plan.measurements:
        if (Path(plan.store) / folder / MANIFEST).is_file():
            lines.append(f"speed: {plan.store}/{folder}/speed.html")
    return lines


def _write_once(path: Path, value: object) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_atomic(path, text)
    elif path.parent.name == PLANS:
        path.touch()
