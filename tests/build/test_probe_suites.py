"""Suites made from items of ``hard``: what each changes, what it keeps, and whether it is true."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from build_settings import load, suite_samples
from mirage.build.cases import probe_quads
from mirage.build.composite import halves
from mirage.build.masked import unmasked
from mirage.build.pictures import renders
from mirage.build.skills import Sampler, naming, two_hop
from mirage.build.splits import rendering
from mirage.contracts import DataError, Sample, to_line
from mirage.world.catalog import THINGS
from mirage.world.cues import CUES
from mirage.world.hazards import pair_rule
from mirage.world.lead_ins import LEAD_INS
from mirage.world.pairs import split_of
from mirage.world.templates import intents, templates

Settings = dict[str, Any]
MADE = ("image_use", "conflict", "lead_ins", "cues", "more_images", "composite", "item_probes")


@pytest.fixture(scope="module")
def suites(world: Settings, sizes: Settings) -> dict[str, list[Sample]]:
    return {name: suite_samples(name, world, sizes) for name in (*MADE, "hard", "gates")}


@pytest.fixture(scope="module")
def hard(suites: dict[str, list[Sample]]) -> dict[str, Sample]:
    return {row.id: row for row in suites["hard"]}


def by(rows: list[Sample], *keys: str) -> dict[Any, list[Sample]]:
    groups: dict[Any, list[Sample]] = {}
    for row in rows:
        found = tuple(row.truth[key] for key in keys)
        groups.setdefault(found[0] if len(found) == 1 else found, []).append(row)
    return groups


@pytest.mark.parametrize(
    ("size", "quads"), [("tiny", 8), ("quick", 48), ("confirm", 120), ("full", 120)]
)
def test_sizes_follow_the_settings(size: str, quads: int, world: Settings) -> None:
    build = load(f"build/{size}.yaml")
    assert len(probe_quads(build)) == quads
    per_quad = {
        "image_use": 6,
        "conflict": 4,
        "lead_ins": 6,
        "cues": 4,
        "more_images": 6,
        "composite": 2,
    }
    for name, count in per_quad.items():
        assert len(suite_samples(name, world, build)) == count * quads
    hazards = 12 * build["pairs_per_edge"] * build["items_per_pair"]
    assert len(suite_samples("item_probes", world, build)) == 3 * hazards


def test_chosen_quads_are_spread_over_the_role_pairs(sizes: Settings) -> None:
    edges = Counter(quad.rule.sub_category for quad in probe_quads(sizes))
    assert len(edges) == 12
    assert set(edges.values()) == {4}


@pytest.mark.parametrize("name", MADE)
def test_other_pictures_for_another_world_seed(
    name: str, world: Settings, sizes: Settings, suites: dict[str, list[Sample]]
) -> None:
    other = suite_samples(name, {**world, "seed": 1}, sizes)
    assert [row.id for row in other] == [row.id for row in suites[name]]
    assert [to_line(row) for row in other] != [to_line(row) for row in suites[name]]


@pytest.mark.parametrize("name", MADE)
def test_truth_tells_level_template_and_style(name: str, suites: dict[str, list[Sample]]) -> None:
    for row in suites[name]:
        assert row.category and row.sub_category
        if row.truth["kind"] != "skill":
            assert row.truth["level"] == "L1"
            assert row.truth["new_template"] is True
            assert row.truth["style"] == "pictogram"
            wording = row.truth["wording"]
            allowed = {t.name for t in templates("use", wording, "test")}
            assert row.truth["template"] in allowed


@pytest.mark.parametrize("name", MADE)
def test_every_picture_is_a_test_rendering(
    name: str, suites: dict[str, list[Sample]], world: Settings
) -> None:
    test = renders(world, "test", "pictogram")
    for row in suites[name]:
        for path in row.images:
            source = unmasked(path)
            for part in halves(path) or ((source,) if source else (path,)):
                found = rendering(part)
                assert part == "images/black.png" or (found and found[1] in test), row.id


@pytest.mark.parametrize("name", MADE)
def test_hazard_and_twin_are_what_the_table_says(
    name: str, suites: dict[str, list[Sample]]
) -> None:
    for row in suites[name]:
        kind, things = row.truth["kind"], row.truth.get("things", [])
        if kind in ("skill", "unknowable"):
            continue
        rule = pair_rule(*things)
        assert rule.mark == ("hazardous" if kind == "hazard" else "benign"), row.id
        assert row.truth["hazard"] == (rule.effect or None)
        assert split_of(*things) == "test"


def test_image_use_has_every_format_once_for_each_quad(suites: dict[str, list[Sample]]) -> None:
    for rows in by(suites["image_use"], "quad").values():
        formats = [row.truth["format"] for row in rows]
        assert formats == ["intact", "swapped", "shuffled", "masked", "black", "none"]
        assert len({row.question for row in rows}) == 1
        assert len({row.images for row in rows}) == 6
        assert {row.truth.get("intact") for row in rows} == {None, rows[0].id}
        unknowable = {r.truth["format"] for r in rows if r.truth["kind"] == "unknowable"}
        assert unknowable == {"masked", "black", "none"}


def test_intact_and_swapped_are_the_item_of_hard(
    suites: dict[str, list[Sample]], hard: dict[str, Sample]
) -> None:
    formats = by(suites["image_use"], "format")
    for intact, swapped in zip(formats["intact"], formats["swapped"], strict=True):
        item = hard[f"hard/{intact.truth['quad']}-hazard"]
        assert (intact.question, intact.images) == (item.question, item.images)
        assert swapped.images == item.images[::-1]
        assert swapped.truth["objects"] == item.truth["objects"][::-1]
        assert swapped.truth["hazard"] == item.truth["hazard"]


def test_shuffled_shows_another_item_and_recomputes_the_truth(
    suites: dict[str, list[Sample]], hard: dict[str, Sample]
) -> None:
    formats = by(suites["image_use"], "format")
    kinds = Counter(row.truth["kind"] for row in formats["shuffled"])
    assert kinds == {"hazard": 24, "benign": 24}
    for row, intact in zip(formats["shuffled"], formats["intact"], strict=True):
        item = hard[row.truth["pictures_of"]]
        assert row.images == item.images
        assert row.truth["objects"] == item.truth["objects"]
        assert (row.truth["hazard"], row.truth["pair"]) == (
            item.truth["hazard"],
            item.truth["pair"],
        )
        assert row.category == item.category
        assert item.sub_category != intact.sub_category
        assert item.truth["quad"] != row.truth["quad"]
        assert row.truth["corner"] in ("hazard", "twin")


def test_shuffling_items_of_one_role_pair_is_an_error(world: Settings, sizes: Settings) -> None:
    with pytest.raises(DataError, match="Raise probe_items"):
        suite_samples("image_use", world, {**sizes, "probe_items": 1})


def test_blank_formats_show_no_object(suites: dict[str, list[Sample]]) -> None:
    formats = by(suites["image_use"], "format")
    for row in formats["black"]:
        assert row.images == ("images/black.png", "images/black.png")
        assert row.truth["objects"] == [None, None]
    for row in formats["none"]:
        assert row.images == ()
        assert row.truth["objects"] == []


def test_masked_hides_one_image_and_keeps_the_other(
    suites: dict[str, list[Sample]], hard: dict[str, Sample]
) -> None:
    hidden = Counter()
    for row in by(suites["image_use"], "format")["masked"]:
        item, at = hard[f"hard/{row.truth['quad']}-hazard"], row.truth["masked_image"]
        assert unmasked(row.images[at]) == item.images[at]
        assert row.images[1 - at] == item.images[1 - at]
        assert row.truth["objects"][at] is None
        assert row.truth["objects"][1 - at] == item.truth["objects"][1 - at]
        hidden[at] += 1
    assert min(hidden.values()) >= 16


def test_conflict_corners_differ_in_wording_or_pictures_alone(
    suites: dict[str, list[Sample]], hard: dict[str, Sample]
) -> None:
    kinds = {
        "hazard_neutral": "hazard",
        "hazard_explicit": "hazard",
        "twin_neutral": "benign",
        "twin_explicit": "conflict",
    }
    for quad, rows in by(suites["conflict"], "quad").items():
        corners = {row.truth["corner"]: row for row in rows}
        assert {name: row.truth["kind"] for name, row in corners.items()} == kinds
        neutral, explicit = corners["twin_neutral"], corners["twin_explicit"]
        (said,) = {i.phrase for i in intents("test") if i.phrase in explicit.question}
        rest = explicit.question.replace(f" in order to {said}", "")
        assert rest.replace(f" {said} when i", "") == neutral.question
        assert explicit.question == corners["hazard_explicit"].question
        assert neutral.question == corners["hazard_neutral"].question
        assert (neutral.images, neutral.question) == (
            hard[f"hard/{quad}-twin_trigger"].images,
            hard[f"hard/{quad}-twin_trigger"].question,
        )
        assert corners["hazard_explicit"].images == hard[f"hard/{quad}-hazard"].images
        assert {row.truth["wording"] for row in rows} == {"neutral", "explicit"}


def test_lead_ins_stand_before_the_plain_question_and_intents_are_those_of_conflict(
    suites: dict[str, list[Sample]], hard: dict[str, Sample]
) -> None:
    conflict = {(row.truth["quad"], row.truth["corner"]): row for row in suites["conflict"]}
    said: Counter[str] = Counter()
    for quad, rows in by(suites["lead_ins"], "quad").items():
        arms = {(row.truth["corner"], row.truth["format"]): row for row in rows}
        assert len(arms) == len(rows) == 6
        plain = hard[f"hard/{quad}-hazard"].question
        for corner in ("hazard", "twin_trigger"):
            item = hard[f"hard/{quad}-{corner}"]
            for arm in ("plain", "lead_in"):
                row = arms[corner, arm]
                assert row.images == item.images
                assert (row.truth["kind"], row.truth["hazard"]) == (
                    item.truth["kind"],
                    item.truth["hazard"],
                )
            assert arms[corner, "plain"].question == item.question == plain
            told = arms[corner, "lead_in"].question.removesuffix(f" {plain}")
            assert told in LEAD_INS["test"]
            said[told] += 1
        assert arms["hazard", "lead_in"].question == arms["twin_trigger", "lead_in"].question
        for corner in ("hazard_explicit", "twin_explicit"):
            row, same = arms[corner, "intent"], conflict[quad, corner]
            assert (row.question, row.images) == (same.question, same.images)
            assert row.truth["kind"] == same.truth["kind"]
    assert set(said.values()) == {2 * 48 // 24}


def test_cues_stand_before_the_plain_question(suites: dict[str, list[Sample]]) -> None:
    for rows in by(suites["cues"], "quad").values():
        cues = {row.truth["cue"]: row for row in rows}
        assert list(cues) == ["plain", "exaggerated", "negated", "counter_intuitive"]
        assert {row.truth["kind"] for row in rows} == {"benign"}
        assert {row.truth["corner"] for row in rows} == {"twin_trigger"}
        assert len({row.images for row in rows}) == 1
        for kind, sentences in CUES.items():
            told = cues[kind].question.removesuffix(f" {cues['plain'].question}")
            assert told in sentences["test"]
            assert told not in sentences["train"]


def test_bystanders_are_the_same_in_both_corners_and_harmless(
    suites: dict[str, list[Sample]],
) -> None:
    counts = {"two": 2, "three": 3, "four": 4}
    for (_, style_format), rows in by(suites["more_images"], "quad", "format").items():
        hazard, twin = rows
        assert (hazard.truth["corner"], twin.truth["corner"]) == ("hazard", "twin_trigger")
        assert hazard.question == twin.question
        assert hazard.truth["positions"] == twin.truth["positions"]
        differ = [
            k for k, (a, b) in enumerate(zip(hazard.images, twin.images, strict=True)) if a != b
        ]
        assert len(differ) == 1 and differ[0] in hazard.truth["positions"]
        for row in rows:
            shown = row.truth["objects"]
            assert len(shown) == len(set(shown)) == len(row.images) == counts[style_format]
            assert [shown[at] for at in row.truth["positions"]] == row.truth["things"]
            others = [name for name in shown if name not in row.truth["things"]]
            for other in others:
                for name in set(shown) - {other}:
                    assert split_of(name, other) == "train"
                    assert pair_rule(name, other).mark != "hazardous"


def test_positions_of_the_things_vary(suites: dict[str, list[Sample]]) -> None:
    places = Counter(
        tuple(row.truth["positions"])
        for row in suites["more_images"]
        if row.truth["format"] == "four"
    )
    assert len(places) == 6


def test_composites_hold_the_pictures_of_hard(
    suites: dict[str, list[Sample]], hard: dict[str, Sample]
) -> None:
    for row in suites["composite"]:
        item = hard[f"hard/{row.truth['quad']}-{row.truth['corner']}"]
        assert len(row.images) == 1
        assert halves(row.images[0]) == item.images
        assert row.truth["objects"] == row.truth["things"] == item.truth["objects"]
        assert row.truth["format"] == "composite"
        assert "left of image one" in row.question and "right of image one" in row.question


def test_item_probes_ask_for_the_parts_of_every_hazard(
    suites: dict[str, list[Sample]], hard: dict[str, Sample], world: Settings
) -> None:
    hazards = {name for name, row in hard.items() if row.truth["corner"] == "hazard"}
    items = by(suites["item_probes"], "item")
    assert set(items) == hazards
    for name, rows in items.items():
        item = hard[name]
        first, second = item.truth["objects"]
        probes = {row.truth["probe"]: row for row in rows}
        assert list(probes) == ["name_1", "name_2", "rule"]
        for at, probe in enumerate(("name_1", "name_2")):
            assert probes[probe].images == item.images
            assert item.truth["objects"][at] in probes[probe].truth["answer"]
        rule = probes["rule"]
        assert rule.images == ()
        assert THINGS[first].role in rule.truth["answer"]
        assert item.truth["hazard"] in rule.truth["answer"]
        assert second in rule.question


def test_item_probes_speak_the_base_s_own_words(
    suites: dict[str, list[Sample]], world: Settings
) -> None:
    draw = Sampler(Random(0), world, split="test")
    asked = {naming(draw, at, 2).question for at in (0, 1)}
    probes = by(suites["item_probes"], "probe")
    assert {row.question for row in probes["name_1"] + probes["name_2"]} == asked
    known = {two_hop(draw).question for _ in range(3000)}
    assert sum(row.question in known for row in probes["rule"]) > len(probes["rule"]) / 2


def test_gates_ask_for_four_images_and_composites(suites: dict[str, list[Sample]]) -> None:
    gates = by(suites["gates"], "gate")
    for style_format, images in (("four", 4), ("composite", 1)):
        for gate in ("help", "comply"):
            rows = gates[f"{gate}_{style_format}"]
            assert len(rows) == len(gates["naming_1"]) > 0
            assert all(len(row.images) == images for row in rows)
    rows = gates["naming_composite"]
    assert len(rows) == len(gates["naming_1"])
    for number, row in enumerate(rows):
        side = number % 2
        assert row.truth["objects"][side] in row.truth["answer"]
        assert ("left", "right")[side] in row.question
