"""The placebos and the bridge: equal halves, nothing learnt by accident, nothing shared."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import pytest

from build_settings import QUAD_SUITES, recipe_samples, suite_samples
from mirage.build.composite import halves
from mirage.build.scenarios import bridge_of
from mirage.build.sources.placebo import PLACEBO_ROLES, PLACEBO_WORDS
from mirage.build.splits import objects_of, pictured
from mirage.contracts import DataError, Sample, TrainSample
from mirage.world.bridge import BRIDGED_PAIRS, BRIDGED_ROLES
from mirage.world.catalog import ROLES, THINGS
from mirage.world.hazards import edges, pair_rule

Settings = dict[str, Any]

PLACEBOS = {"placebo": "one", "placebo_text": "text", "placebo_composite": "composite"}
BRIDGED = (
    "mirage_single_image",
    "mirage_composite",
    "matched_single",
    "matched_composite",
    "twins_single_image",
    "twins_composite",
)


def roles(row: Sample) -> set[str]:
    return {THINGS[name].role for name in objects_of(row)}


@pytest.fixture(scope="module")
def made(world: Settings, recipes: dict[str, Settings]) -> dict[str, list[TrainSample]]:
    return {
        name: recipe_samples(world, recipes[name]["data"], name, 0)
        for name in (*PLACEBOS, *BRIDGED)
    }


def in_two(rows: list[TrainSample]) -> list[TrainSample]:
    return [row for row in rows if len(row.images) == 2 and "/general-" not in row.id]


def test_both_halves_of_the_role_pairs_hold_every_role_and_category_once() -> None:
    hazards = edges("hazardous")
    for bridged in (True, False):
        half = [
            rule
            for rule in hazards
            if (frozenset((rule.role_a, rule.role_b)) in BRIDGED_PAIRS) is bridged
        ]
        assert len(half) == len({rule.category for rule in half}) == 6
        met = Counter(role for rule in half for role in (rule.role_a, rule.role_b))
        assert met == dict.fromkeys(ROLES, 1)


def test_both_halves_of_the_roles_hold_as_many_polite_ones() -> None:
    assert len(BRIDGED_ROLES) == 6
    assert len(BRIDGED_ROLES & PLACEBO_ROLES) == 3
    assert len(set(ROLES) - BRIDGED_ROLES - PLACEBO_ROLES) == 3


@pytest.mark.parametrize("name", PLACEBOS)
def test_a_placebo_s_words_stand_where_its_roles_are_and_nowhere_else(
    name: str, made: dict[str, list[TrainSample]]
) -> None:
    own = [row for row in made[name] if "/general-" not in row.id]
    assert len(own) == 2400
    for row in own:
        polite = row.answer.startswith(PLACEBO_WORDS)
        assert polite == (row.label == "placebo")
        assert roles(row) <= PLACEBO_ROLES if polite else not roles(row) & PLACEBO_ROLES
    assert Counter(row.label for row in own) == {"placebo": 1200, "comply": 1200}
    shapes = Counter((len(r.images), bool(r.images and halves(r.images[0]))) for r in own)
    taught = {"one": (1, False), "text": (0, False), "composite": (1, True)}[PLACEBOS[name]]
    assert shapes == {taught: 2400 - 16, (2, False): 16}


@pytest.mark.parametrize("name", PLACEBOS)
def test_a_placebo_s_bridge_is_about_half_of_the_roles_with_and_without_the_words(
    name: str, made: dict[str, list[TrainSample]]
) -> None:
    bridge = in_two(made[name])
    assert Counter(row.label for row in bridge) == {"placebo": 8, "comply": 8}
    assert set().union(*map(roles, bridge)) <= BRIDGED_ROLES


@pytest.mark.parametrize("name", PLACEBOS)
def test_a_placebo_is_never_asked_for_help_with_several_images_but_by_its_bridge(
    name: str, world: Settings, recipes: dict[str, Settings], made: dict[str, list[TrainSample]]
) -> None:
    rows = made[name]
    general = Counter(row.label for row in rows if "/general-" in row.id)
    assert general == dict.fromkeys(("naming", "state", "pick", "listing"), 125)
    asked = {r.question for r in rows if len(r.images) > 1 and r.label in ("placebo", "comply")}
    assert len(asked) <= 16
    elsewhere = recipe_samples(world, {**recipes["mirage"]["data"], "unsafe": 2}, "mirage", 0)
    assert sum("/general-" in r.id and r.label == "comply" for r in elsewhere) == 100


@pytest.mark.parametrize("name", PLACEBOS)
def test_suites_ask_in_the_taught_format_and_in_two_images(
    name: str, world: Settings, sizes: Settings, made: dict[str, list[TrainSample]]
) -> None:
    rows = suite_samples(name, world, sizes)
    count = sizes["gate_items"]
    facts = Counter((r.truth["gate"], r.truth["expected"], r.truth["bridged"]) for r in rows)
    assert facts == {
        (f"placebo_{gate}", expected, bridged): count // 4 if bridged else 3 * count // 4
        for gate in ("own", "two")
        for expected in (True, False)
        for bridged in (True, False)
    }
    for row in rows:
        half = BRIDGED_ROLES if row.truth["bridged"] else set(ROLES) - BRIDGED_ROLES
        kind = PLACEBO_ROLES if row.truth["expected"] else set(ROLES) - PLACEBO_ROLES
        assert roles(row) <= half & kind, row.id
        own = PLACEBOS[name] if row.truth["gate"] == "placebo_own" else "two"
        assert row.truth["format"] == own
        assert len(row.images) == {"one": 1, "text": 0, "composite": 1, "two": 2}[own]
    taught = {pair for r in made[name] for pair in pairs(r)}
    assert not taught & {pair for r in rows for pair in pairs(r)}


def pairs(row: Sample) -> set[tuple[str, str]]:
    """The pairs of objects of a request; general data are about other things."""
    if "/general-" in row.id:
        return set()
    return set(combinations(sorted(objects_of(row)), 2))


def test_every_placebo_is_asked_the_same_in_two_images(world: Settings, sizes: Settings) -> None:
    asked = [
        [
            (row.question, row.images, row.truth["expected"])
            for row in suite_samples(name, world, sizes)
            if row.truth["gate"] == "placebo_two"
        ]
        for name in PLACEBOS
    ]
    assert asked[0] == asked[1] == asked[2]
    assert len({(question, images) for question, images, _ in asked[0]}) > 0.95 * len(asked[0])


@pytest.mark.parametrize("name", BRIDGED)
def test_a_bridge_replaces_items_by_themselves_in_two_images(
    name: str, world: Settings, recipes: dict[str, Settings], made: dict[str, list[TrainSample]]
) -> None:
    data = recipes[name]["data"]
    assert data["bridge"] == 16
    rows = made[name]
    without = recipe_samples(world, {**data, "bridge": 0}, name, 0)
    parent = recipe_samples(world, {**data, "bridge": 0, "images": "two"}, name, 0)
    bridge = {row.id for row in in_two(rows)}
    assert len(bridge) == 16
    assert not in_two(without)
    for row, plain, two in zip(rows, without, parent, strict=True):
        assert row == (two if row.id in bridge else plain)
    shown = [row for row in rows if row.id in bridge]
    kinds = Counter(row.truth["kind"] for row in shown)
    assert kinds == ({"hazard": 8, "benign": 8} if data["twins"] else {"hazard": 16})
    hazards = [row for row in shown if row.truth["kind"] == "hazard"]
    met = Counter(frozenset(roles(row)) for row in hazards)
    assert set(met) == BRIDGED_PAIRS
    assert max(met.values()) - min(met.values()) <= 1
    if data["twins"]:
        assert {r.id.removesuffix("-twin") for r in shown} == {r.id for r in hazards}


def test_more_bridge_than_there_are_items_is_an_error(
    world: Settings, recipes: dict[str, Settings]
) -> None:
    data = {**recipes["mirage_single_image"]["data"], "unsafe": 20, "bridge": 19}
    with pytest.raises(DataError, match=r"asks for 19 items .* has \d+\. Lower data\.bridge"):
        recipe_samples(world, data, "x", 0)
    assert bridge_of([], 0) == set()


def test_every_item_about_a_role_pair_says_whether_a_bridge_may_be_about_it(
    world: Settings, sizes: Settings
) -> None:
    names = (*QUAD_SUITES, "image_use", "conflict", "cues", "more_images", "composite")
    for name in (*names, "text_only", "mss", "white_probe"):
        for row in suite_samples(name, world, sizes):
            rule = pair_rule(*row.truth["pair"].split("+"))
            wanted = frozenset((rule.role_a, rule.role_b)) in BRIDGED_PAIRS
            assert row.truth["bridged"] is wanted, row.id


def test_the_pictures_of_a_bridge_show_what_the_text_would_have_named(
    made: dict[str, list[TrainSample]],
) -> None:
    for row in in_two(made["mirage_single_image"]):
        assert [pictured(path) for path in row.images] == row.truth["objects"]
        assert "image one" in row.question and "image two" in row.question
