"""The job in which lmms-eval asks one model all general benchmarks of a study, and marks them."""

from __future__ import annotations

from collections.abc import Mapping

from mirage.context import ConfigError
from mirage.plan.base_jobs import asked_of
from mirage.plan.builder import Builder, Settings, Trained, plain
from mirage.plan.costs import items
from mirage.plan.engines import check_there
from mirage.plan.entries import resolve
from mirage.plan.platform import DETECT
from mirage.plan.schema.suite import LMMS, Suite
from mirage.plan.study.problems import Problem
from mirage.plan.study.resolve import Resolved

KIND = "general"
PACKAGE = "lmms-eval"
ENVIRONMENT = "lmms"
"""Of the site: an interpreter with lmms-eval (envs/lmms.txt)."""

CLASSES = {
    "internvl": "internvl_hf",
    "qwen2_vl": "qwen2_vl",
    "qwen3_vl": "qwen3_vl",
    "llava_onevision": "llava_hf",
}
"""Architecture -> class of lmms-eval that opens such a folder with transformers."""

CUT = {"tiles": "max_patches", "min_pixels": "min_pixels", "max_pixels": "max_pixels"}
"""How a model's pictures are cut -> the argument of those classes."""


def marked_of(study: Resolved, model: Trained) -> dict[str, Suite]:
    """Returns the general benchmarks that a model is asked, by name.

    lmms-eval has its own prompts, so a base that is asked in another way has none of its own.
    """
    asked = asked_of(study, model.card)
    return {s.name: s for s in study.suites if s.kind == LMMS and s.name in asked}


def add_general(
    builder: Builder, study: Resolved, model: Trained, suites: Mapping[str, str]
) -> str | None:
    """Adds a model's job, if it has benchmarks to be asked.

    Args:
        builder: Takes the job.
        study: The study.
        model: The model.
        suites: Suite -> its folder.

    Returns:
        The job's folder.

    Raises:
        ConfigError: No class of lmms-eval is known for the model, or the benchmarks name several.
    """
    marked = marked_of(study, model)
    if not marked or model.mode:
        return None
    environment, folders = _environment(builder), [suites[name] for name in marked]
    return builder.add(
        stage="respond",
        kind=KIND,
        name=f"{KIND}-{model.name}",
        settings={
            "harness": {name: _harness(study, model, suite) for name, suite in marked.items()},
            "threads": study.respond.threads,
        },
        parents={"model": [model.folder], "suites": folders},
        threads=study.respond.threads,
        resources=model.resources.answering(items(builder.jobs[each]) for each in folders),
        packages=[PACKAGE] if environment else [],
        entries={"harness": resolve("harness", LMMS)},
        environment=environment,
    )


def _harness(study: Resolved, model: Trained, suite: Suite) -> Settings:
    """What lmms-eval is asked; pictures are cut as conf/model says, in the words of its classes."""
    (file,) = [each for each in study.models if each.name == model.card.config]
    assert suite.harness is not None  # the schema asks for it
    named = suite.harness.model or CLASSES.get(str(file.architecture))
    if named is None:
        raise ConfigError(
            f"lmms-eval has no class known for models of {file.architecture}. Name one as "
            f"harness.model in conf/suite/{suite.name}.yaml."
        )
    images = model.images.get("images", {})
    cut = {word: images[key] for key, word in CUT.items() if key in images}
    harness = plain(suite.harness)
    limit = {"limit": suite.limit} if suite.limit else {}
    return harness | {"model": named, "arguments": cut | harness["arguments"]} | limit


def _environment(builder: Builder) -> str | None:
    """Returns the site's environment; where it lacks, that is noted, and a plan can be shown."""
    site = builder.site
    chosen = site.environments.get(ENVIRONMENT)
    if chosen is None:
        text = (
            f"the site {site.name!r} has no environment {ENVIRONMENT!r}, in which lmms-eval runs. "
            "Add it to its file, as in conf/site/local.yaml"
        )
        builder.absent.setdefault(text, Problem("respond", "", text))
        return None
    if site.respond.platform == DETECT:
        check_there(builder, ENVIRONMENT, chosen.command)
    return ENVIRONMENT
