"""Skill families: what each asks, what a guess scores, and which no recipe holds."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from build_settings import CONF, load, recipe_samples, suite_samples
from mirage.build.skills import FAMILIES, GENERAL, HELD_OUT, YES_NO, Asked, Sampler
from mirage.contracts import Sample
from mirage.world.catalog import THINGS
from mirage.world.templates import NUMBERS

Settings = dict[str, Any]


def drawn(family: str, world: Settings, count: int) -> list[Asked]:
    draw = Sampler(Random(f"test/{family}"), world)
    return [FAMILIES[family].ask(draw) for _ in range(count)]


def of_family(rows: list[Sample]) -> dict[str, list[Sample]]:
    return {f: [r for r in rows if r.truth["family"] == f] for f in (*GENERAL, *HELD_OUT)}


def test_six_families_of_each_class_are_held_out_of_all_general_data(
    world: Settings, recipes: dict[str, Settings]
) -> None:
    classes = Counter(FAMILIES[family].modality for family in HELD_OUT)
    assert classes["single"] >= 6 and classes["multi"] >= 6
    for name, recipe in recipes.items():
        data = {**recipe["data"], "unsafe": 0, "benign": 0, "twins": 0, "bridge": 0}
        labels = {row.label for row in recipe_samples(world, data, name, 0)}
        assert labels <= {*GENERAL, "comply"}, name


@pytest.mark.parametrize("family", FAMILIES)
def test_a_constant_answer_scores_no_more_than_is_stated(family: str, world: Settings) -> None:
    answers = Counter(asked.answer for asked in drawn(family, world, 3000))
    (_, best), *_ = answers.most_common(1)
    assert FAMILIES[family].chance - 4 < 100 * best / 3000 < FAMILIES[family].chance + 3


def test_the_chance_levels_of_the_suite_s_yaml_are_those_of_the_families() -> None:
    text = (CONF / "suite" / "general.yaml").read_text(encoding="utf-8")
    said = " ".join(text.replace("\n#", " ").translate(dict.fromkeys(map(ord, ",.;"), " ")).split())
    for family in (*GENERAL, *HELD_OUT):
        assert f" {family} {FAMILIES[family].chance} " in said, family


@pytest.mark.parametrize("size", ["tiny", "quick", "confirm", "full"])
def test_a_constant_yes_is_right_on_half_of_a_suite_s_questions(size: str, world: Settings) -> None:
    build = load(f"build/{size}.yaml")
    rows = of_family(suite_samples("general", world, build))
    asked = {family for family, items in rows.items() if items[0].truth["answer"] in YES_NO}
    assert asked == {"warm"}
    for family in asked:
        answers = Counter(row.truth["answer"] for row in rows[family])
        assert answers == dict.fromkeys(YES_NO, build["skill_items"] / 2)
    assert {len(items) for items in rows.values()} == {build["skill_items"]}
    for items in rows.values():
        held_out = items[0].truth["family"] in HELD_OUT
        assert {row.truth["held_out_family"] for row in items} == {held_out}


def test_answers_are_true_of_the_pictures(world: Settings) -> None:
    for family in ("kind_background", "kinds_backgrounds"):
        for asked in drawn(family, world, 100):
            told = [f"{THINGS[p.name].role} on {p.background}" for p in asked.pictures]
            assert asked.answer == f"{' , '.join(told)} ."
    for asked in drawn("warm", world, 100):
        warm = asked.pictures[0].background in ("red", "yellow")
        assert asked.answer == ("yes ." if warm else "no .")
    for asked in drawn("number", world, 100):
        assert asked.answer == f"{NUMBERS[len(asked.pictures) - 1]} ."
    sound = 0
    for asked in drawn("possible_state", world, 100):
        (picture,) = asked.pictures
        assert asked.answer == f"{THINGS[picture.name].state} ."
        sound += not picture.state
    assert 30 < sound < 70, "shown in its state half of the time"


def test_what_is_asked_of_one_of_several_images_is_true_of_that_one(world: Settings) -> None:
    facts = {
        "background_of": lambda picture: picture.background,
        "kind_of": lambda picture: THINGS[picture.name].role,
    }
    for family, fact in facts.items():
        for asked in drawn(family, world, 200):
            at = NUMBERS.index(asked.question.split()[-2])
            assert asked.answer == f"{fact(asked.pictures[at])} ."


def test_new_families_take_a_modest_share_of_base_training(sizes: Settings) -> None:
    mix = sizes["base_mix"]
    new = {*HELD_OUT} - {"background", "kind", "backgrounds", "kinds"}
    assert len(new) == 8
    assert sum(mix[family] for family in new) / sum(mix.values()) < 0.12


def test_a_world_of_one_rendering_still_has_every_family(world: Settings) -> None:
    renders = {style: {"train": 1, "test": 1} for style in world["renders"]}
    for family in FAMILIES:
        assert len(drawn(family, {**world, "renders": renders}, 20)) == 20, family
    suite = suite_samples("general", {**world, "renders": renders}, load("build/tiny.yaml"))
    assert {row.truth["family"] for row in suite} == {*GENERAL, *HELD_OUT}
