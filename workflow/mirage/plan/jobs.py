"""Experiments become jobs: one pure function from a resolved study to the list of artifacts.

Each job gets exactly the settings that decide its content, so a changed key changes the ids of the
jobs it reaches and of no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mirage.plan.artifact import artifact_id
from mirage.plan.job import Job
from mirage.plan.resolve import BASE, Recipes, Resolved
from mirage.plan.schema.base import Strict
from mirage.plan.schema.model import Model
from mirage.plan.schema.suite import Suite

MINUTES = {
    ("build", "images"): 0.1,
    ("build", "train"): 0.1,
    ("build", "suite"): 0.1,
    ("tune", "base"): 3.0,
    ("tune", "recipe"): 0.7,
    ("respond", "respond"): 0.4,
    ("judge", "judge"): 0.1,
    ("score", "score"): 0.2,
    ("report", "report"): 0.2,
}
"""First guesses per stage and kind; `mirage plan` prefers what finished jobs took."""

Settings = dict[str, Any]
Parents = dict[str, list[str]]


@dataclass
class Builder:
    """Collects jobs; a job asked for twice is made once."""

    codes: Mapping[str, str]
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
    ) -> str:
        """Adds a job and returns its artifact folder."""
        kind = kind or stage
        key = artifact_id(
            stage=stage,
            kind=kind,
            name=name,
            settings=settings,
            parents=parents,
            code=self.codes[stage],
        )
        minutes = MINUTES[stage, kind]
        job = Job(stage, kind, name, key, settings, parents, minutes, threads)
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
    card: Settings
    fit: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """The model's name, e.g. ``mirage-s0``."""
        return str(self.card["name"])


@dataclass(frozen=True)
class Source:
    """What every data set and suite of a study is made from.

    Attributes:
        world: Settings of the world and of the engine.
        images: Folder of the pictures.
    """

    world: Settings
    images: str


def plan_jobs(study: Resolved, codes: Mapping[str, str]) -> list[Job]:
    """Returns every job of a study, parents before children.

    Args:
        study: The validated study.
        codes: Stage -> version of its code.
    """
    builder = Builder(codes)
    world = {"world": plain(study.world), "engine": plain(study.engine)}
    settings = {"kind": "images", **world}
    images = builder.add(stage="build", kind="images", name="images", settings=settings, parents={})
    source = Source(world, images)
    suites = {s.name: _suite(builder, study, source, plain(s)) for s in study.suites}
    models = [
        made
        for model in study.models
        for seed in study.study.seeds
        for made in _models(builder, study, source, model, seed)
    ]
    answers = [_respond(builder, study, source, model, suites) for model in models]
    own = {made.fit[0]: made.fit[1] for made in models if made.fit}
    _conclude(builder, study, source, (models, answers, suites | own))
    return list(builder.jobs.values())


def plain(block: Strict) -> Settings:
    """Returns a block of settings as JSON values."""
    return block.model_dump(mode="json")


def model_name(recipe: str, model: Model, seed: int) -> str:
    """Returns ``<recipe>-s<seed>``, with the model's tag between where it has one."""
    return "-".join([recipe, *([model.tag] if model.tag else []), f"s{seed}"])


def answers_suite(suite: Suite, card: Settings) -> bool:
    """Tells whether a model answers a suite."""
    if suite.models == "all":
        return not card["helper"]
    return card["recipe"] in suite.models


def _sizes(study: Resolved, kind: str) -> Settings:
    """The part of conf/build that a data set of this kind depends on: ``base``, ``fit``, ``suite``.

    Keys say by their first word whom they are for; the rest is for suites.
    """
    sizes = {key: value for key, value in plain(study.build).items() if key != "name"}
    owners = {key: key.split("_")[0] for key in sizes}
    return {
        key: value
        for key, value in sizes.items()
        if (owners[key] if owners[key] in ("base", "fit") else "suite") == kind
    }


def _suite(builder: Builder, study: Resolved, source: Source, suite: Settings) -> str:
    return builder.add(
        stage="build",
        kind="suite",
        name=suite["name"],
        settings={
            "kind": "suite",
            **source.world,
            "suite": suite,
            "build": _sizes(study, "suite"),
        },
        parents={"images": [source.images]},
    )


def _fit_suite(
    builder: Builder, study: Resolved, source: Source, name: str, data: str
) -> tuple[str, str]:
    """The suite on which a recipe's own label class is checked: some of its training items."""
    # Item ids start with the suite's name and must be unique over seeds as well.
    suite: Settings = {
        "name": f"fit_{name.replace('-', '_')}",
        "title": f"training items of {name}",
    }
    folder = builder.add(
        stage="build",
        kind="suite",
        name=f"fit_{name}",
        settings={
            "kind": "suite",
            **source.world,
            "suite": suite | {"kind": "fit"},
            "build": _sizes(study, "fit"),
        },
        parents={"images": [source.images], "data": [data]},
    )
    return suite["name"], folder


