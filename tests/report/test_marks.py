"""One colour and one shape per recipe, in every figure of every study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from mirage.model_card import ModelCard
from mirage.report.draw.marks import FREE, LABELS, PUBLISHED, RECIPES, recipe_marks

CONF = Path(__file__).parents[2] / "conf"
CELL = ModelCard("cell_labels_cot", "nano", 0, "cell-s0", mode="matched", factors={"labels": "cot"})


def card(recipe: str) -> ModelCard:
    return ModelCard(recipe, "nano", 0, f"{recipe}-s0", mode="as_published")


def is_trial(recipe: dict[str, Any]) -> bool:
    """Tells whether a recipe takes but some items of its data: no figure compares its model."""
    data = recipe.get("data", {})
    return "limit" in data or any("limit" in part for part in data.get("parts", []))


def test_every_recipe_of_the_suite_has_a_mark_that_no_other_has() -> None:
    plain = [yaml.safe_load(p.read_text()) for p in (CONF / "recipe").glob("*.yaml")]
    recipes = [recipe["name"] for recipe in plain if not is_trial(recipe)]
    assert {*recipes, "base"} - {"cell", *PUBLISHED} == set(RECIPES)
    assert set(PUBLISHED) <= set(recipes) and set(PUBLISHED.values()) <= set(RECIPES)
    pairs = [(mark.shape, mark.colour) for mark in (*RECIPES.values(), *FREE)]
    assert len(pairs) == len(set(pairs))


def test_a_recipe_of_ones_own_changes_no_other_and_takes_the_next_free_mark() -> None:
    ours = [card("mirage"), card("textual_sft")]
    both = recipe_marks([*ours, card("zebra"), card("blunt")])
    assert {name: both[name] for name in ("mirage", "textual_sft")} == recipe_marks(ours)
    assert (both["blunt"], both["zebra"]) == FREE[:2]
    assert recipe_marks([card("blunt"), *ours, card("zebra")]) == both


def test_orders_look_as_their_recipe_and_cells_as_their_labels() -> None:
    marks = recipe_marks([card("mirage_order_2"), CELL, replace(CELL, recipe="own", factors={})])
    assert marks["mirage_order_2"] == RECIPES["mirage"]
    assert marks["cell_labels_cot"] == LABELS["cot"]
    assert marks["own"] == FREE[0]
