"""Experiments become jobs: one pure function from a resolved study to the list of artifacts.

Each job gets exactly the settings that decide its content, so a changed key changes the ids of the
jobs it reaches and of no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mirage.context import ConfigError
from mirage.model_card import BASE, ModelCard
from mirage.plan import entries
from mirage.plan.builder import Builder, Settings, Source, Start, Trained, Version, plain
from mirage.plan.checked_data import recall
from mirage.plan.entries import OWN, resolve
from mirage.plan.schema.exhibit import plain_exhibits
from mirage.plan.schema.model import Model
from mirage.plan.schema.recipe import Recipe, RecipeData, RecipeTune, is_style
from mirage.plan.schema.site import Site
from mirage.plan.schema.study import Study
from mirage.plan.schema.suite import Suite
from mirage.plan.schema.tune import Tune
from mirage.plan.scoring_jobs import add_scoring_jobs
from mirage.plan.speed_job import add_speed, answering
from mirage.plan.study.hold_out import left_out
from mirage.plan.study.model_cards import base_card, model_name, recipe_card
from mirage.plan.study.resolve import Resolved
from mirage.plan.study.variants import Recipes, takes


def plan_jobs(study: Resolved, version: Version, site: Site) -> Builder:
    """Collects every job of a study, parents before children.

    Args:
        study: The validated study.
        version: Gives the version of the code of a stage with some entries.
        site: Where the jobs run.
    """
    builder = Builder(version, site)
    world = {"world": plain(study.world)}
    settings = {"kind": "images", **world}
    images = builder.add(
        stage="build",
        kind="images",
        name="images",
        settings=settings,
        parents={},
        entries={"source": resolve("source", "household")},
    )
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
    _add_report(builder, study, source, (models, answers, suites, own))
    if study.respond.speed.measure:
        add_speed(builder, study, source.images, models, suites)
    return builder


def answers_suite(study: Study, suite: Suite, card: ModelCard) -> bool:
    """Tells whether a model answers a suite: its own file and the study must both say so."""
    if card.recipe not in study.answered_by.get(suite.name, [card.recipe]):
        return False
    if suite.models == "all":
        return not card.helper
    return card.recipe in suite.models


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
    if suite["kind"] == OWN:
        about, external = checked_data(suite)
        settings: Settings = {"kind": "suite", "suite": about}
        return builder.add(
            stage="build",
            kind="suite",
            name=suite["name"],
            settings=settings,
            parents={},
            entries={"suite": resolve("suite", OWN)},
            external=external,
        )
    del suite["path"]
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
        entries={"suite": resolve("suite", suite["kind"])},
    )


def checked_data(block: Settings) -> tuple[Settings, dict[str, str]]:
    """Returns a block with the digest of the user's data instead of their path, and digest -> path.

    Raises:
        ConfigError: They were not checked, or changed since.
    """
    path = Path(block["path"]).expanduser().absolute()
    digest = recall(path)
    rest = {key: value for key, value in block.items() if key != "path"}
    return rest | {"digest": digest}, {digest: str(path)}


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
        parents={"data": [data]},
        entries={"suite": resolve("suite", "fit")},
    )
    return suite["name"], folder


def _train_data(
    builder: Builder,
    source: Source,
    recipe: str,
    model: Model,
    seed: int,
    more: Settings,
    external: Mapping[str, str] | None = None,
) -> str:
    """A data set; models that answer alike share it, whatever their sizes."""
    if external:
        return builder.add(
            stage="build",
            kind="train",
            name=_data_name(recipe, model, seed),
            settings={"kind": "train", **more},
            parents={},
            entries={"source": resolve("source", OWN)},
            external=external,
        )
    own = {} if model.answers == "plain" else {"answers": model.answers}
    about = more["recipe"]["data"]
    entries = {"source": resolve("source", about["source"])}
    if "labels" in about and is_style(about["labels"]):
        entries["labels"] = resolve("labels", about["labels"])
    return builder.add(
        stage="build",
        kind="train",
        name=_data_name(recipe, model, seed),
        settings={"kind": "train", **source.world, **more, **own, "seed": seed},
        parents={"images": [source.images]},
        entries=entries,
    )


def _data_name(recipe: str, model: Model, seed: int) -> str:
    return model_name(recipe, "" if model.answers == "plain" else model.tag, seed)


def _models(
    builder: Builder, study: Resolved, source: Source, model: Model, seed: int
) -> list[Trained]:
    if model.made == "import":
        return _imported(builder, study, source, model, seed)
    mix = {"recipe": {"name": BASE, "data": {"source": BASE}}, "build": _sizes(study, "base")}
    data = _train_data(builder, source, BASE, model, seed, mix)
    card = base_card(model, seed)
    folder = _trained_from_scratch(builder, source, model, card, [data])
    start = Start(model, seed, folder, data)
    recipes = [r for r in study.recipes if takes(study.study, model.name, r.recipe.name)]
    return [
        Trained(folder, card, model.resources.respond, model_entries(model)),
        *(_tuned(builder, study, source, item, start) for item in recipes),
    ]


def _imported(
    builder: Builder, study: Resolved, source: Source, model: Model, seed: int
) -> list[Trained]:
    """A base that exists, referenced, and the recipes tuned on it."""
    assert model.source is not None
    card = base_card(model, seed)
    about = {"made": model.made, "path": model.source.path, "digest": model.source.digest}
    folder = builder.add(
        stage="tune",
        kind="base",
        name=card.name,
        settings={"model": about, "threads": 1},
        parents={},
        resources=model.resources.base,
        entries={"base": entries.resolve("base", model.made), **model_entries(model)},
    )
    start = Start(model, seed, folder, None)
    recipes = [r for r in study.recipes if takes(study.study, model.name, r.recipe.name)]
    return [
        Trained(folder, card, model.resources.respond, model_entries(model)),
        *(_tuned(builder, study, source, item, start) for item in recipes),
    ]


def _trained_from_scratch(
    builder: Builder, source: Source, model: Model, card: ModelCard, data: list[str]
) -> str:
    """A base; with several data sets their samples are mixed."""
    assert model.base is not None
    threads = model.base.threads
    return builder.add(
        stage="tune",
        kind="base",
        name=card.name,
        settings={"model": _content(model), "seed": card.seed, "threads": threads},
        parents={"data": data, "images": [source.images]},
        threads=threads,
        resources=model.resources.base,
        entries={
            "base": entries.resolve("base", model.made),
            "loss": entries.resolve("loss", "tokens"),
            **model_entries(model),
        },
    )


def _tuned(
    builder: Builder, study: Resolved, source: Source, item: Recipes, start: Start
) -> Trained:
    recipe, tune, model, seed = item.recipe, item.tune, start.model, start.seed
    settings, external = _data(recipe.data, seed), None
    if recipe.data.source == OWN:
        settings, external = checked_data(settings)
    else:
        del settings["path"]
    about: Settings = {"recipe": {"name": recipe.name, "data": settings}}
    data = _train_data(builder, source, recipe.name, model, seed, about, external)
    card = recipe_card(item, model, seed)
    fit = _fit_suite(builder, study, source, _data_name(recipe.name, model, seed), data)
    if recipe.tune.into_base:
        if start.data is None:
            raise ConfigError(
                f"recipe {recipe.name} is mixed into base training, but the model {model.name} is "
                f"imported. Leave one of them out, as in: --config recipe=mirage"
            )
        both = [start.data, data]
        base = _trained_from_scratch(builder, source, model, card, both)
        return Trained(base, card, model.resources.respond, model_entries(model), fit)
    folder = builder.add(
        stage="tune",
        kind="recipe",
        name=card.name,
        settings={
            "recipe": {"name": recipe.name, "tune": _tune(recipe, tune)},
            "tune": {key: value for key, value in plain(tune).items() if key not in FOLDED},
            "seed": seed,
            "threads": tune.threads,
        },
        parents={"base": [start.folder], "data": [data], "images": [source.images]},
        threads=tune.threads * tune.ranks,
        resources=model.resources.recipe,
        packages=["deepspeed"] if tune.engine == "deepspeed" else [],
        entries={"loss": entries.resolve("loss", recipe.tune.loss), **model_entries(model)},
    )
    return Trained(folder, card, model.resources.respond, model_entries(model), fit)


def model_entries(model: Model) -> dict[str, str]:
    """Returns what opens a model: its class, and its encoding."""
    return {
        "family": entries.resolve("family", str(model.architecture)),
        "encoding": entries.resolve("encoding", model.encoding or f"nano_{model.architecture}"),
    }


FOLDED = ("epoch_factor", "learning_rate")
"""Settings of conf/tune that a recipe's own rate and epochs already hold."""


