"""Recipes without training: a base's weights, asked in another way, as a model of the study."""

from __future__ import annotations

from mirage.plan.base_jobs import Start, model_entries, pictures
from mirage.plan.builder import Trained, plain
from mirage.plan.committed import add_record
from mirage.plan.entries import resolve
from mirage.plan.schema.model import Model
from mirage.plan.schema.recipe import Recipe
from mirage.plan.study.model_cards import recipe_card
from mirage.plan.study.problems import Problem
from mirage.plan.study.variants import Recipes
from mirage.world.language import vocabulary


def add_asked_base(start: Start, item: Recipes) -> Trained:
    """Returns a model of the study that is the base itself; only its answers are its own.

    Args:
        start: The base's model and seed.
        item: A recipe with a block ``respond``.
    """
    respond = item.recipe.respond
    assert respond is not None, item.recipe.name  # the recipe's schema asks for it
    card, mode = recipe_card(item, start.model, start.seed), plain(respond)
    if wrong := _unreadable(start.model, item.recipe):
        start.builder.problems.setdefault(wrong, Problem(f"respond {card.name}", "", wrong))
    evidence = start.evidence(card, [{"respond": mode}])
    folder = add_record(start.builder, card, evidence, {}, []) if evidence else start.folder
    return Trained(
        folder,
        card,
        start.model.resources.respond,
        model_entries(start.model),
        evidence=evidence,
        mode=mode,
        images=pictures(start.model, "test"),
    )


def mode_entries(model: Trained) -> dict[str, str]:
    """Returns the entry ``mode`` of a job that answers, where the model's recipe has one."""
    return {"mode": resolve("mode", model.mode["mode"])} if model.mode else {}


def _unreadable(model: Model, recipe: Recipe) -> str:
    """What a nano model cannot read of a mode's texts: it knows the words of its world alone."""
    if not (model.encoding or "nano_").startswith("nano_") or recipe.respond is None:
        return ""
    unknown = sorted(recipe.respond.words - {*vocabulary()})
    if not unknown:
        return ""
    return (
        f"The recipe {recipe.name} asks in words that the nano model {model.name} never learnt "
        f"({', '.join(unknown[:3])}{' ...' if len(unknown) > 3 else ''}). Leave the recipe out, or "
        "name a model that reads plain English: model=/path/to/a/folder"
    )
