"""What lies in an artifact's folder: nothing, the finished artifact, or something damaged.

Snakemake only looks whether a manifest exists. So whoever opens a plan asks here first, and stops
with what to remove, before Snakemake takes a damaged artifact for a finished one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.files import MANIFEST
from mirage.plan.artifact import Manifest
from mirage.plan.job import STAGES, Job
from mirage.plan.plan_files import PLANS

COPIES = "plan/manifests"
"""Copies of published manifests. Snakemake deletes the output of a job that failed, also when the
artifact was finished by another run meanwhile; from here it comes back. They also tell what an
artifact held that was removed since."""
SHOWN = 5


def finished(folder: Path, job: Job) -> bool:
    """Tells whether the artifact is there, is this job's, and has all its files in their sizes."""
    return (folder / MANIFEST).is_file() and not damage(folder, job)


def damage(folder: Path, job: Job) -> list[str]:
    """Returns why a folder is neither free nor the finished artifact of a job.

    Returns:
        One sentence per problem; none for a missing or empty folder and for the finished artifact.
    """
    if not (folder / MANIFEST).is_file():
        free = not folder.is_dir() or not any(folder.iterdir())
        return [] if free else [f"{folder} holds files but no {MANIFEST}."]
    try:
        manifest = Manifest.read(folder)
    except DataError as broken:
        return [str(broken)]
    if manifest.id != job.id:
        return [f"{folder} is another artifact: its id is {manifest.id}, not {job.id}."]
    return manifest.problems(folder)


def check_artifacts(store: Path, jobs: Iterable[Job]) -> None:
    """Checks all artifacts of a plan by the sizes of their files; puts lost manifests back.

    Raises:
        ConfigError: Damaged artifacts, each with the command that removes it.
    """
    lines = []
    for job in jobs:
        folder = store / job.folder
        if damage(folder, job):
            restore(store, job)
        if problems := damage(folder, job):
            lines.append(f"{problems[0]} Remove it: rm -r {folder}")
    if lines:
        more = [f"and {len(lines) - SHOWN} more; see: mirage verify {store}"]
        shown = lines[:SHOWN] + (more if len(lines) > SHOWN else [])
        raise ConfigError(
            "Damaged artifacts, which Snakemake would take for finished ones:\n  "
            + "\n  ".join(shown)
        )


def to_make(store: Path, jobs: Mapping[str, Job], targets: Iterable[str]) -> list[str]:
    """Returns the folders that Snakemake would make: missing ones that a missing one needs.

    Args:
        store: Root of all artifacts.
        jobs: Folder -> job of a plan, parents before children.
        targets: Folders that are wanted.
    """
    missing = {folder for folder, job in jobs.items() if not finished(store / folder, job)}
    wanted = [folder for folder in targets if folder in missing]
    found: set[str] = set()
    while wanted:
        folder = wanted.pop()
        if folder not in found:
            found.add(folder)
            parents = [p for many in jobs[folder].parents.values() for p in many]
            wanted += [parent for parent in parents if parent in missing]
    return [folder for folder in jobs if folder in found]


def restore(store: Path, job: Job) -> None:
    """Puts back the manifest of an artifact whose files are all there, if only that was deleted."""
    folder = store / job.folder
    if (folder / MANIFEST).exists() or not folder.is_dir():
        return
    manifest = published_before(store, job.folder)
    if manifest is not None and manifest.id == job.id and not manifest.problems(folder):
        manifest.write(folder)


def check_store(store: Path) -> None:
    """Checks that a folder is a store: every plan leaves a folder ``plan`` in it.

    Raises:
        ConfigError: No such folder, or not a store.
    """
    if not store.is_dir():
        raise ConfigError(
            f"There is no store {store}. A run makes one (snakemake); or name another with: "
            "--store <folder>"
        )
    if not (store / PLANS).is_dir():
        raise ConfigError(
            f"{store} is no store: it has no folder {PLANS}. Name one with: --store <folder>"
        )


def copy_path(store: Path, folder: str) -> Path:
    """Returns where the copy of an artifact's manifest lies."""
    return store / COPIES / f"{folder}.json"


def published_before(store: Path, folder: str) -> Manifest | None:
    """Returns the manifest of an artifact when it was published last, from the copy."""
    try:
        return Manifest.load(copy_path(store, folder))
    except DataError:
        return None


def artifacts(store: Path) -> Iterator[Path]:
    """Yields the folders of all artifacts of a store, finished or not, stage by stage."""
    for stage in STAGES:
        for path in sorted((store / stage).glob("*-????????")):
            if path.is_dir() and not path.is_symlink():
                yield path


def manifests(store: Path) -> Iterator[tuple[str, Manifest | DataError]]:
    """Yields folder, relative to the store, and manifest of all finished artifacts of a store.

    An error stands in the place of a manifest that cannot be read.
    """
    for path in artifacts(store):
        if (path / MANIFEST).is_file():
            folder = f"{path.parent.name}/{path.name}"
            try:
                yield folder, Manifest.read(path)
            except DataError as broken:
                yield folder, broken