def _data(data: RecipeData, seed: int) -> Settings:
    """What a data set is built from: rotations resolved, the kind of no benign items left out."""
    settings = plain(data)
    settings["benign_kind"] = data.benign_kind if data.twins else "none"
    del settings["hold_out"]["rotate_categories"]
    settings["hold_out"]["categories"] = left_out(data.hold_out, seed)
    return settings


def _tune(recipe: Recipe, shared: Tune) -> Settings:
    """What a recipe is tuned by; rate and epochs are final, whatever factors they come from."""
    tune: RecipeTune = recipe.tune
    factor = tune.lr_by_label.get(recipe.data.labels, 1.0)
    longer = shared.epoch_factor if recipe.mode == "as_published" else 1
    final = {
        "learning_rate": shared.learning_rate * tune.lr_ratio * factor,
        "epochs": tune.epochs * longer,
    }
    factors = ("lr_ratio", "lr_by_label", "into_base")
    return {key: value for key, value in plain(tune).items() if key not in factors} | final


def _content(model: Model) -> Settings:
    """What decides the weights; how answers look, the data say, and the rest is for schedulers."""
    other = {"tag", "answers", "resources", "made", "source", "encoding"}
    return {key: value for key, value in plain(model).items() if key not in other}


def _respond(
    builder: Builder, study: Resolved, source: Source, model: Trained, suites: Mapping[str, str]
) -> str:
    wanted = [s for s in study.suites if answers_suite(study.study, s, model.card)]
    asked = {suite.name: suites[suite.name] for suite in wanted}
    if model.fit:
        asked[model.fit[0]] = model.fit[1]
    threads = study.respond.threads
    return builder.add(
        stage="respond",
        name=model.name,
        settings={"respond": answering(study), "suites": list(asked), "threads": threads},
        parents={
            "model": [model.folder],
            "suites": list(asked.values()),
            "images": [source.images],
        },
        threads=threads,
        resources=model.resources,
        entries={
            "backend": entries.resolve("backend", study.respond.backend),
            **model.entries,
        },
    )