def _train_data(builder: Builder, source: Source, recipe: str, seed: int, more: Settings) -> str:
    return builder.add(
        stage="build",
        kind="train",
        name=f"{recipe}-s{seed}",
        settings={"kind": "train", **source.world, **more, "seed": seed},
        parents={"images": [source.images]},
    )


def _models(
    builder: Builder, study: Resolved, source: Source, model: Model, seed: int
) -> list[Trained]:
    mix = {"recipe": {"name": BASE, "data": {"source": BASE}}, "build": _sizes(study, "base")}
    data = _train_data(builder, source, BASE, seed, mix)
    card = _card(BASE, "base", model, seed)
    threads = model.base.threads
    folder = builder.add(
        stage="tune",
        kind="base",
        name=card["name"],
        settings={"model": _content(model), "seed": seed, "threads": threads},
        parents={"data": [data], "images": [source.images]},
        threads=threads,
    )
    base = Trained(folder, card)
    return [base, *(_tuned(builder, study, source, item, base) for item in study.recipes)]


def _tuned(
    builder: Builder, study: Resolved, source: Source, item: Recipes, base: Trained
) -> Trained:
    recipe, tune, seed = item.recipe, item.tune, base.card["seed"]
    about: Settings = {"recipe": {"name": recipe.name, "data": plain(recipe.data)}}
    data = _train_data(builder, source, recipe.name, seed, about)
    name = base.name.replace(BASE, recipe.name, 1)
    folder = builder.add(
        stage="tune",
        kind="recipe",
        name=name,
        settings={
            "recipe": {"name": recipe.name, "tune": plain(recipe.tune)},
            "tune": plain(tune),
            "seed": seed,
            "threads": tune.threads,
        },
        parents={"base": [base.folder], "data": [data], "images": [source.images]},
        threads=tune.threads * tune.ranks,
    )
    card = base.card | {"name": name, "recipe": recipe.name, "title": recipe.title}
    card |= {"parent": recipe.parent, "factor": recipe.factor, "marked_ours": recipe.marked_ours}
    fit = _fit_suite(builder, study, source, f"{recipe.name}-s{seed}", data)
    return Trained(folder, card | {"helper": item.helper}, fit)


def _content(model: Model) -> Settings:
    """What decides the weights: neither the tag nor what a scheduler must know."""
    left_out = {"tag", "gpus", "memory_mb"}
    return {key: value for key, value in plain(model).items() if key not in left_out}


def _card(recipe: str, title: str, model: Model, seed: int) -> Settings:
    return {
        "name": model_name(recipe, model, seed),
        "recipe": recipe,
        "title": title,
        "parent": None,
        "factor": None,
        "marked_ours": False,
        "helper": False,
        "model": model.name,
        "seed": seed,
    }


def _respond(
    builder: Builder, study: Resolved, source: Source, model: Trained, suites: Mapping[str, str]
) -> str:
    asked = {s.name: suites[s.name] for s in study.suites if answers_suite(s, model.card)}
    if model.fit:
        asked[model.fit[0]] = model.fit[1]
    threads = study.respond.threads
    return builder.add(
        stage="respond",
        name=model.name,
        settings={"respond": plain(study.respond), "suites": list(asked), "threads": threads},
        parents={
            "model": [model.folder],
            "suites": list(asked.values()),
            "images": [source.images],
        },
        threads=threads,
    )


def _conclude(
    builder: Builder,
    study: Resolved,
    source: Source,
    made: tuple[list[Trained], list[str], Mapping[str, str]],
) -> None:
    models, answers, suites = made
    name, samples = study.study.name, list(suites.values())
    about: Settings = {
        "study": {key: getattr(study.study, key) for key in ("name", "title", "tables", "mode")},
        "models": [model.card for model in models],
        "suites": list(suites),
    }
    verdicts, scores = [], []
    for judge in study.judges:
        verdicts.append(
            builder.add(
                stage="judge",
                name=judge.name,
                settings={"judge": plain(judge)},
                parents={"responses": answers, "suites": samples},
            )
        )
        scores.append(
            builder.add(
                stage="score",
                name=f"{name}-{judge.name}",
                settings={"score": plain(study.score), "judge": judge.name, **about},
                parents={"verdicts": [verdicts[-1]], "suites": samples},
            )
        )
    parents = {
        "score": scores,
        "verdicts": verdicts,
        "responses": answers,
        "suites": samples,
        "images": [source.images],
        "models": [model.folder for model in models],
    }
    report = {"report": plain(study.report), **about}
    builder.add(stage="report", name=name, settings=report, parents=parents)
