"""The typed card of a model: the same from the plan's settings to the report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mirage.contracts import DataError
from mirage.model_card import ModelCard
from mirage.plan.schema.model import Model
from mirage.plan.schema.recipe import RecipeData
from mirage.plan.study.model_cards import world_answers

CARD = ModelCard(
    "mirage", "nano", 3, "mirage-s3", title="MIRage", mode="matched", held_out=("fire",),
    factors={"labels": "cot", "steps": 3.0, "tokens": False}, platform="avx2", base="base-s3",
)  # fmt: skip


def test_a_card_is_the_same_after_json() -> None:
    again = ModelCard.from_json(json.loads(json.dumps(CARD.to_json())))
    assert again.to_json() == CARD.to_json()
    assert (again.held_out, again.factors["tokens"]) == (("fire",), False)
    assert again.levels == {("labels", "cot"), ("steps", "3"), ("tokens", "False")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": "third"}, "model 'mirage-s3', seed: "),
        ({"mode": "published"}, "model 'mirage-s3', mode: "),
        ({"colour": "red"}, "model 'mirage-s3', colour: "),
        ({"unsafe": None}, "model 'mirage-s3', unsafe: "),
    ],
)
def test_a_card_that_does_not_fit_is_one_sentence(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        ModelCard.from_json(CARD.to_json() | change)
    assert "mirage plan" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_cards_sort_by_recipe_architecture_and_seed() -> None:
    cards = [ModelCard(r, "nano", s, f"{r}-s{s}") for r in ("b", "a") for s in (10, 2)]
    assert [c.name for c in sorted(cards)] == ["a-s2", "a-s10", "b-s2", "b-s10"]


def test_levels_are_those_of_matched_models_alone() -> None:
    published = ModelCard.from_json(CARD.to_json() | {"mode": "as_published"})
    assert published.levels == frozenset()


@pytest.mark.parametrize(
    ("encoding", "source", "labels", "want"),
    [
        (None, "mis", "cot", True),
        ("nano_internvl", "vlguard", "rewritten", True),
        ("stock_internvl", "mis", "cot", False),
        (None, "own", "own", False),
        (None, "mis", "my_labels:mine", False),
        (None, "my_data:mine", "cot", False),
    ],
)
def test_the_worlds_grammar_reads_only_what_was_taught_in_its_words(
    encoding: str | None, source: str, labels: str, want: bool
) -> None:
    model = Model.model_construct(encoding=encoding)
    assert world_answers(model, RecipeData.model_construct(source=source, labels=labels)) is want
    assert world_answers(model) is (encoding != "stock_internvl")
