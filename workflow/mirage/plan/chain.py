"""The chain of artifacts: a job reads only the very parents that it was planned on.

Ids and sizes are checked always. Hashes are checked once per state of the files (sizes and times
of change), remembered beside the plans, so that a large checkpoint is not read again by each child.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mirage.contracts import DataError
from mirage.files import canonical, sha256
from mirage.plan.artifact import Manifest
from mirage.plan.job import Job
from mirage.plan.state import manifests, published_before
from mirage.stores import TokenStore

CHECKED = "plan/checked"
"""Artifact -> states of its files whose hashes were right."""


def check_parents(store: Path, job: Job) -> dict[str, str]:
    """Checks that every parent is finished, is the planned one, and holds what it was made with.

    Returns:
        Folder of each parent -> digest of its payload.

    Raises:
        DataError: A parent that is missing, unfinished, damaged, or another one than planned.
    """
    payloads = {}
    for folder in dict.fromkeys(f for many in job.parents.values() for f in many):
        path = store / folder
        manifest = Manifest.read(path)
        planned = job.parent_ids[folder]
        if manifest.id != planned:
            raise DataError(
                f"{path} is another artifact than planned: its id is {manifest.id}, not "
                f"{planned}. Remove {path} and run snakemake again."
            )
        problems = manifest.problems(path) or _hash_problems(store, folder, manifest)
        if problems:
            raise DataError(f"{' '.join(problems[:3])} Remove {path} and run snakemake again.")
        payloads[folder] = manifest.payload
    return payloads


def _hash_problems(store: Path, folder: str, manifest: Manifest) -> list[str]:
    known = TokenStore(store / CHECKED / folder)
    there = {n: want for n, want in manifest.files.items() if n not in manifest.spent}
    status = {name: (store / folder / name).stat() for name in there}
    files = [
        [name, status[name].st_size, status[name].st_mtime_ns, want["sha256"]]
        for name, want in there.items()
    ]
    state = sha256(canonical(files).encode())
    if state in known.load():
        return []
    problems = manifest.problems(store / folder, hashes=True)
    if not problems:
        known.append([{"key": state}])
    return problems


def check_children(store: Path, job: Job, payload: str) -> None:
    """Checks that an artifact made again is what its finished children were made from.

    Args:
        store: Root of all artifacts.
        job: The job whose artifact is about to be published.
        payload: Digest of what it now holds.

    Raises:
        DataError: Other bytes than before, and finished artifacts that were made from those.
    """
    before = published_before(store, job.folder)
    if before is None or before.payload == payload:
        return
    stale = [
        folder
        for folder, manifest in manifests(store)
        if isinstance(manifest, Manifest)
        and manifest.parent_payloads.get(job.folder, payload) != payload
    ]
    if stale:
        raise DataError(
            f"{job.folder} was made again and came out different; {len(stale)} finished artifacts, "
            f"{stale[0]} among them, were made from what it held before. It is not published. "
            f"Remove what descends from it with: mirage gc --with-children {store / job.folder}"
        )


def descendants(folder: str, parents: Mapping[str, Iterable[str]]) -> list[str]:
    """Returns an artifact and all that was made from it, parents before children.

    Args:
        folder: The artifact, relative to the store.
        parents: Artifact folder -> folders of its parents.
    """
    reached = [folder]
    for each in reached:
        reached += [
            child for child, many in parents.items() if each in many and child not in reached
        ]
    return reached
