"""Experiments become jobs: one pure function from a resolved study to the list of artifacts.

Each job gets exactly the settings that decide its content, so a changed key changes the ids of the
jobs it reaches and of no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mirage.context import ConfigError
from mirage.model_card import ModelCard, in_any_order
from mirage.plan import entries
from mirage.plan import tuning as how_tuned
from mirage.plan.asked_base import add_asked_base, mode_entries
from mirage.plan.base_jobs import Start, asked_of, model_entries, pictures
from mirage.plan.builder import Builder, Parents, Settings, Source, Trained, Version, plain
from mirage.plan.committed import add_answers, add_record
from mirage.plan.costs import items as items_of
from mirage.plan.data_jobs import (
    add_fit_suite,
    add_suite,
    add_train_data,
    data_name,
    data_settings,
)
from mirage.plan.engines import asked_with, runs_on
from mirage.plan.entries import resolve
from mirage.plan.general_job import add_general, marked_of
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.repeat_job import add_repeat
from mirage.plan.schema.exhibit import plain_exhibits
from mirage.plan.schema.model import Model
from mirage.plan.schema.pretrained import Tuned
from mirage.plan.schema.recipe import RecipeData, RecipeTune
from mirage.plan.schema.site import Site
from mirage.plan.schema.suite import LMMS
from mirage.plan.schema.tune import Tune
from mirage.plan.scoring_jobs import add_scoring_jobs
from mirage.plan.speed_job import add_speed
from mirage.plan.study.model_cards import recipe_card
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import Resolved
from mirage.plan.study.variants import Recipes, takes

REPORTED = ("name", "title", "tables", "mode", "published")
"""Keys of a study that its report depends on."""

COMPARED = "bases_again"
"""The table that shows gates of released bases beside those of the study's own."""


def plan_jobs(
    study: Resolved, version: Version, site: Site, rehearsal: Rehearsal | None = None
) -> Builder:
    """Collects every job of a study, parents before children.

    A seed's evidence is used whole or not at all: if a model lacks, all are made anew.

    Args:
        study: The validated study.
        version: Gives the version of the code of a stage with some entries.
        site: Where the jobs run.
        rehearsal: Takes what is not on this machine, which is an error without it.

    Raises:
        PlanError: Code or packages of jobs are missing, or they ask for what a machine lacks.
    """
    builder = _collected(study, version, site)
    if lacking := builder.lacking:
        whole = {seed: each for seed, each in study.evidence.items() if seed not in lacking}
        builder = _collected(replace(study, evidence=whole), version, site)
        builder.lacking = lacking
    absent = list(builder.absent.values())
    if builder.problems or (absent and rehearsal is None):
        raise PlanError([*builder.problems.values(), *absent])
    if rehearsal is not None:
        rehearsal.missing += absent
    return builder


def _collected(study: Resolved, version: Version, site: Site) -> Builder:
    builder = Builder(version, site)
    world = {"world": plain(study.world)}
    source = Source(world, _pictures(builder, study, world))
    models = [
        made
        for model in study.models
        for seed in study.study.seeds
        for made in _models(builder, study, source, model, seed)
    ]
    asked = {suite for model in models for suite in asked_of(study, model.card)}
    suites = {
        s.name: add_suite(builder, study, source, plain(s)) for s in study.suites if s.name in asked
    }
    answers = [_respond(builder, study, source, model, suites) for model in models]
    marked = {m.card: job for m in models if (job := add_general(builder, study, m, suites))}
    own = {made.fit[0]: made.fit[1] for made in models if made.fit}
    _add_report(builder, study, source, (models, answers, suites, own), marked)
    if study.respond.speed.measure:
        add_speed(builder, study, source, models, suites)
    if study.respond.repeat_probe:
        add_repeat(builder, study, source, [*zip(models, answers, strict=True)], suites)
    return builder


