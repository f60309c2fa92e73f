"""The job that measures how fast models answer; a run has it only where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mirage.context import ConfigError
from mirage.plan import entries
from mirage.plan.builder import Builder, Source, Trained, plain
from mirage.plan.engines import asked_with, runs_on
from mirage.plan.schema.site import Resources
from mirage.plan.study.resolve import Resolved

KIND = "speed"


def add_speed(
    builder: Builder,
    study: Resolved,
    source: Source,
    models: Sequence[Trained],
    suites: Mapping[str, str],
) -> str:
    """Adds one job that measures some models of the study's first seed, one after the other.

    Args:
        builder: Takes the job.
        study: The study.
        source: Where its pictures lie.
        models: All models of the study.
        suites: Suite -> its folder.

    Returns:
        The job's folder.

    Raises:
        ConfigError: The study has none of the recipes, or not the suite.
    """
    speed = study.respond.speed
    first = [m for m in models if m.card.seed == study.study.seeds[0]]
    # Another way of asking is no other model: its rounds are not what is measured here.
    measured = [m for m in first if m.card.recipe in speed.recipes and not m.mode]
    if not measured:
        raise ConfigError(
            f"respond.speed.recipes: the study {study.study.name} has none of "
            f"{', '.join(speed.recipes)}. See its recipes with: mirage plan"
        )
    if speed.suite not in suites:
        raise ConfigError(
            f"respond.speed.suite: the study {study.study.name} has no suite {speed.suite!r}, "
            f"only {', '.join(suites)}. Choose one: hydra=respond.speed.suite={next(iter(suites))}"
        )
    settings = {key: value for key, value in plain(speed).items() if key != "measure"}
    resources = one_after_the_other([model.resources for model in measured])
    cut = {model.name: model.images["images"] for model in measured if model.images}
    return builder.add(
        stage="respond",
        kind=KIND,
        name=f"{KIND}-{study.study.name}",
        settings={
            "speed": settings,
            **asked_with(study, resources),
            "models": [model.name for model in measured],
            **({"images": cut} if cut else {}),
        },
        parents={
            "model": [model.folder for model in measured],
            "suites": [suites[speed.suite]],
            **source.images,
        },
        threads=study.respond.threads,
        resources=resources,
        entries={
            "backend": entries.resolve("backend", study.respond.backend),
            **{f"{k}/{m.name}": text for m in measured for k, text in m.entries.items()},
        },
        **runs_on(builder, study, measured),
    )


def one_after_the_other(each: Sequence[Resources]) -> Resources:
    """Returns what a job needs that loads several models in turn."""
    return Resources(
        gpus=max(one.gpus for one in each),
        nodes=max(one.nodes for one in each),
        cpus=max(one.cpus for one in each),
        memory_mb=max(one.memory_mb for one in each),
        minutes=sum(one.minutes for one in each),
    )
