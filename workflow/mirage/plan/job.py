"""A job and what its stage gets to see; nothing here imports more than the standard library."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STAGES = ("build", "tune", "respond", "judge", "score", "report")


class ConfigError(ValueError):
    """Settings or a command line that cannot run; the text says what, where and what to do."""


@dataclass(frozen=True)
class Job:
    """One artifact to make.

    Attributes:
        stage: One of ``STAGES``.
        kind: What the stage makes: ``images|train|suite`` (build), ``base|recipe`` (tune), else
            the stage's own name.
        name: Readable first part of the folder, e.g. ``mirage-s0``.
        id: sha256 (hex) over stage, kind, name, settings, parents and the stage's code version.
        settings: Only what decides content.
        parents: Role -> artifact folders relative to the store.
        minutes: Estimate for ``mirage plan``; no part of the id.
        threads: Cores the job uses; where this decides content it stands in ``settings`` too.
    """

    stage: str
    kind: str
    name: str
    id: str
    settings: dict[str, Any]
    parents: dict[str, list[str]]
    minutes: float = 0.1
    threads: int = 1

    @property
    def folder(self) -> str:
        """The artifact's folder relative to the store: ``<stage>/<name>-<first 8 of id>``."""
        return f"{self.stage}/{self.name}-{self.id[:8]}"

    def to_json(self) -> dict[str, Any]:
        """Returns the job as plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Job:
        """Reads what ``to_json`` gave."""
        return cls(**{f.name: plain[f.name] for f in dataclasses.fields(cls)})


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
        work: Scratch folder that outlives a kill: checkpoints, partial answers.
        out: What is put here becomes the artifact. It may hold files of a killed try.
        clock: Filled by ``work_clock``.
    """

    job: Job
    store: Path
    work: Path
    out: Path
    clock: WorkClock = field(default_factory=WorkClock)

    @property
    def settings(self) -> dict[str, Any]:
        """The job's settings."""
        return self.job.settings

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

    def log(self, text: str) -> None:
        """Writes one plain line to stderr, which is the job's log."""
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def work_clock(self) -> Iterator[None]:
        """Counts the time inside as the stage's work (call it after the heavy imports)."""
        start = time.perf_counter()
        if self.clock.first is None:
            self.clock.first = start
        try:
            yield
        finally:
            self.clock.seconds += time.perf_counter() - start