def _placed(builder: Builder, model: Trained, answers: str) -> ModelCard:
    """The model's card with the platforms that compute its weights and its answers."""
    platforms = [builder.jobs[folder].platform for folder in (model.folder, answers)]
    names = dict.fromkeys(name for name in platforms if name)
    return replace(model.card, platform=" + ".join(names) or None)


def _add_report(
    builder: Builder,
    study: Resolved,
    source: Source,
    made: tuple[list[Trained], list[str], Mapping[str, str], Mapping[str, str]],
) -> None:
    models, answers, suites, own = made
    about: Settings = {
        "study": {key: getattr(study.study, key) for key in ("name", "title", "tables", "mode")},
        "models": [
            _placed(builder, model, folder).to_json()
            for model, folder in zip(models, answers, strict=True)
        ],
        "suites": [*suites, *own],
    }
    answered = {model.card: folder for model, folder in zip(models, answers, strict=True)}
    judged = add_scoring_jobs(builder, study, about, answered, suites)
    parents = {
        "score": [each.scores for each in judged],
        # The first judge's numbers are shown, and so are its verdicts.
        "verdicts": judged[0].verdicts,
        "responses": answers,
        "suites": [*suites.values(), *own.values()],
        "images": [source.images],
        "models": [model.folder for model in models],
    }
    settings = {
        "report": plain(study.report),
        **about,
        "study": about["study"] | {"published": study.study.published},
        "exhibits": {key: plain_exhibits(value) for key, value in study.exhibits.items()},
    }
    makers = {
        f"exhibit/{reference}": reference
        for exhibits in study.exhibits.values()
        for exhibit in exhibits
        for reference in exhibit.references
    }
    builder.add(
        stage="report", name=study.study.name, settings=settings, parents=parents, entries=makers
    )
