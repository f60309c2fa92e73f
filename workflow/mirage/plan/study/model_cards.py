"""Model cards as the plan writes them, from recipes and models."""

from __future__ import annotations

from dataclasses import replace

from mirage.model_card import BASE, Level, ModelCard
from mirage.plan.entries import OWN
from mirage.plan.schema.model import Model
from mirage.plan.schema.recipe import RecipeData, RecipeTune
from mirage.plan.study.hold_out import left_out
from mirage.plan.study.variants import Recipes
from mirage.plan.tuning import title


def model_name(recipe: str, tag: str, seed: int) -> str:
    """Returns ``<recipe>-s<seed>``, with the model's tag between where it has one."""
    return "-".join([recipe, *([tag] if tag else []), f"s{seed}"])


def base_card(model: Model, seed: int) -> ModelCard:
    """Returns the card of a base."""
    name = model_name(BASE, model.tag, seed)
    return ModelCard(
        BASE,
        model.name,
        seed,
        name,
        title=BASE,
        answers=model.answers,
        world_answers=world_answers(model),
    )


def recipe_card(item: Recipes, model: Model, seed: int) -> ModelCard:
    """Returns the card of a model tuned on a recipe, or of a base asked in another way."""
    recipe, base = item.recipe, model_name(BASE, model.tag, seed)
    card = ModelCard(
        recipe=recipe.name,
        config=model.name,
        seed=seed,
        name=model_name(recipe.name, model.tag, seed),
        title=title(recipe, item.tune),
        parent=recipe.parent,
        factor=recipe.factor,
        marked_ours=recipe.marked_ours,
        helper=item.helper,
        mode=recipe.mode,
        answers=model.answers,
        base=base,
        world_answers=world_answers(model, recipe.data),
    )
    if recipe.tuning is None:
        return card
    data, tune = recipe.tuning
    return replace(
        card,
        held_out=tuple(left_out(data.hold_out, seed)),
        general_share=general_share(data),
        unsafe=hazardous(data),
        factors=factors(data, tune, item.steps, model),
        base=None if tune.into_base else base,
    )


def world_answers(model: Model, data: RecipeData | None = None) -> bool:
    """Returns whether all that a model is taught to answer is in the nano world's own words.

    An imported model is of the world if it reads and writes as a nano model does.
    """
    own = data is not None and (data.source == OWN or ":" in data.source + data.labels)
    return not own and (model.encoding or "nano_").startswith("nano_")


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


def factors(data: RecipeData, tune: RecipeTune, steps: float, model: Model) -> dict[str, Level]:
    """Returns a model's levels of the factorial's factors.

    ``benign`` is ``none`` without twins; ``wording`` joins its forms by ``+``; ``steps`` is the
    multiple of the steps of the recipe it comes from; ``tokens`` tells whether answer tokens are
    equated; ``size`` is the model's option.
    """
    return {
        "images": data.images,
        "labels": data.labels,
        "benign": data.benign_kind if data.twins else "none",
        "wording": "+".join(data.wording),
        "steps": steps,
        "tokens": tune.supervised_tokens is not None,
        "size": model.name,
    }
