"""Model cards: what tables, claims and figures may know of a model without opening it."""

from __future__ import annotations

from typing import Any

from mirage.plan.schema.model import Model
from mirage.plan.schema.recipe import RecipeData
from mirage.plan.study.hold_out import left_out
from mirage.plan.study.variants import BASE, Recipes

Card = dict[str, Any]


def model_name(recipe: str, tag: str, seed: int) -> str:
    """Returns ``<recipe>-s<seed>``, with the model's tag between where it has one."""
    return "-".join([recipe, *([tag] if tag else []), f"s{seed}"])


def base_card(model: Model, seed: int) -> Card:
    """Returns the card of a base.

    Its keys are those of every card: ``name, recipe, title, parent, factor, marked_ours, helper,
    model, seed, mode, answers, held_out_categories, general_share, unsafe, factors``. ``mode`` and
    ``general_share`` are None for a base, which belongs to both modes, and ``factors`` is empty.
    """
    return {
        "name": model_name(BASE, model.tag, seed),
        "recipe": BASE,
        "title": BASE,
        "parent": None,
        "factor": None,
        "marked_ours": False,
        "helper": False,
        "model": model.name,
        "seed": seed,
        "mode": None,
        "answers": model.answers,
        "held_out_categories": [],
        "general_share": None,
        "unsafe": 0,
        "factors": {},
    }


def recipe_card(item: Recipes, model: Model, seed: int) -> Card:
    """Returns the card of a model tuned on a recipe."""
    recipe = item.recipe
    return base_card(model, seed) | {
        "name": model_name(recipe.name, model.tag, seed),
        "recipe": recipe.name,
        "title": recipe.title,
        "parent": recipe.parent,
        "factor": recipe.factor,
        "marked_ours": recipe.marked_ours,
        "helper": item.helper,
        "mode": recipe.mode,
        "held_out_categories": left_out(recipe.data.hold_out, seed),
        "general_share": general_share(recipe.data),
        "unsafe": hazardous(recipe.data),
        "factors": factors(item, model),
    }


def hazardous(data: RecipeData) -> int:
    """Returns how many hazardous items a recipe asks for, before categories are left out."""
    return data.unsafe + (data.twins if data.benign_kind == "none" else 0)


def general_share(data: RecipeData) -> float | None:
    """Returns the percentage of items that are not about safety, as Table 7 counts them.

    Harmless items of the source and skill items count, benign twins do not. One decimal; None
    without any items.
    """
    total = data.unsafe + data.benign + data.twins + data.general
    return round(100 * (data.benign + data.general) / total, 1) if total else None


def factors(item: Recipes, model: Model) -> dict[str, str | float | bool]:
    """Returns a model's levels of the factorial's factors.

    ``benign`` is ``none`` without twins; ``wording`` joins its forms by ``+``; ``steps`` is the
    multiple of the steps of the recipe it comes from; ``tokens`` tells whether answer tokens are
    equated; ``size`` is the model's option.
    """
    recipe = item.recipe
    return {
        "images": recipe.data.images,
        "labels": recipe.data.labels,
        "benign": recipe.data.benign_kind if recipe.data.twins else "none",
        "wording": "+".join(recipe.data.wording),
        "steps": item.steps,
        "tokens": recipe.tune.supervised_tokens is not None,
        "size": model.name,
    }
