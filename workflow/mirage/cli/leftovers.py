"""What removed artifacts leave elsewhere in a store: copies, notes, and what judges said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mirage.context import ConfigError
from mirage.judge.judging import VERDICTS, Judging
from mirage.plan.chain import CHECKED
from mirage.plan.final import NOTES
from mirage.plan.job import Job
from mirage.plan.state import COPIES


def notes(store: Path, needed: set[str], parents: set[str]) -> Iterator[tuple[Path, str]]:
    """Yields files and folders about artifacts that are not needed, each with why.

    Args:
        store: Root of all artifacts.
        needed: Folders of the artifacts that stay.
        parents: Folders that those were made from. What such a one held stays known when it is
            removed: made again, it must come out the same.
    """
    abouts = {
        COPIES: (needed | parents, "copy of a manifest"),
        CHECKED: (needed, "hashes that were checked"),
        NOTES: (needed, "note of a failed job"),
    }
    for place, (kept, what) in abouts.items():
        for path in sorted((store / place).glob("*/*-????????*")):
            if f"{path.parent.name}/{path.name.removesuffix('.json')}" not in kept:
                yield path, f"{what} that no kept plan needs"


def verdicts(store: Path, jobs: Iterable[Job]) -> Iterator[tuple[Path, str]]:
    """Yields stores of verdicts that none of these jobs reads, each with why.

    Args:
        store: Root of all artifacts.
        jobs: All jobs that may run again.
    """
    read: set[tuple[str, str]] = set()
    unknown: set[str] = set()
    for job in jobs:
        if job.stage == "judge":
            about, entry = job.settings["judge"], job.entries["judge"]
            work, name = store / "work", str(about["name"])
            try:
                judging = Judging.of(name, entry, about["options"], code=job.code, work=work)
            except ConfigError:  # a judge of the user's that is not importable now
                unknown.add(name)
            else:
                read.add((judging.folder.name if judging.folder else "", str(about["model"])))
    for path in sorted((store / "work" / VERDICTS).glob("*-????????/*")):
        judge = path.parent.name
        if (judge, path.name) not in read and judge.rpartition("-")[0] not in unknown:
            yield path, "verdicts that no kept plan needs"
