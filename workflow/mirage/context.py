"""What a stage's ``run(ctx)`` gets: settings, parents, entries, and where to write.

On the ground floor and on the standard library alone: every stage imports this module, so a change
here changes the code version of every artifact.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirage.contracts import DataError
from mirage.files import MANIFEST

if TYPE_CHECKING:
    from mirage.plan.job import Job


DAMAGED = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What a damaged file of JSON may raise: no text, no JSON, too deep, keys or values of others."""


class ConfigError(ValueError):
    """Settings or a command line that cannot run; the text says what, where and what to do."""


def load_entry(reference: str) -> Callable[..., Any]:
    """Imports what a reference ``package.module:function`` names.

    Raises:
        ConfigError: No such form, no such module, or nothing of that name in it.
    """
    module, colon, name = reference.partition(":")
    if not (module and colon and name):
        raise ConfigError(f"{reference!r} is not of the form package.module:function.")
    try:
        value = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as missing:
        raise ConfigError(
            f"{reference!r} cannot be imported: there is no module {missing.name!r}. Put its "
            "folder on PYTHONPATH or give it with: snakemake --config extra=<folder>"
        ) from None
    except AttributeError:
        raise ConfigError(f"{reference!r}: {module} has no {name!r}.") from None
    if not callable(value):
        raise ConfigError(f"{reference!r} is no function and no class.")
    return value  # type: ignore[no-any-return]


@dataclass
class WorkClock:
    """Seconds spent inside a stage's own work, imports left out."""

    seconds: float = 0.0
    first: float | None = None


@dataclass(frozen=True)
class JobContext:
    """What a stage's ``run(ctx)`` gets.

    Attributes:
        job: The job.
        store: Root of all artifacts, absolute.
        work: Scratch folder of this try alone; what the next one can use (checkpoints) outlives a
            kill.
        out: What is put here becomes the artifact; empty at first.
        clock: Filled by ``work_clock``.
        earlier: Work folder of each earlier try at this job -> whether that try is known to have
            ended. One that has not may still be written by a process that only stalls.
        check: Called once, when the heavy imports are done and the work begins; raises where the
            libraries compute in another way than planned.
    """

    job: Job
    store: Path
    work: Path
    out: Path
    clock: WorkClock = field(default_factory=WorkClock)
    earlier: Mapping[Path, bool] = field(default_factory=dict)
    check: Callable[[], None] = lambda: None

    @property
    def settings(self) -> dict[str, Any]:
        """The job's settings."""
        return self.job.settings

    def entry(self, group: str, name: str | None = None) -> Callable[..., Any]:
        """Imports and returns what the plan chose for a group, e.g. the job's ``judge``.

        Args:
            group: A group of ``mirage.plan.entries``.
            name: Which one, where a job has several of a group.

        Raises:
            ConfigError: The job has no such entry, or it cannot be imported.
        """
        key = group if name is None else f"{group}/{name}"
        if key not in self.job.entries:
            raise ConfigError(
                f"{self.job.folder} has no entry {key!r}, only {sorted(self.job.entries)}. "
                "See: mirage show " + self.job.folder
            )
        return load_entry(self.job.entries[key])

    def external(self, digest: str) -> Path:
        """Returns where content outside the store lies, by the digest that the settings hold.

        Raises:
            ConfigError: The plan did not say.
        """
        if digest not in self.job.external:
            raise ConfigError(
                f"{self.job.folder} does not say where {digest[:8]} lies. Plan again: snakemake"
            )
        return Path(self.job.external[digest])

    def parents(self, role: str) -> list[Path]:
        """Returns the absolute artifact folders of one role, in the plan's order.

        Raises:
            ConfigError: The job has no such role.
        """
        if role not in self.job.parents:
            raise ConfigError(
                f"{self.job.folder} has no parent {role!r}, only {sorted(self.job.parents)}. "
                "See: mirage show " + self.job.folder
            )
        return [self.store / folder for folder in self.job.parents[role]]

    def parent(self, role: str) -> Path:
        """Returns the one artifact folder of a role.

        Raises:
            ConfigError: No such role, or more than one folder.
        """
        folders = self.parents(role)
        if len(folders) != 1:
            raise ConfigError(
                f"{self.job.folder} has {len(folders)} parents {role!r} where one is expected. "
                "See: mirage show " + self.job.folder
            )
        return folders[0]

    @property
    def images(self) -> Path | None:
        """Folder of the household world's pictures; None where all data bring their own."""
        return self.parent("images") if "images" in self.job.parents else None

    def parent_payload(self, role: str) -> str:
        """Returns the digest of what the one parent of a role holds, curves and records left out.

        Equal weights have equal digests, whatever ids they were made under.

        Raises:
            ConfigError: No such role, or more than one folder.
            DataError: The parent is not finished, or its manifest has no digest.
        """
        return payload_of(self.parent(role))

    def log(self, text: str) -> None:
        """Writes one plain line to stderr, which is the job's log."""
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def work_clock(self) -> Iterator[None]:
        """Counts the time inside as the stage's work (call it after the heavy imports)."""
        start = time.perf_counter()
        if self.clock.first is None:
            self.check()
            self.clock.first = start
        try:
            yield
        finally:
            self.clock.seconds += time.perf_counter() - start


def payload_of(folder: Path) -> str:
    """Returns the digest of a finished artifact's payload.

    Raises:
        DataError: The artifact is not finished, or its manifest has no digest.
    """
    path = folder / MANIFEST
    try:
        payload: str = json.loads(path.read_text(encoding="utf-8"))["payload"]
        bytes.fromhex(payload)
        return payload
    except (OSError, *DAMAGED) as broken:
        raise DataError(
            f"{path} has no digest of what the artifact holds ({broken}). "
            f"Remove {folder} and run snakemake again."
        ) from None
