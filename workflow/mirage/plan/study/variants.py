"""The recipes of a study: named ones and helpers, crossed with its axes, validated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mirage.model_card import BASE
from mirage.plan.schema.recipe import Recipe
from mirage.plan.schema.study import Study
from mirage.plan.schema.tune import Tune
from mirage.plan.study import axes
from mirage.plan.study.compose import Conf
from mirage.plan.study.hold_out import unknown_names
from mirage.plan.study.problems import Problem, hint
from mirage.plan.study.validate import check


@dataclass(frozen=True)
class Recipes:
    """A recipe of the study with the tuning it gets.

    Attributes:
        helper: Needed by a gate, never compared.
        steps: Its steps (epochs x items) as a multiple of those of the recipe it comes from: its
            parent where the study has it, else the recipe that axes vary.
    """

    recipe: Recipe
    tune: Tune
    helper: bool
    steps: float = 1.0


def variants(
    conf: Conf, study: Study, tree: Mapping[str, Any]
) -> tuple[tuple[Recipes, ...], list[Problem]]:
    """Crosses a study's recipes with its axes; combinations of equal settings are made once.

    Args:
        tree: What was composed: ``recipes`` and ``tune``.

    Returns:
        The recipes in the study's order, helpers last, and what is wrong.
    """
    made: dict[str, axes.Variant] = {}
    crossed: list[Recipes] = []
    problems = []
    file = conf.file("study", study.name)
    named = [(name, False) for name in study.recipes] + [(name, True) for name in study.helpers]
    for name, helper in named:
        plain = tree["recipes"][name]
        # Axes are keys of data and tune, which a recipe without training lacks.
        alone = helper or plain.get("respond") is not None
        for cell in [{}] if alone else axes.cells(study.axes, study.exclude):
            variant, wrong = axes.vary(plain, tree["tune"], cell, file)
            problems += wrong
            if made.setdefault(variant.name, variant) != variant:
                text = f"two variants are called {variant.name!r}; choose values that read apart."
                problems.append(Problem(file, "axes", text))
            if made[variant.name] is not variant:
                continue
            recipe, bad = check(Recipe, variant.recipe, file, "recipe", None)
            tune, worse = check(Tune, variant.tune, file, "tune", None)
            problems += bad + worse
            if recipe is not None and tune is not None:
                steps = _steps(recipe, variant.origin, tree["recipes"])
                crossed.append(Recipes(recipe, tune, helper, steps))
    if not any(not item.helper for item in crossed) and study.recipes:
        problems.append(Problem(file, "exclude", "leaves no recipe at all."))
    return tuple(crossed), problems


def _steps(recipe: Recipe, origin: str, plain: Mapping[str, Any]) -> float:
    source = plain.get(recipe.parent or origin, plain[origin])
    if recipe.tuning is None or not (source.get("tune") and source.get("data")):
        return 1.0
    data, tune = recipe.tuning
    parts = ("unsafe", "benign", "twins", "general")
    theirs = int(source["tune"]["epochs"]) * sum(int(source["data"].get(part, 0)) for part in parts)
    own = tune.epochs * sum(int(getattr(data, part)) for part in parts)
    return round(own / theirs, 2) if theirs else 1.0


def recipe_problems(conf: Conf, study: Study, recipes: Sequence[Recipe]) -> list[Problem]:
    """Returns what is wrong with recipes as files: names, parents, categories, modes."""
    problems = []
    for recipe in recipes:
        file = conf.file("recipe", recipe.name)
        if recipe.name == BASE:
            problems.append(Problem(file, "recipe.name", f"{BASE!r} is the untuned model's name."))
        if recipe.parent is not None:
            problems += conf.missing("recipe", recipe.parent, file, "recipe.parent")
        for key, text in unknown_names(recipe.data.hold_out) if recipe.data else ():
            problems.append(Problem(file, f"recipe.data.hold_out.{key}", text))
        if study.mode == "matched" and recipe.mode != study.mode and recipe.name in study.recipes:
            text = f"is {recipe.mode}, but the study {study.name!r} shows matched recipes alone."
            problems.append(Problem(file, "recipe.mode", text))
    return problems


def list_problems(
    conf: Conf, study: Study, recipes: Sequence[Recipes], chosen: bool
) -> list[Problem]:
    """Returns what the study's lists by model, suite or recipe name that it does not have.

    Args:
        chosen: Whether the command line has replaced one of the study's lists; entries about what
            it left out are then no mistake.
    """
    if chosen:
        return []
    file, problems = conf.file("study", study.name), []
    names = [item.recipe.name for item in recipes]
    for key, lists, owners, what, more in (
        ("recipes_by_model", study.recipes_by_model, study.models, "model", []),
        ("answered_by", study.answered_by, study.suites, "suite", [BASE]),
    ):
        for owner, wanted in lists.items():
            if owner not in owners:
                text = f"the study has no {what} {owner!r}; its {what}s: {', '.join(owners)}."
                problems.append(Problem(file, f"study.{key}", text))
            for name in [each for each in wanted if each not in [*more, *names]]:
                text = f"the study has no recipe {name!r}{hint(name, names)} See: mirage plan "
                problems.append(Problem(file, f"study.{key}.{owner}", f"{text}study={study.name}"))
    for name in [each for each in study.seeds_by_recipe if each not in names]:
        text = f"the study has no recipe {name!r}{hint(name, names)} See: mirage plan "
        problems.append(Problem(file, "study.seeds_by_recipe", f"{text}study={study.name}"))
    return problems


def takes(study: Study, model: str, seed: int, recipe: str) -> bool:
    """Tells whether a study tunes the base of a model and seed on a recipe."""
    of_model = recipe in study.recipes_by_model.get(model, [recipe])
    return of_model and seed in study.seeds_by_recipe.get(recipe, [seed])
