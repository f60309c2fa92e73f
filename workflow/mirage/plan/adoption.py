"""Early cut-off: work that is equal to finished work is not done again.

An id holds the whole history of an artifact: after a refactor of ``build`` every id is another one,
even where each byte of the data stayed. So artifacts also have a *key*: everything in the id, but
with what the parents hold (their payload) in the place of the parents' ids. An unfinished job whose
parents are finished and whose key a finished artifact has is *adopted*: its folder gets a manifest
that names that artifact (``same_as``), and links to its files.

The plan adopts when it is opened, before Snakemake sees any job, parents before children. A job
tries once more when it starts: its parents may have been made since.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mirage.context import DAMAGED
from mirage.contracts import DataError
from mirage.files import MANIFEST, canonical, sha256, sync, write_atomic
from mirage.plan.artifact import Manifest
from mirage.plan.chain import check_children
from mirage.plan.job import Job, content
from mirage.plan.state import artifacts, copy_path

INDEX = "plan/keys.json"
"""What was read from manifests before: two thousand of them are not parsed at each start."""

MEASURED = ("speed", "repeat")
"""Kinds that measure a machine: an earlier measurement is no substitute."""


@dataclass(frozen=True)
class Entry:
    """What the index says of a finished artifact.

    Attributes:
        stamp: Size and time of change of the manifest.
    """

    stamp: list[int]
    id: str
    key: str
    payload: str
    same_as: str | None


def adoption_key(job: Job, payloads: Mapping[str, str]) -> str:
    """Returns the key of a job: jobs with equal keys make equal payloads.

    Args:
        job: The job.
        payloads: Folder of each parent -> digest of what it holds.
    """
    # Stages read parents' names off their folders (a file of verdicts is called like its model).
    parents = {
        role: [[folder.rpartition("-")[0], payloads[folder]] for folder in folders]
        for role, folders in job.parents.items()
    }
    what = [job.stage, job.kind, job.name, content(job), parents, job.code, job.entries]
    return sha256(canonical([*what, job.platform, job.packages]).encode())


def adopt_all(store: Path, jobs: Iterable[Job]) -> list[str]:
    """Adopts what can be adopted, to a fixed point.

    Args:
        store: Root of all artifacts.
        jobs: Jobs of a plan, parents before children: so one pass reaches the fixed point.

    Returns:
        Folders of the artifacts that were adopted.

    Raises:
        DataError: As ``adopt``.
    """
    jobs = list(jobs)
    if all((store / job.folder / MANIFEST).is_file() for job in jobs):
        return []
    index = read_index(store)
    payloads = {job.folder: e.payload for job in jobs if (e := index.get(job.folder)) is not None}
    by_key = _by_key(index)
    adopted = []
    for job in jobs:
        parents = {folder for many in job.parents.values() for folder in many}
        if job.folder in index or not parents <= payloads.keys() or job.kind in MEASURED:
            continue
        target = _target(store, by_key.get(adoption_key(job, payloads)), index)
        if target is not None and _link(store, job, target, payloads):
            payloads[job.folder] = Manifest.read(store / job.folder).payload
            adopted.append(job.folder)
    return adopted


def adopt(store: Path, job: Job, payloads: Mapping[str, str]) -> bool:
    """Adopts one job, whose parents are finished, if an equal artifact is.

    Args:
        store: Root of all artifacts.
        job: The job.
        payloads: Folder of each parent -> digest of what it holds.

    Returns:
        Whether the artifact is now there.

    Raises:
        DataError: Finished artifacts were made from other bytes, before this one was removed.
    """
    if job.kind in MEASURED:
        return False
    index = read_index(store)
    target = _target(store, _by_key(index).get(adoption_key(job, payloads)), index)
    return target is not None and _link(store, job, target, payloads)


def read_index(store: Path) -> dict[str, Entry]:
    """Returns folder -> entry of all finished artifacts; only new or changed manifests are read."""
    path = store / INDEX
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, *DAMAGED):
        known = {}
    index = {}
    for artifact in artifacts(store):
        folder = f"{artifact.parent.name}/{artifact.name}"
        try:
            status = (artifact / MANIFEST).stat()
        except OSError:
            continue
        stamp = [status.st_size, status.st_mtime_ns]
        try:
            if known[folder]["stamp"] == stamp:
                index[folder] = Entry(**known[folder])
                continue
        except (KeyError, TypeError):  # new, or the index was damaged: the manifest decides
            pass
        try:
            made = Manifest.read(artifact)
        except DataError:
            continue
        index[folder] = Entry(stamp, made.id, made.key, made.payload, made.same_as)
    plain = {folder: dataclasses.asdict(entry) for folder, entry in index.items()}
    if plain != known:
        write_atomic(path, canonical(plain))
    return index


def _by_key(index: Mapping[str, Entry]) -> dict[str, str]:
    # Artifacts that were made stand before those that link to them.
    order = sorted(index, key=lambda folder: (index[folder].same_as is None, folder))
    return {index[folder].key: folder for folder in order if index[folder].key}


def _target(store: Path, folder: str | None, index: Mapping[str, Entry]) -> Manifest | None:
    """The manifest of the artifact that holds the files, if they are all there."""
    if folder is None:
        return None
    folder = index[folder].same_as or folder
    try:
        made = Manifest.read(store / folder)
    except DataError:
        return None
    return None if made.same_as or made.problems(store / folder) else made


def _link(store: Path, job: Job, made: Manifest, payloads: Mapping[str, str]) -> bool:
    """Makes the folder of a job of links to another artifact's files, in one step."""
    same_as = f"{made.stage}/{made.name}-{made.id[:8]}"
    if same_as == job.folder:
        return False
    check_children(store, job, made.payload)
    work = store / "work" / f"adopt-{uuid.uuid4().hex}"
    place = store / job.folder
    try:
        for name in made.files.keys() - {*made.spent}:
            link = work / name
            link.parent.mkdir(parents=True, exist_ok=True)
            up = os.path.relpath(store / same_as / name, (place / name).parent)
            link.symlink_to(up)
        dataclasses.replace(
            made,
            id=job.id,
            settings=job.settings,
            parents=job.parents,
            code=job.code,
            entries=job.entries,
            parent_ids=job.parent_ids,
            parent_payloads=_payloads_of(job, payloads),
            same_as=same_as,
        ).write(work)
        place.parent.mkdir(parents=True, exist_ok=True)
        # As publishing does: that a rename onto a full folder fails is the fence.
        work.rename(place)
    except OSError:
        shutil.rmtree(work, ignore_errors=True)
        return False
    sync(place.parent)
    write_atomic(copy_path(store, job.folder), (place / MANIFEST).read_text(encoding="utf-8"))
    return True


def _payloads_of(job: Job, payloads: Mapping[str, str]) -> dict[str, str]:
    return {folder: payloads[folder] for many in job.parents.values() for folder in many}