def _pictures(builder: Builder, study: Resolved, world: Settings) -> Parents:
    """Adds the pictures of the household world, unless all models and data come from outside."""
    outside = all(model.made == "import" for model in study.models)
    outside &= all(suite.kind in (entries.OWN, LMMS) for suite in study.suites)
    tuned = (item.recipe.tuning for item in study.recipes)
    if outside and all(how is None or how[0].source == entries.OWN for how in tuned):
        return {}
    folder = builder.add(
        stage="build",
        kind="images",
        name="images",
        settings={"kind": "images", **world},
        parents={},
        entries={"source": resolve("source", "household")},
    )
    return {"images": [folder]}


def _models(
    builder: Builder, study: Resolved, source: Source, model: Model, seed: int
) -> list[Trained]:
    """A base, the recipes tuned on it, and those that ask it in another way."""
    recipes = [r for r in study.recipes if takes(study.study, model.name, seed, r.recipe.name)]
    start = Start(builder, study, source, model, seed)
    made = [start.trained()]
    for item in recipes:
        tuning = item.recipe.tuning
        made.append(
            add_asked_base(start, item)
            if tuning is None
            else _tuned(builder, study, source, item, tuning, start)
        )
    return made


def _tuned(
    builder: Builder,
    study: Resolved,
    source: Source,
    item: Recipes,
    tuning: tuple[RecipeData, RecipeTune],
    start: Start,
) -> Trained:
    recipe, tune, model, seed = item.recipe, item.tune, start.model, start.seed
    of_recipe, how_long = tuning
    how_tuned.check(recipe.name, how_long, tune, model)
    settings, external = data_settings(study, recipe.name, of_recipe, seed)
    about: Settings = {"recipe": {"name": recipe.name, "data": settings}}
    data = add_train_data(builder, source, recipe.name, model, seed, about, external)
    card = recipe_card(item, model, seed)
    name = data_name(recipe.name, model, seed)
    fit = add_fit_suite(builder, study, source, name, data, of_recipe)
    own = model.tuned.get(in_any_order(recipe.name))
    final = _tune(of_recipe, how_long, tune, own)
    how: Settings = {"recipe": {"name": recipe.name, "tune": final}, **pictures(model, "train")}
    if evidence := start.evidence(card, [about, how, plain(tune)]):
        folder = add_record(builder, card, evidence, how, [data])
    elif how_long.into_base:
        if start.data is None:
            raise ConfigError(
                f"recipe {recipe.name} is mixed into base training, but the model {model.name} is "
                f"imported. Leave one of them out, as in: --config recipe=mirage"
            )
        folder = start.from_scratch(card, [start.data, data])
    else:
        folder = builder.add(
            stage="tune",
            kind="recipe",
            name=card.name,
            settings={
                **how,
                "tune": {key: value for key, value in plain(tune).items() if key not in FOLDED},
                "seed": seed + ORDERS * tune.order,
                "threads": tune.threads,
            },
            parents={"base": [start.folder], "data": [data], **source.images},
            threads=tune.threads * tune.ranks,
            resources=model.resources.recipe,
            packages=how_tuned.packages(tune),
            entries={**_tune_entries(how_long, tune), **model_entries(model)},
        )
    opens, cut = model_entries(model), pictures(model, "test")
    return Trained(folder, card, model.resources.respond, opens, fit, evidence, images=cut)


FOLDED = ("learning_rate", "criterion", "order")
"""Settings of conf/tune that a recipe's own rate, end and seed already hold."""

ORDERS = 1000
"""Seeds of bases lie below: order and seed are one number, the seed that draws batches."""


def _tune(data: RecipeData, tune: RecipeTune, shared: Tune, own: Tuned | None) -> Settings:
    """What a recipe is tuned by; the rate is final, whatever factors it comes from.

    Args:
        data: The recipe's data.
        tune: The recipe's part of how.
        shared: The part of all recipes.
        own: What the model says instead.
    """
    rate = shared.learning_rate * tune.lr_ratio * tune.lr_by_label.get(data.labels, 1.0)
    final = {
        "learning_rate": own.learning_rate if own else rate,
        "epochs": None if tune.until else (own or tune).epochs,
        "until": plain(shared.criterion) if tune.until else None,
    }
    factors = ("lr_ratio", "lr_by_label", "into_base")
    return {key: value for key, value in plain(tune).items() if key not in factors} | final


