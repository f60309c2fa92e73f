"""Collecting jobs: what they are made from, and the one place that gives them ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mirage.model_card import ModelCard
from mirage.plan.job import Job, identified
from mirage.plan.schema.model import Model
from mirage.plan.schema.types import Strict

MINUTES = {
    ("build", "images"): 0.1,
    ("build", "train"): 0.1,
    ("build", "suite"): 0.1,
    ("tune", "base"): 3.0,
    ("tune", "recipe"): 0.7,
    ("respond", "respond"): 0.4,
    ("respond", "speed"): 0.5,
    ("judge", "judge"): 0.1,
    ("score", "score"): 0.2,
    ("report", "report"): 0.2,
}
"""First guesses per stage and kind; `mirage plan` prefers what finished jobs took."""

Settings = dict[str, Any]
Parents = dict[str, list[str]]
Version = Callable[[str, Mapping[str, str]], str]
"""Stage and entries -> version of the code they reach."""


@dataclass
class Builder:
    """Collects jobs; a job asked for twice is made once."""

    version: Version
    jobs: dict[str, Job] = field(default_factory=dict)

    def add(
        self,
        *,
        stage: str,
        name: str,
        settings: Settings,
        parents: Parents,
        kind: str | None = None,
        threads: int = 1,
        entries: Mapping[str, str] | None = None,
    ) -> str:
        """Adds a job and returns its artifact folder.

        Args:
            stage: The stage that makes it.
            name: Readable first part of the folder.
            settings: Only what decides content.
            parents: Role -> artifact folders; these were added before.
            kind: What the stage makes, if not what the stage is called.
            threads: Cores the job uses.
            entries: What the stage loads, as references (see ``mirage.plan.entries``).
        """
        kind = kind or stage
        folders = [folder for many in parents.values() for folder in many]
        job = identified(
            Job(
                stage=stage,
                kind=kind,
                name=name,
                id="",
                settings=settings,
                parents=parents,
                minutes=MINUTES[stage, kind],
                threads=threads,
                code=self.version(stage, entries or {}),
                entries=dict(entries or {}),
                parent_ids={folder: self.jobs[folder].id for folder in folders},
            )
        )
        self.jobs[job.folder] = job
        return job.folder


@dataclass(frozen=True)
class Trained:
    """A model of the study.

    Attributes:
        folder: Where it lies.
        card: What the tables say about it.
        fit: Name and folder of the suite of its own training items, None for a base.
    """

    folder: str
    card: ModelCard
    fit: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """The model's name, e.g. ``mirage-s0``."""
        return self.card.name


@dataclass(frozen=True)
class Start:
    """What the recipes of one model and seed start from: the base, and the data it was made of."""

    model: Model
    seed: int
    folder: str
    data: str


@dataclass(frozen=True)
class Source:
    """What every data set and suite of a study is made from.

    Attributes:
        world: Settings of the world and of the engine.
        images: Folder of the pictures.
    """

    world: Settings
    images: str


def plain(block: Strict) -> Settings:
    """Returns a block of settings as JSON values."""
    return block.model_dump(mode="json")
