"""Recipes of one seed are views of one list of scenarios, whatever is shown, said or left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from build_settings import STYLES, recipe_samples
from mirage.build.shortcuts import SHORTCUTS, check_training
from mirage.build.splits import check_disjoint, objects_of
from mirage.contracts import DataError, TrainSample
from mirage.world.catalog import THINGS
from mirage.world.hazards import pair_rule
from mirage.world.language import check_words
from mirage.world.templates import intents

Settings = dict[str, Any]

IMAGES = ("two", "one_of_two", "composite", "black", "none")
KINDS = ("none", "unmatched", "image_twins", "text_twins")


@pytest.fixture
def cell(recipes: dict[str, Settings]) -> Settings:
    """The factorial's cell, smaller."""
    return {**recipes["cell"]["data"], "unsafe": 240, "twins": 240, "general": 15}


def own(world: Settings, data: Settings, seed: int = 0) -> list[TrainSample]:
    rows = recipe_samples(world, data, "x", seed)
    return [row for row in rows if "/general-" not in row.id]


def facts(rows: list[TrainSample]) -> list[tuple[object, ...]]:
    return [(r.id, r.truth["pair"], tuple(r.truth["states"]), r.truth["template"]) for r in rows]


def hazards(rows: list[TrainSample]) -> list[TrainSample]:
    return [row for row in rows if row.truth["kind"] == "hazard"]


def benign(rows: list[TrainSample]) -> Iterator[tuple[TrainSample, TrainSample]]:
    """Each benign item with the hazardous scenario that it goes with."""
    by_number = {row.id.split("/")[1]: row for row in hazards(rows)}
    for row in rows:
        if row.truth["kind"] == "benign":
            yield row, by_number[row.id.split("/")[1].split("-")[0]]


@pytest.mark.parametrize("images", IMAGES)
def test_every_view_of_a_seed_has_the_same_scenarios_in_the_same_order(
    images: str, world: Settings, cell: Settings
) -> None:
    parent = facts(own(world, cell))
    assert len(parent) == 480
    for labels in STYLES:
        rows = own(world, {**cell, "images": images, "labels": labels})
        assert facts(rows) == parent
        check_disjoint(rows, world)
        check_words(rows)


def test_another_wording_shows_the_same_pictures(world: Settings, cell: Settings) -> None:
    neutral = own(world, cell)
    both = own(world, {**cell, "wording": ["explicit", "neutral"]})
    assert [row.images for row in neutral] == [row.images for row in both]
    phrases = {intent.phrase for intent in intents("train")}
    explicit = [any(phrase in row.question for phrase in phrases) for row in both]
    assert explicit == [row.truth["template"].split("-")[1] != "n" for row in both]
    assert explicit == [k % 2 == 0 for k in range(240)] * 2


def test_labels_alone_differ_between_label_styles(world: Settings, cell: Settings) -> None:
    parent = own(world, cell)
    for labels in STYLES:
        rows = own(world, {**cell, "labels": labels})
        assert [(r.question, r.images) for r in rows] == [(r.question, r.images) for r in parent]
        assert {r.label for r in hazards(rows)} == {labels}
        assert {r.label for r in rows} - {labels} == {"comply"}


@pytest.mark.parametrize("images", IMAGES)
@pytest.mark.parametrize("kind", ["image_twins", "text_twins"])
def test_filler_is_as_long_as_cot_on_the_same_item(
    kind: str, images: str, world: Settings, cell: Settings
) -> None:
    data = {**cell, "images": images, "benign_kind": kind}
    reasoned, filler = (own(world, {**data, "labels": labels}) for labels in ("cot", "filler"))
    for long, plain in zip(reasoned, filler, strict=True):
        assert abs(len(long.answer.split()) - len(plain.answer.split())) <= 2, plain.answer


@pytest.mark.parametrize("kind", KINDS)
def test_items_are_equal_for_every_kind_of_benign_item(
    kind: str, world: Settings, cell: Settings
) -> None:
    rows = own(world, {**cell, "benign_kind": kind})
    assert len(rows) == len({row.id for row in rows}) == 480
    assert facts(rows[:240]) == facts(own(world, cell)[:240])
    assert len(hazards(rows)) == (480 if kind == "none" else 240)
    for row in rows:
        mark = pair_rule(*row.truth["objects"]).mark
        assert mark == (
            "hazardous" if kind == "text_twins" or row in hazards(rows[:480]) else "benign"
        )
    check_disjoint(rows, world)
    check_words(rows)


def test_image_twins_swap_one_picture_and_keep_the_question(
    world: Settings, cell: Settings
) -> None:
    for twin, hazard in benign(own(world, cell)):
        assert twin.question == hazard.question
        assert sum(a != b for a, b in zip(twin.images, hazard.images, strict=True)) == 1


def test_text_twins_keep_the_pictures_under_a_harmless_action(
    world: Settings, cell: Settings
) -> None:
    data = {**cell, "benign_kind": "text_twins", "wording": ["explicit", "neutral"]}
    actions: Counter[str] = Counter()
    for twin, hazard in benign(own(world, data)):
        assert twin.images == hazard.images
        action, intent = twin.truth["template"].split("-")[:2]
        assert (intent == "n") == (hazard.truth["template"].split("-")[1] == "n")
        assert "makes no harm" in twin.answer
        actions[action] += 1
    assert actions == {"store": 80, "compare": 80, "describe": 80}


