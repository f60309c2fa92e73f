"""conf/site: where jobs run, with which interpreter, and what they ask a scheduler for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from mirage.plan.schema.types import Count, Name, Positive, Strict, later

Minutes = Annotated[float, Field(gt=0)]
Platform = Literal["detect"] | Annotated[str, StringConstraints(pattern=r"^(cpu|gpu)-[\w.+-]+$")]


class Resources(Strict):
    """What a job needs.

    Attributes:
        gpus: GPUs on each node; 0 hides any there are.
        nodes: Machines; one, until somebody can try several.
        cpus: Cores, if more than the job computes with (to read pictures beside a GPU).
        memory_mb: Memory on each node.
        minutes: How long it probably takes; see ``Site.runtime_factor``.
        disk_mb: What stays in the store, weights above all.
        work_mb: What checkpoints and kept features take besides while it runs.
        per_items: Of a job that answers: items that the minutes are for; of more it takes longer.
    """

    gpus: Count = 0
    nodes: Positive = 1
    cpus: Positive = 1
    memory_mb: Positive
    minutes: Minutes
    disk_mb: Count = later(0)
    work_mb: Count = later(0)
    per_items: Positive | None = later(None)

    def answering(self, items: Iterable[int]) -> Resources:
        """Returns the same for suites of so many items each; they are not read for nothing."""
        if self.per_items is None:
            return self
        times = max(1.0, sum(items) / self.per_items)
        return self.model_copy(update={"minutes": self.minutes * times})

    @field_validator("nodes")
    @classmethod
    def _one_node(cls, value: int) -> int:
        if value > 1:
            raise ValueError(
                "a job on several nodes has never been tried, so it is refused; ask for one node "
                "with more gpus, or tune adapters: tune=lora"
            )
        return value


class Environment(Strict):
    """A Python that runs jobs.

    Attributes:
        command: Words before ``-m mirage``: a python, or a container's command that ends with one.
            Empty for the interpreter that plans.
        packages: Lists in ``envs/`` that say what is installed there.
    """

    command: list[str] = []
    packages: Annotated[list[str], Field(min_length=1)]


class StageSite(Strict):
    """How the jobs of a stage run.

    Attributes:
        environment: One of the site's environments.
        platform: ``detect`` for the class of the machine that plans, or a class; jobs of tune and
            respond alone have one.
        partition: Queue of the scheduler.
        constraint: Which nodes of it, e.g. those of the platform.
        scheduler: Further options for the scheduler, as one would type them.
        resources: What a job needs where its model does not say so; None for tune and respond.
    """

    environment: Name = "local"
    platform: Platform = "detect"
    partition: str | None = None
    constraint: str | None = None
    scheduler: str = ""
    resources: Resources | None = None


class Site(Strict):
    """A site: one machine or cluster.

    Attributes:
        name: The file's own name.
        runtime_factor: A scheduler is asked for this many times the expected minutes.
        least_runtime: But for no less than these minutes, because short jobs wait and read.
        environments: Name -> a Python that runs jobs.
        build: How the jobs of build run; the other stages likewise.
        tune: Of tune.
        respond: Of respond.
        judge: Of judge.
        score: Of score.
        report: Of report.
    """

    name: Name
    environments: dict[Name, Environment]
    runtime_factor: Minutes
    least_runtime: Positive
    build: StageSite
    tune: StageSite
    respond: StageSite
    judge: StageSite
    score: StageSite
    report: StageSite

    @field_validator("environments")
    @classmethod
    def _some(cls, value: dict[str, Environment]) -> dict[str, Environment]:
        if not value:
            raise ValueError("name at least one environment")
        return value

    @model_validator(mode="after")
    def _environments_exist(self) -> Self:
        for stage in ("build", "tune", "respond", "judge", "score", "report"):
            name = self.of(stage).environment
            if self.of(stage).resources is None and stage not in ("tune", "respond"):
                raise ValueError(f"{stage}.resources: say what its jobs need")
            if name not in self.environments:
                known = ", ".join(self.environments)
                raise ValueError(f"{stage}.environment: there is no {name!r}, only {known}")
        return self

    def of(self, stage: str) -> StageSite:
        """Returns how the jobs of a stage run."""
        chosen: StageSite = getattr(self, stage)
        return chosen