def _tune_entries(recipe: RecipeTune, shared: Tune) -> dict[str, str]:
    """What a recipe's training calls: its loss, and the check that it stops at, if it does."""
    found = {"loss": entries.resolve("loss", recipe.loss)}
    if recipe.until:
        found["criterion"] = entries.resolve("criterion", shared.criterion.check)
    if shared.large:
        found["tuning"] = entries.resolve("tuning", "large")
    return found


def _respond(
    builder: Builder, study: Resolved, source: Source, model: Trained, suites: Mapping[str, str]
) -> str:
    marked = marked_of(study, model)
    asked = {n: suites[n] for n in asked_of(study, model.card) if n not in marked}
    if model.fit:
        asked[model.fit[0]] = model.fit[1]
    parents = {
        "model": [model.folder],
        "suites": list(asked.values()),
        **source.images,
    }
    if model.evidence:
        return add_answers(builder, model.card, model.evidence, parents)
    threads = study.respond.threads
    items = (items_of(builder.jobs[folder]) for folder in asked.values())
    return builder.add(
        stage="respond",
        name=model.name,
        settings={
            **asked_with(study, model.resources),
            "suites": list(asked),
            **({"mode": model.mode} if model.mode else {}),
            **model.images,
        },
        parents=parents,
        threads=threads,
        resources=model.resources.answering(items),
        entries={
            "backend": entries.resolve("backend", study.respond.backend),
            **model.entries,
            **mode_entries(model),
        },
        **runs_on(builder, study, [model]),
    )


def _placed(builder: Builder, model: Trained, answers: str) -> ModelCard:
    """The model's card with the platforms that compute its weights and its answers."""
    platforms = [builder.platform(folder) for folder in (model.folder, answers)]
    names = dict.fromkeys(name for name in platforms if name)
    return replace(model.card, platform=" + ".join(names) or None)


def _add_report(
    builder: Builder,
    study: Resolved,
    source: Source,
    made: tuple[list[Trained], list[str], Mapping[str, str], Mapping[str, str]],
    marked: Mapping[ModelCard, str],
) -> None:
    models, answers, suites, own = made
    about: Settings = {
        "study": {"name": study.study.name},
        "models": [
            _placed(builder, model, folder).to_json()
            for model, folder in zip(models, answers, strict=True)
        ],
        "suites": [*suites, *own],
    }
    answered = {model.card: folder for model, folder in zip(models, answers, strict=True)}
    judged = add_scoring_jobs(builder, study, about, answered, suites, source.images, marked)
    parents = {
        "score": [each.scores for each in judged],
        # The first judge's numbers are shown, and so are its verdicts.
        "verdicts": judged[0].verdicts,
        "responses": answers,
        "suites": [*suites.values(), *own.values()],
        **source.images,
        "models": [model.folder for model in models],
    }
    settings = {
        "report": plain(study.report),
        **about,
        "study": {key: getattr(study.study, key) for key in REPORTED},
        "exhibits": {key: plain_exhibits(value) for key, value in study.exhibits.items()},
        "gates": {gate.id: gate.title for gate in study.score.gates},
    }
    if COMPARED in study.study.tables:
        settings["released"] = [
            {key: base.provenance.get(key) for key in ("model", "seed", "platform", "gates")}
            for base in study.released.values()
        ]
    makers = {
        f"exhibit/{reference}": reference
        for exhibits in study.exhibits.values()
        for exhibit in exhibits
        for reference in exhibit.references
    }
    builder.add(
        stage="report", name=study.study.name, settings=settings, parents=parents, entries=makers
    )
