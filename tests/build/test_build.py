"""Suites and training data: balance, disjointness, determinism."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from build_settings import (
    CHECKED,
    QUAD_SUITES,
    SUITES,
    checked_part,
    load,
    recipe_samples,
    suite_samples,
)
from mirage.build.base import base_samples
from mirage.build.pictures import draw_pool, pool
from mirage.build.quads import quads
from mirage.build.shortcuts import SHORTCUTS, check, check_training
from mirage.build.splits import check_disjoint, objects_of
from mirage.contracts import DataError, Sample, to_line
from mirage.pictures import PACK, Pictures, pack
from mirage.world.hazards import pair_rule
from mirage.world.language import check_words
from mirage.world.pairs import PAIRS_PER_EDGE, Split, split_of
from mirage.world.templates import templates

Settings = dict[str, Any]


SIZES = [(split, items) for split in ("test", "train") for items in (1, 2, 3, 4, 8)]


@pytest.mark.parametrize(("split", "items"), SIZES)
def test_exactly_one_corner_is_hazardous_and_twins_differ_in_one_object(
    split: Split, items: int
) -> None:
    made = quads(split, 10, items)
    assert len(made) == 12 * PAIRS_PER_EDGE[split] * items
    assert len({quad.id for quad in made}) == len(made)
    for quad in made:
        assert pair_rule(*quad.hazard).mark == "hazardous"
        assert pair_rule(*quad.twin).mark == "benign"
        assert split_of(*quad.hazard) == split_of(*quad.twin) == split
        kept = 1 - quad.swapped
        assert quad.hazard[kept] == quad.twin[kept]
        assert quad.hazard[quad.swapped] != quad.twin[quad.swapped]


@pytest.mark.parametrize(("split", "items"), SIZES)
def test_no_object_stands_more_often_in_hazards_than_in_twins(split: Split, items: int) -> None:
    made = quads(split, 10, items)
    places = Counter((name, at) for quad in made for at, name in enumerate(quad.hazard))
    places.subtract((name, at) for quad in made for at, name in enumerate(quad.twin))
    assert set(places.values()) <= {-1, 0, 1}
    told = [name for (name, _), count in places.items() if count]
    assert len(told) <= 0.3 * 96, told  # of 48 objects at two places


@pytest.mark.parametrize(("split", "items"), SIZES)
def test_every_object_is_swapped_as_often_as_kept_and_first_as_often_as_second(
    split: Split, items: int
) -> None:
    made = quads(split, 10, items)
    swapped = Counter(quad.hazard[quad.swapped] for quad in made)
    swapped.subtract(quad.hazard[1 - quad.swapped] for quad in made)
    first = Counter(quad.hazard[0] for quad in made)
    first.subtract(quad.hazard[1] for quad in made)
    for counts in (swapped, first):
        assert len(counts) == 48
        if items % 4 == 0:
            assert set(counts.values()) == {0}
        else:
            assert max(map(abs, counts.values())) <= 5
            assert sum(abs(n) <= 2 for n in counts.values()) >= 44


def test_more_items_of_a_pair_begin_with_the_fewer_and_are_others() -> None:
    for split in ("test", "train"):
        made = quads(split, 10, 4)
        assert made[: len(made) // 4] == quads(split, 10, 1)
        asked = Counter((quad.hazard, quad.swapped) for quad in made)
        assert set(asked.values()) == {1}


@pytest.mark.parametrize("name", sorted(SUITES))
def test_suites_have_unique_ids_known_words_and_are_deterministic(
    name: str, world: Settings, sizes: Settings
) -> None:
    rows = suite_samples(name, world, sizes)
    assert len({row.id for row in rows}) == len(rows)
    assert all(row.id.startswith(f"{name}/") for row in rows)
    check_words(rows)
    again = suite_samples(name, world, sizes)
    assert [to_line(row) for row in rows] == [to_line(row) for row in again]


@pytest.mark.parametrize("size", ["quick", "confirm", "full"])
@pytest.mark.parametrize("name", CHECKED)
def test_shortcuts_fail_on_every_suite_of_hazards_and_twins(
    name: str, size: str, world: Settings
) -> None:
    rows = suite_samples(name, world, load(f"build/{size}.yaml"))
    found = check(checked_part(name, rows), name)
    assert len(found) == (8 if name in QUAD_SUITES else 6)
    assert all(each.accuracy <= 0.6 for each in found)


def test_a_leaky_suite_fails_the_build(world: Settings, sizes: Settings) -> None:
    leaky = [
        dataclasses.replace(row, question=row.question + " now")
        if row.truth["corner"] == "hazard"
        else row
        for row in suite_samples("hard", world, sizes)
    ]
    with pytest.raises(DataError, match="text only scores 100%"):
        check(leaky, "hard")


def test_twins_of_a_recipe_are_balanced(world: Settings, recipes: dict[str, Settings]) -> None:
    rows = recipe_samples(world, recipes["mirage_twins"]["data"], "mirage_twins", 0)
    found = check_training(rows, "mirage_twins", "image_twins")
    assert [each.name for each in found] == list(SHORTCUTS)
    assert all(each.accuracy <= 0.55 for each in found)


def test_a_recipe_whose_words_tell_fails_the_build(
    world: Settings, recipes: dict[str, Settings]
) -> None:
    rows = recipe_samples(world, recipes["mirage_twins"]["data"], "mirage_twins", 0)
    telling = [
        dataclasses.replace(row, question=f"{row.question} now")
        if row.truth.get("kind") == "hazard"
        else row
        for row in rows
    ]
    with pytest.raises(DataError, match="text only scores 100%"):
        check_training(telling, "mirage_twins", "image_twins")


@pytest.mark.parametrize("size", ["quick", "confirm", "full"])
def test_suites_ask_as_many_pairs_as_they_have_items_for(size: str, world: Settings) -> None:
    """Intervals are bootstrapped over pairs, so no pair may come twice before all came once."""
    build = load(f"build/{size}.yaml")
    for name in sorted(SUITES):
        rows = suite_samples(name, world, build)
        quads_of: dict[str, set[str]] = {}
        for row in rows:
            if "quad" in row.truth and row.truth.get("format") != "shuffled":
                pair = "+".join(sorted(row.truth["pair"].split("+")))
                quads_of.setdefault(pair, set()).add(row.truth["quad"])
        if quads_of:
            times = {len(found) for found in quads_of.values()}
            total = sum(len(found) for found in quads_of.values())
            every = 72 if name == "seen" else 120
            assert len(quads_of) == min(every, total), (name, len(quads_of), total)
            assert max(times) - min(times) <= 1, (name, times)
            assert len({row.sub_category for row in rows} - {""}) == 12


@pytest.mark.parametrize(
    ("name", "of"),
    [("hard", "test template"), ("mss", "test template"), ("conflict", "test"),
     ("composite", "test template"), ("single_image", "test"), ("cues", "test"),
     ("lead_ins", "test")],
)  # fmt: skip
def test_a_test_question_is_caught_whatever_it_is_asked_about(
    name: str, of: str, world: Settings, sizes: Settings
) -> None:
    for row in suite_samples(name, world, sizes):
        with pytest.raises(DataError, match=of):
            check_disjoint([dataclasses.replace(row, images=(), truth={})], world)
    blank = dataclasses.replace(row, images=(), truth={}, question="what is in image one ?")
    check_disjoint([blank], world)


def test_no_two_pictures_of_the_pool_are_equal(tmp_path: Path, world: Settings) -> None:
    """So none of a test split has the pixels of one that models were trained on."""
    pack(tmp_path, draw_pool(world))
    drawn = Pictures(tmp_path)
    names = drawn.names()
    assert len({drawn.open(name).tobytes() for name in names}) == len(names) > 5000
    assert [path.name for path in tmp_path.iterdir()] == ["pictures.zip"]


def test_the_four_corners_share_their_kept_picture(world: Settings, sizes: Settings) -> None:
    by_quad: dict[str, list[Sample]] = {}
    for row in suite_samples("easy", world, sizes):
        by_quad.setdefault(row.truth["quad"], []).append(row)
    for rows in by_quad.values():
        assert len(rows) == 4
        shown = [set(row.images) for row in rows]
        assert len(set.intersection(*shown)) == 1


def test_real_redraws_items_of_easy_and_hard(world: Settings, sizes: Settings) -> None:
    easy = {row.id: row for name in ("easy", "hard") for row in suite_samples(name, world, sizes)}
    for row in suite_samples("real", world, sizes):
        twin = easy[row.truth["twin_of"]]
        assert (row.question, row.truth["objects"]) == (twin.question, twin.truth["objects"])
        assert all("/sketch/" in path for path in row.images)


@pytest.fixture(scope="module")
def asked(world: Settings, sizes: Settings) -> dict[str, list[Sample]]:
    return {name: suite_samples(name, world, sizes) for name in SUITES}


@pytest.mark.parametrize("seed", [0, 1])
def test_training_data_shares_no_pair_rendering_or_template_with_tests(
    seed: int,
    world: Settings,
    sizes: Settings,
    recipes: dict[str, Settings],
    asked: dict[str, list[Sample]],
) -> None:
    held_out = {
        tuple(sorted(row.truth["objects"])) for name in ("easy", "hard") for row in asked[name]
    }
    pictures = {path for rows in asked.values() for row in rows for path in row.images}
    questions = {row.question for row in asked["hard"]}
    # Builds check every sample; some of each recipe's show that the check itself holds.
    few = {"unsafe": 200, "benign": 100, "twins": 100, "general": 50}
    sources = {
        name: recipe_samples(
            world, {**r["data"], **{k: min(n, r["data"][k]) for k, n in few.items()}}, name, seed
        )
        for name, r in recipes.items()
    }
    sources["base"] = base_samples(world, {**sizes, "base_samples": 2000}, seed)
    for name, rows in sources.items():
        check_disjoint(rows, world)
        check_words(rows)
        for row in rows:
            pairs = set(combinations(sorted(objects_of(row)), 2))
            assert not pairs & held_out, (name, row.id)
            shown = {path for path in row.images if "black" not in path}
            assert not shown & pictures, (name, row.id)
            assert row.question not in questions, (name, row.id)


def test_a_reversed_test_pair_is_caught(world: Settings, sizes: Settings) -> None:
    row = next(r for r in suite_samples("hard", world, sizes) if r.truth["corner"] == "hazard")
    turned = dataclasses.replace(row, images=row.images[::-1])
    with pytest.raises(DataError, match="test pair"):
        check_disjoint([turned], world)


def test_a_test_intent_is_caught_whatever_form_it_is_said_in(world: Settings) -> None:
    train, test = (templates("use", "explicit", split)[0] for split in ("train", "test"))
    kept = Sample("x", "x", "", "", train.ask("a bucket", "a power strip"), (), {})
    check_disjoint([kept], world)
    for form in (test, dataclasses.replace(train, intent=test.intent)):
        said = dataclasses.replace(kept, question=form.ask("a bucket", "a power strip"))
        with pytest.raises(DataError, match="test intent"):
            check_disjoint([said], world)
    for place in (0, 1):
        old = dataclasses.replace(train.intent, place=place)
        form = dataclasses.replace(templates("use", "neutral", "test")[0], intent=old)
        with pytest.raises(DataError, match="test template"):
            check_disjoint([dataclasses.replace(kept, question=form.ask(0, 1))], world)


@pytest.mark.parametrize("name", ["mirage", "mirage_twins", "vlguard_p", "textual_sft"])
def test_recipe_sizes_follow_their_yaml(
    name: str, world: Settings, recipes: dict[str, Settings]
) -> None:
    data = recipes[name]["data"]
    rows = recipe_samples(world, data, name, 0)
    wanted = sum(data[key] for key in ("unsafe", "benign", "twins", "general"))
    assert len(rows) == wanted
    assert len({row.id for row in rows}) == wanted


def test_vlguard_r_differs_from_p_in_unsafe_labels_alone(
    world: Settings, recipes: dict[str, Settings]
) -> None:
    plain, rewritten = (
        recipe_samples(world, recipes[name]["data"], name, 0) for name in ("vlguard_p", "vlguard_r")
    )
    for a, b in zip(plain, rewritten, strict=True):
        assert (a.question, a.images) == (b.question, b.images)
        assert (a.answer == b.answer) == (a.label == "comply")
    shared = {r.images for r in plain if "/intent-" in r.id}
    assert all(r.images in shared for r in plain if "/benign-" in r.id)


def test_the_pool_is_the_same_byte_for_byte(tmp_path: Path, world: Settings) -> None:
    tiny = {**world, "renders": {s: {"train": 1, "test": 1} for s in world["renders"]}}
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        assert pack(folder, draw_pool(tiny)) == len(list(pool(tiny))) + 2 == 2 * 2 * 80 + 2
    assert (tmp_path / "a" / PACK).read_bytes() == (tmp_path / "b" / PACK).read_bytes()


@pytest.mark.parametrize(
    ("key", "value"), [("images", "three"), ("labels", "rewritten")], ids=["view", "labels"]
)
def test_what_a_mis_like_recipe_cannot_be_is_an_error(
    key: str, value: str, world: Settings, recipes: dict[str, Settings]
) -> None:
    with pytest.raises(DataError, match=rf"data\.{key}( to one of: .*composite|\.)"):
        recipe_samples(world, {**recipes["mirage"]["data"], key: value}, "x", 0)
