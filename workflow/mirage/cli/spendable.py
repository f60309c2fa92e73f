"""Models whose weights nothing needs any more, for ``mirage gc --weights``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mirage.cli.find import read_spec
from mirage.plan.artifact import Manifest
from mirage.plan.frozen_plan import Frozen
from mirage.plan.job import Job
from mirage.plan.spent import reads_weights, weights_there
from mirage.plan.state import finished, manifests


@dataclass(frozen=True)
class Group:
    """A model, and the artifacts that link to its files.

    Attributes:
        folders: Those that link first, then the one that has the files.
        size: Bytes of its weights.
        why: Why they are not needed.
    """

    folders: tuple[str, ...]
    size: int
    why: str

    @property
    def folder(self) -> str:
        """The artifact that has the files."""
        return self.folders[-1]


def spendable(store: Path, kept: Sequence[Frozen], busy: Collection[str]) -> Iterator[Group]:
    """Yields the models of kept plans whose answers, and all else that reads them, are finished.

    Models that lie elsewhere (imported folders are links) and those that a running job reads are
    left alone.

    Args:
        store: Root of all artifacts.
        kept: The plans that count.
        busy: Folders of the artifacts that are being made.
    """
    read = {name: m for name, m in manifests(store) if isinstance(m, Manifest)}
    readers: dict[str, list[Job]] = {}
    for job in [job for plan in kept for job in plan.jobs.values()]:
        for model in reads_weights(job):
            readers.setdefault(model, []).append(job)
    open_now = {model for folder in busy for model in reads_weights(read_spec(store, folder))}
    for folder, made in read.items():
        if made.stage != "tune" or made.same_as:
            continue
        members = [name for name, one in read.items() if one.same_as == folder] + [folder]
        files = weights_there(store / folder, made)
        jobs = {job.folder: job for name in members for job in readers.get(name, [])}
        free = open_now.isdisjoint(members) and not any(file.is_symlink() for file in files)
        if files and jobs and free and all(finished(store / f, job) for f, job in jobs.items()):
            many = sum(job.stage == "respond" for job in jobs.values())
            why = f"weights; {many} set{'s' * (many != 1)} of answers finished"
            size = sum(file.stat().st_size for file in files)
            yield Group(tuple(members), size, why)
