"""The job that asks models of a study again in other batches; a run has it only where it is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mirage.context import ConfigError
from mirage.plan import entries
from mirage.plan.builder import Builder, Source, Trained
from mirage.plan.engines import asked_with, runs_on
from mirage.plan.schema.respond import RepeatProbe
from mirage.plan.speed_job import one_after_the_other
from mirage.plan.study.resolve import Resolved

KIND = "repeat"


def add_repeat(
    builder: Builder,
    study: Resolved,
    source: Source,
    answered: Sequence[tuple[Trained, str]],
    suites: Mapping[str, str],
) -> str:
    """Adds one job that asks some models of the study's first seed again, one after the other.

    Args:
        builder: Takes the job.
        study: The study, whose respond settings hold a repeat probe.
        source: Where its pictures lie.
        answered: All models of the study, with the folders of their answers.
        suites: Suite -> its folder.

    Returns:
        The job's folder.

    Raises:
        ConfigError: No model of those recipes has answered that suite here.
    """
    probe = study.respond.repeat_probe
    assert probe is not None
    asked = [each for each in answered if _is_asked(builder, study, probe, *each, suites)]
    if not asked:
        raise ConfigError(
            f"respond.repeat_probe: no model of {', '.join(probe.recipes)} answers the suite "
            f"{probe.suite} in the study {study.study.name}. See what it asks with: mirage plan"
        )
    models = [model for model, _ in asked]
    needs = one_after_the_other([model.resources for model in models])
    cut = {model.name: model.images["images"] for model in models if model.images}
    return builder.add(
        stage="respond",
        kind=KIND,
        name=f"{KIND}-{study.study.name}",
        settings={
            KIND: {"items": probe.items, "batch_sizes": probe.batch_sizes},
            **asked_with(study, needs),
            "models": [model.name for model in models],
            **({"images": cut} if cut else {}),
        },
        parents={
            "model": [model.folder for model in models],
            "responses": [folder for _, folder in asked],
            "suites": [suites[probe.suite]],
            **source.images,
        },
        threads=study.respond.threads,
        resources=needs,
        entries={
            "backend": entries.resolve("backend", study.respond.backend),
            **{f"{k}/{m.name}": text for m in models for k, text in m.entries.items()},
        },
        **runs_on(builder, study, models),
    )


def _is_asked(
    builder: Builder,
    study: Resolved,
    probe: RepeatProbe,
    model: Trained,
    answers: str,
    suites: Mapping[str, str],
) -> bool:
    """Committed answers are left out: their weights are not here."""
    return (
        model.card.seed == study.study.seeds[0]
        and model.card.recipe in probe.recipes
        and not model.mode
        and not model.evidence
        and suites.get(probe.suite) in builder.jobs[answers].parents["suites"]
    )
