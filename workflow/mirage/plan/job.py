"""A job: one artifact to make, and the identity of that artifact."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mirage.files import canonical, sha256

STAGES = ("build", "tune", "respond", "judge", "score", "report")


@dataclass(frozen=True)
class Job:
    """One artifact to make.

    Attributes:
        stage: One of ``STAGES``.
        kind: What the stage makes: ``images|train|suite`` (build), ``base|recipe`` (tune), else
            the stage's own name.
        name: Readable first part of the folder, e.g. ``mirage-s0``.
        id: sha256 (hex) over all that decides the content, see ``job_id``.
        settings: Only what decides content, but for ``UNCOUNTED``.
        parents: Role -> artifact folders relative to the store.
        minutes: What its resources say, for schedulers; no part of the id. What ``mirage plan``
            shows is counted and measured (``mirage.plan.minutes``).
        threads: Cores the job uses; where this decides content it stands in ``settings`` too.
        code: Version of the code that the stage and the entries reach.
        entries: Group, or group/name -> ``package.module:function``: what the plan chose from the
            tables of ``mirage.plan.entries``.
        platform: Class of machine whose arithmetic decides the content; None where none does.
        packages: Numeric package -> pinned version, where they decide the content.
        parent_ids: Folder of each parent -> its full id.
        environment: Name of the environment (site file) that runs the job; no part of the id.
        external: Digest of content outside the store, as the settings hold it -> where it lies; a
            path is no part of the id.
    """

    stage: str
    kind: str
    name: str
    id: str
    settings: dict[str, Any]
    parents: dict[str, list[str]]
    minutes: float = 0.1
    threads: int = 1
    code: str = ""
    entries: dict[str, str] = field(default_factory=dict)
    platform: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    parent_ids: dict[str, str] = field(default_factory=dict)
    environment: str = "local"
    external: dict[str, str] = field(default_factory=dict)

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


UNCOUNTED = ("checkpoint_every", "checkpoint_minutes", "longest_first", "loaders", "wait_minutes")
"""Settings of training that decide no content: an ended run goes on exactly, from any step, what is
tried before the first one leaves no trace, who reads pictures is all the same, and so is how long
ranks wait for each other."""


def content(job: Job) -> dict[str, Any]:
    """Returns the settings that decide the content: all but the rhythm of checkpoints."""

    def counted(settings: dict[str, Any]) -> dict[str, Any]:
        return {
            key: counted(value) if isinstance(value, dict) else value
            for key, value in settings.items()
            if key not in UNCOUNTED
        }

    return counted(job.settings) if job.stage == "tune" else job.settings


def job_id(job: Job) -> str:
    """Returns the identity of a job's artifact: 64 hex digits over all that decides its content.

    The name counts because stages write it into files (one verdict file per model name). Parents
    count by role and full id; the eight digits in a folder's name are for people.
    """
    parents = {
        role: [job.parent_ids[folder] for folder in folders]
        for role, folders in job.parents.items()
    }
    what = [job.stage, job.kind, job.name, content(job), parents, job.code, job.entries]
    return sha256(canonical([*what, job.platform, job.packages]).encode())


def identified(job: Job) -> Job:
    """Returns the job with the id that its content gives."""
    return dataclasses.replace(job, id=job_id(job))
