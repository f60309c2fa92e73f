"""Weights that nobody needs any more: removed when a person says so, with a mark in the manifest.

The models of a full-scale study take some 16 GB each, and once their answers are finished nothing
reads them. *Spent* is no damage: the manifest keeps sizes and hashes of what was removed. What
needs such weights again ends with a sentence, before anything runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.files import MANIFEST, write_atomic
from mirage.plan.artifact import Manifest
from mirage.plan.job import Job
from mirage.plan.state import copy_path

ENDING = ".safetensors"
ROLES = ("model", "base")
"""Roles of parents whose weights a job reads; the report's ``models`` are looked at, not opened."""
COMMITTED = "committed"
"""Kind of job that lays out committed answers: its model is a record without weights."""


def weights_there(path: Path, manifest: Manifest) -> list[Path]:
    """Returns the files of weights that still lie in an artifact's folder, links among them."""
    files = [path / name for name in manifest.files if name.endswith(ENDING)]
    return [file for file in files if file.is_file() or file.is_symlink()]


def reads_weights(job: Job) -> list[str]:
    """Returns the folders of the models that a job opens."""
    if job.kind == COMMITTED:
        return []
    return [folder for role in ROLES for folder in job.parents.get(role, [])]


def spend(store: Path, folder: str) -> None:
    """Removes an artifact's weights; the mark comes first, so that a kill leaves nothing damaged.

    Args:
        store: Root of all artifacts.
        folder: The artifact, relative to the store.

    Raises:
        DataError: It is not finished.
        OSError: It cannot be written.
    """
    path = store / folder
    made = Manifest.read(path)
    marked = replace(made, spent=sorted(name for name in made.files if name.endswith(ENDING)))
    marked.write(path)
    write_atomic(copy_path(store, folder), (path / MANIFEST).read_text(encoding="utf-8"))
    for file in weights_there(path, made):
        file.unlink()


def check_weights(store: Path, job: Job) -> None:
    """Checks, when a job starts, that the weights it opens are there.

    Raises:
        DataError: They are spent.
    """
    for folder in reads_weights(job):
        if is_spent(store, folder):
            raise DataError(
                f"The weights of {store / folder} are spent (mirage gc --weights), and "
                f"{job.folder} needs them. {remedy(store, [folder])}"
            )


def spent_needed(store: Path, jobs: Mapping[str, Job], todo: Iterable[str]) -> dict[str, str]:
    """Returns the models whose weights a run would need and lacks.

    Args:
        store: Root of all artifacts.
        jobs: Folder -> job of the plan.
        todo: Folders that would be made.

    Returns:
        Folder of a model -> a job that needs it: models that others of them are tuned from, too.
    """
    found: dict[str, str] = {}
    reached = [*todo]
    for folder in reached:
        for model in reads_weights(jobs[folder]):
            if model not in found and is_spent(store, model):
                found[model] = folder
                reached += [model] if model in jobs else []
    return found


def check_plan(store: Path, jobs: Mapping[str, Job], todo: Iterable[str]) -> None:
    """Checks that a run finds the weights it needs, before anything runs.

    Raises:
        ConfigError: Some are spent; the text says which, for what, and how to make them again.
    """
    if lines := spent_lines(store, jobs, todo):
        raise ConfigError("\n  ".join(lines))


def spent_lines(store: Path, jobs: Mapping[str, Job], todo: Iterable[str]) -> list[str]:
    """Returns what a person must know of spent weights that a run needs; nothing if all are there.

    Args:
        store: Root of all artifacts.
        jobs: Folder -> job of the plan.
        todo: Folders that would be made.
    """
    needed = spent_needed(store, jobs, todo)
    if not needed:
        return []
    lines = [f"{job} needs {model}" for model, job in needed.items()]
    head = "Weights that were removed (mirage gc --weights) are needed again:"
    return [head, *lines, remedy(store, list(needed))]


def remedy(store: Path, folders: Iterable[str]) -> str:
    """Returns what to do about spent weights."""
    places = " ".join(str(store / folder) for folder in folders)
    return (
        f"Make the models again: rm -r {places} and then snakemake. What was made from them stays "
        "where they come out byte for byte as before; elsewhere the run says what to remove."
    )


def is_spent(store: Path, folder: str) -> bool:
    """Tells whether an artifact's weights are spent; no, of one that is not finished."""
    try:
        return bool(json.loads((store / folder / MANIFEST).read_bytes()).get("spent"))
    except (OSError, ValueError, AttributeError):
        return False