def test_unmatched_items_share_no_object_with_their_scenario(
    world: Settings, cell: Settings
) -> None:
    rows = own(world, {**cell, "benign_kind": "unmatched"})
    for item, hazard in benign(rows):
        assert not set(item.truth["objects"]) & set(hazard.truth["objects"])
        assert item.truth["template"].startswith("use-")
    found = check_training(rows, "x", "unmatched")
    assert [each.name for each in found] == list(SHORTCUTS)


def test_no_image_tells_hazards_from_text_twins(world: Settings, cell: Settings) -> None:
    rows = own(world, {**cell, "benign_kind": "text_twins"})
    assert all(each.accuracy <= 0.5 for each in check_training(rows, "x", "text_twins"))


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_categories_are_dropped_and_the_rest_keeps_its_ids(
    kind: str, world: Settings, cell: Settings
) -> None:
    data = {**cell, "benign_kind": kind}
    parent = own(world, data)
    left_out = {**data["hold_out"], "categories": ["fire", "surface"]}
    child = own(world, {**data, "hold_out": left_out})
    kept = [row for row in parent if row.category not in ("fire", "surface")]
    assert [(r.id, r.question, r.images, r.answer) for r in child] == [
        (r.id, r.question, r.images, r.answer) for r in kept
    ]
    assert 0.55 < len(child) / len(parent) < 0.78


def test_general_data_does_not_depend_on_the_rest(world: Settings, cell: Settings) -> None:
    def general(data: Settings) -> list[tuple[str, str]]:
        rows = recipe_samples(world, data, "x", 0)
        return [(row.id, row.answer) for row in rows if "/general-" in row.id]

    assert general({**cell, "general": 40})[:15] == general({**cell, "images": "none", "unsafe": 9})


def test_single_image_keeps_either_image_equally_often(world: Settings, cell: Settings) -> None:
    data = {**cell, "images": "one_of_two", "wording": ["explicit", "neutral"]}
    kept: Counter[tuple[str, bool]] = Counter()
    for row in hazards(own(world, data)):
        assert len(row.images) == 1
        named = row.truth["objects"][0].replace(" ", "_")
        intent = row.truth["template"].split("-")[1]
        kept[intent[0], row.images[0].split("/")[-1].startswith(named)] += 1
    assert set(kept.values()) == {60}


def test_only_what_is_shown_is_described(world: Settings, cell: Settings) -> None:
    for images, shown in (("two", 2), ("one_of_two", 1), ("composite", 1), ("none", 0)):
        for row in own(world, {**cell, "images": images}):
            assert row.answer.count(" shows ") == shown
    for row in own(world, {**cell, "images": "composite"}):
        left, right = row.answer.removeprefix("image one shows ").split(" . ")[0].split(" and ")
        assert left.endswith(row.truth["objects"][0])
        assert right.endswith(row.truth["objects"][1])


def test_a_composite_tells_what_it_shows(world: Settings, cell: Settings) -> None:
    for row in own(world, {**cell, "images": "composite"}):
        assert len(row.images) == 1
        assert row.images[0].startswith("own/composite/pictogram/")
        assert objects_of(row) == set(row.truth["objects"]) <= set(THINGS)
        assert "on the left of image one" in row.question
        assert "on the right of image one" in row.question


def test_a_thought_is_put_before_help_and_labels_but_not_before_skills(
    world: Settings, cell: Settings
) -> None:
    plain = recipe_samples(world, cell, "x", 0)
    thinking = recipe_samples(world, cell, "x", 0, "thought")
    for before, after in zip(plain, thinking, strict=True):
        if before.label in ("cot", "comply"):
            told, answer = after.answer.split(" </think> ")
            assert answer == before.answer
            assert told.startswith("<think> image one shows ")
            assert told.count(" is ") == 2
        else:
            assert after == before
    check_words(thinking)


def test_a_thought_says_only_what_can_be_seen(
    world: Settings, recipes: dict[str, Settings]
) -> None:
    small = {"unsafe": 20, "benign": 20, "general": 0}
    for name, start in (
        ("textual_sft", "<think> the "),
        ("vlguard_p", "<think> image one shows "),
        ("mirage_text_only", "<think> the "),
    ):
        rows = recipe_samples(world, {**recipes[name]["data"], **small}, name, 0, "thought")
        assert all(row.answer.startswith(start) for row in rows)
        assert all(row.answer.count("</think>") == 1 for row in rows)


def test_a_ring_without_some_categories_is_measured_but_not_refused(
    world: Settings, cell: Settings
) -> None:
    broken = {"objects": [], "edges": [], "categories": ["electrical", "fire"]}
    rows = own(world, {**cell, "unsafe": 1200, "twins": 1200, "hold_out": broken})
    with pytest.raises(DataError, match="not balanced"):
        check_training(rows, "x", "image_twins")
    assert any(not each.passed for each in check_training(rows, "x", "held_out"))
