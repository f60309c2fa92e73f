"""Collecting jobs: what they are made from, and the one place that gives them ids."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mirage.context import ConfigError
from mirage.evidence import Evidence
from mirage.model_card import ModelCard
from mirage.plan.absent import AbsentError
from mirage.plan.job import Job, identified
from mirage.plan.packages import check_present, numeric_packages
from mirage.plan.platform import DETECT
from mirage.plan.schema.site import Resources, Site
from mirage.plan.schema.types import Strict
from mirage.plan.site import platform_of, scheduling
from mirage.plan.study.problems import Problem

T = TypeVar("T")
Settings = dict[str, Any]
Parents = dict[str, list[str]]
Version = Callable[[str, Mapping[str, str]], str]
"""Stage and entries -> version of the code they reach."""


@dataclass
class Builder:
    """Collects jobs; a job asked for twice is made once.

    Attributes:
        version: Gives the version of a job's code.
        site: Where jobs run.
        requests: Folder -> what a scheduler must know.
        jobs: Folder -> job, parents before children.
        problems: Sentence -> the problem, with the first job that has it.
        absent: The same for what is only not on this machine.
        experiments: Model -> key of its experiment, see ``mirage.plan.committed``.
        lacking: Seed -> a model that its committed evidence does not hold as it is asked for.
    """

    version: Version
    site: Site
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    absent: dict[str, Problem] = field(default_factory=dict)
    experiments: dict[str, str] = field(default_factory=dict)
    lacking: dict[int, str] = field(default_factory=dict)

    def platform(self, folder: str) -> str | None:
        """Returns the platform that computed what a job leaves, here or before it was committed."""
        job = self.jobs[folder]
        return job.platform or job.settings.get("platform")

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
        resources: Resources | None = None,
        packages: Sequence[str] = (),
        external: Mapping[str, str] | None = None,
        computes: bool = True,
        environment: str | None = None,
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
            resources: What it needs; the site's for its stage if not given.
            packages: Numeric packages beside those that its stage always computes with.
            external: Digest of content outside the store -> where it lies.
            computes: Whether it calculates, so that machine and packages decide what it makes; a
                job that only brings files makes the same everywhere.
            environment: Of the site, that runs it; the one of its stage if not given.
        """
        kind = kind or stage
        stage_site = self.site.of(stage)

        def tried(make: Callable[[], T], instead: T) -> T:
            try:
                return make()
            except ConfigError as wrong:
                where = self.absent if isinstance(wrong, AbsentError) else self.problems
                where.setdefault(str(wrong), Problem(f"{stage} {name}", "", str(wrong)))
                return instead

        resources = resources or stage_site.resources
        assert resources is not None, stage  # the site's schema asks for it
        gpus = resources.gpus
        if stage_site.platform == DETECT and computes:
            tried(lambda: _check_threads(threads, gpus), None)
        where = environment or stage_site.environment
        lists = self.site.environments[where].packages
        if not self.site.environments[where].command:
            tried(lambda: check_present(packages, lists), None)
        folders = [folder for many in parents.values() for folder in many]
        job = identified(
            Job(
                stage=stage,
                kind=kind,
                name=name,
                id="",
                settings=settings,
                parents=parents,
                minutes=resources.minutes,
                threads=threads,
                code=tried(lambda: self.version(stage, entries or {}), ""),
                entries=dict(entries or {}),
                parent_ids={folder: self.jobs[folder].id for folder in folders},
                platform=tried(lambda: platform_of(self.site, stage, resources), None)
                if computes
                else None,
                packages=tried(lambda: numeric_packages(stage, lists, packages), {})
                if computes
                else {},
                environment=where,
                external=dict(external or {}),
            )
        )
        self.jobs[job.folder] = job
        self.requests[job.folder] = scheduling(self.site, job, resources)
        return job.folder


def _check_threads(threads: int, gpus: int) -> None:
    """Checks that a job which runs on this machine has a core for every thread.

    Threads without cores make training tens of times slower, and their number decides the id.

    Raises:
        AbsentError: It has not, and the job is for a machine with GPUs.
        ConfigError: It has not.
    """
    cores = os.cpu_count() or 1
    if threads > cores:
        raise (AbsentError if gpus else ConfigError)(
            f"would compute with {threads} threads, but this machine has {cores} cores. Set "
            f"tune.threads, tune.ranks, respond.threads or model.base.threads to {cores} or less, "
            "or name the machine it is for in conf/site."
        )


@dataclass(frozen=True)
class Trained:
    """A model of the study.

    Attributes:
        folder: Where it lies.
        card: What the tables say about it.
        resources: What it needs to answer.
        entries: What opens it: ``family`` and ``encoding``.
        fit: Name and folder of the suite of its own training items, None for a base.
        mode: How a recipe without training asks its base, as settings; None for all others.
        evidence: Its committed answers, if they are to be used.
        images: ``{"images": ...}`` where pictures are not cut as its folder says, else empty.
    """

    folder: str
    card: ModelCard
    resources: Resources
    entries: dict[str, str]
    fit: tuple[str, str] | None = None
    evidence: Evidence | None = None
    mode: Settings | None = None
    images: Settings = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model's name, e.g. ``mirage-s0``."""
        return self.card.name


@dataclass(frozen=True)
class Source:
    """What every data set and suite of a study is made from.

    Attributes:
        world: Settings of the world.
        images: Role of the world's pictures -> their folder; empty where no job needs them.
    """

    world: Settings
    images: Parents


def plain(block: Strict) -> Settings:
    """Returns a block of settings as JSON values."""
    return block.model_dump(mode="json")
