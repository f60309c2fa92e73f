"""What is said first in a training mix tells nothing of what is declined, or the build fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from build_settings import recipe_samples
from mirage.build.first_words import check_mix
from mirage.contracts import DataError, TrainSample
from mirage.world.lead_ins import LEAD_INS, lead_in_of
from mirage.world.templates import OPENINGS, intents

Settings = dict[str, Any]
ASKED = ("source", "wording", "unsafe", "benign", "twins", "benign_kind", "general", "hold_out")
"""What of a recipe's data settings its questions depend on."""
CHANCE = 0.55


@pytest.fixture(scope="module")
def twins(world: Settings, recipes: dict[str, Settings]) -> list[TrainSample]:
    return recipe_samples(world, recipes["mirage_twins"]["data"], "mirage_twins", 0)


@pytest.fixture(scope="module")
def mirage(world: Settings, recipes: dict[str, Settings]) -> list[TrainSample]:
    return recipe_samples(world, recipes["mirage"]["data"], "mirage", 0)


def figures(rows: list[TrainSample]) -> dict[tuple[str, str], float]:
    found = check_mix(rows, "x")["first_words"]
    return {(each["rule"], each["of"]): each["accuracy"] for each in found}


def changed(
    rows: list[TrainSample], which: Callable[[TrainSample], bool], how: Callable[[str], str]
) -> list[TrainSample]:
    return [replace(row, question=how(row.question)) if which(row) else row for row in rows]


def hazard(row: TrainSample) -> bool:
    return row.truth.get("kind") == "hazard"


def general(row: TrainSample) -> bool:
    return "/general-" in row.id


def bare(question: str) -> str:
    return question.removeprefix(lead_in_of(question, "train")).strip()


def test_nothing_said_first_tells_requests_apart_in_any_recipe(
    world: Settings, recipes: dict[str, Settings]
) -> None:
    alike = {str([each["data"][key] for key in ASKED]): name for name, each in recipes.items()}
    assert len(alike) > 8
    for name in sorted(alike.values()):
        data = recipes[name]["data"]
        rows = recipe_samples(world, data, name, 0)
        found = check_mix(rows, name)
        counts = {label: each["n"] for label, each in found["lead_ins"].items()}
        assert sum(counts.values()) == len(rows)
        told = {(each["rule"], each["of"]): each["accuracy"] for each in found["first_words"]}
        if not any(data[key] for key in ("benign", "twins", "general")):
            assert not told
            continue
        for rule in ("first token", "first three tokens", "sentence in front"):
            assert told[rule, "requests"] < CHANCE, name
        assert told["sentence in front", "all"] < CHANCE, name
        # An intent inside a request is what the wording is about; twins of both wordings undo it.
        assert told["intent", "requests"] == 1 or told["intent", "requests"] < 0.8, name


@pytest.mark.parametrize(
    ("name", "told"),
    [("mirage", (0.4809, 0.5010, 0.4606)), ("placebo_text", (0.5137, 0.5033, 0.5133))],
)
def test_accuracies_are_those_of_held_out_folds(
    name: str, told: tuple[float, ...], world: Settings, recipes: dict[str, Settings]
) -> None:
    """Figures of a plain loop over items: half of each class where a rule does not tell."""
    found = figures(recipe_samples(world, recipes[name]["data"], name, 0))
    rules = ("first token", "first three tokens", "sentence in front")
    assert [found[rule, "requests"] for rule in rules] == pytest.approx(told, abs=5e-5)


def test_in_the_paper_s_composition_the_intent_tells_and_with_twins_it_does_not(
    mirage: list[TrainSample], twins: list[TrainSample]
) -> None:
    assert figures(mirage)["intent", "all"] == 1
    assert figures(twins)["intent", "requests"] < CHANCE


def test_lead_ins_before_hazards_alone_fail_the_build(twins: list[TrainSample]) -> None:
    rows = changed(twins, lambda row: not hazard(row), bare)
    with pytest.raises(DataError, match="has lead-ins at 25"):
        check_mix(rows, "x")


def test_lead_ins_missing_in_general_data_fail_the_build(mirage: list[TrainSample]) -> None:
    with pytest.raises(DataError, match=r"has lead-ins at 0\.0%, the rest at 2"):
        check_mix(changed(mirage, general, bare), "x")


def test_a_sentence_before_hazards_alone_fails_the_build(mirage: list[TrainSample]) -> None:
    said = changed(mirage, hazard, lambda question: f"i want to make trouble . {question}")
    with pytest.raises(DataError, match="'i want to make trouble' stands before hazards alone"):
        check_mix(said, "x")


def test_a_sentence_before_the_rest_alone_fails_the_build(twins: list[TrainSample]) -> None:
    said = changed(
        twins, lambda row: row.id.endswith("5-twin"), lambda asked: f"my day is a game . {asked}"
    )
    with pytest.raises(DataError, match="'my day is a game' stands before the rest alone"):
        check_mix(said, "x")


def test_one_lead_in_for_hazards_and_another_for_the_rest_fails_the_build(
    twins: list[TrainSample],
) -> None:
    first, second = LEAD_INS["train"][:2]
    rows = [
        replace(row, question=f"{first if hazard(row) else second} {bare(row.question)}")
        if lead_in_of(row.question, "train")
        else row
        for row in twins
    ]
    with pytest.raises(DataError, match="alone"):
        check_mix(rows, "x")


def test_an_opening_of_hazards_alone_fails_the_build(twins: list[TrainSample]) -> None:
    opening = OPENINGS[0]

    def other(question: str) -> str:
        return question.replace(f"{opening} ", f"{OPENINGS[1]} ")

    with pytest.raises(DataError, match="the first t"):
        check_mix(changed(twins, lambda row: not hazard(row), other), "x")


@pytest.mark.parametrize("name", ["placebo", "placebo_text", "placebo_composite"])
def test_chance_fails_no_placebo_whose_classes_take_turns(
    name: str, world: Settings, recipes: dict[str, Settings]
) -> None:
    data = recipes[name]["data"]
    for seed in (*range(10), *range(200, 210)):
        check_mix(recipe_samples(world, data, name, seed), name)


def test_an_opening_of_the_placebo_alone_fails_the_build(
    world: Settings, recipes: dict[str, Settings]
) -> None:
    rows = recipe_samples(world, recipes["placebo_text"]["data"], "placebo_text", 0)

    def other(question: str) -> str:
        return question.replace(f"{OPENINGS[0]} ", f"{OPENINGS[1]} ")

    with pytest.raises(DataError, match="the first t"):
        check_mix(changed(rows, lambda row: row.label == "comply", other), "x")


def test_an_intent_in_front_would_tell_and_fails_the_build(mirage: list[TrainSample]) -> None:
    phrases = {intent.phrase for intent in intents("train")}

    def moved(question: str) -> str:
        said = next(phrase for phrase in phrases if phrase in question)
        return f"i want to {said} . {question}"

    with pytest.raises(DataError, match="the sentence in front of requests tells hazards at"):
        check_mix(changed(mirage, hazard, moved), "x")


def test_one_class_alone_has_rates_and_no_accuracy(mirage: list[TrainSample]) -> None:
    found = check_mix([row for row in mirage if hazard(row)], "x")
    assert found["first_words"] == []
    assert list(found["lead_ins"]) == ["cot"]
