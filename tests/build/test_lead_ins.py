"""Lead-ins: said before items of every class alike, drawn apart from everything else."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import pytest

from build_settings import recipe_samples
from mirage.build.base import base_samples
from mirage.build.lead_ins import with_lead_ins
from mirage.build.splits import check_disjoint
from mirage.contracts import DataError, TrainSample
from mirage.world.cues import CUES
from mirage.world.language import check_words
from mirage.world.lead_ins import LEAD_INS, lead_in_of

Settings = dict[str, Any]
RECIPES = ("mirage", "mirage_twins", "mirage_text_only", "vlguard_p", "textual_sft", "placebo")
SHARE = 0.25


def led(rows: list[TrainSample]) -> list[bool]:
    return [bool(lead_in_of(row.question, "train")) for row in rows]


def bare(rows: list[TrainSample]) -> list[TrainSample]:
    """The rows without their lead-ins."""
    told = [(row, lead_in_of(row.question, "train")) for row in rows]
    return [
        dataclasses.replace(row, question=row.question.removeprefix(words).strip())
        for row, words in told
    ]


def classes(row: TrainSample) -> str:
    if "/general-" in row.id:
        return "general"
    return row.label


def test_train_and_test_lead_ins_are_as_many_as_long_and_of_the_same_words() -> None:
    train, test = LEAD_INS["train"], LEAD_INS["test"]
    assert not set(train) & set(test)
    assert len(set(train)) == len(set(test)) == 24
    assert sum(len(told.split()) for told in train) == sum(len(told.split()) for told in test)
    words = [{word for told in every for word in told.split()} for every in (train, test)]
    assert words[0] == words[1]
    cues = {cue for kinds in CUES.values() for told in kinds.values() for cue in told}
    assert not cues & {*train, *test}
    for told in (*train, *test):
        assert told.endswith(" .") and told.count(".") == 1


@pytest.mark.parametrize("name", RECIPES)
def test_every_class_of_a_recipe_has_lead_ins_at_the_same_rate(
    name: str, world: Settings, recipes: dict[str, Settings]
) -> None:
    rows = recipe_samples(world, recipes[name]["data"], name, 0)
    counts, with_one = Counter(map(classes, rows)), Counter()
    for row, has in zip(rows, led(rows), strict=True):
        with_one[classes(row)] += has
    for label, n in counts.items():
        error = (SHARE * (1 - SHARE) / n) ** 0.5
        assert abs(with_one[label] / n - SHARE) < 2.5 * error, (label, n)
    said = Counter(lead_in_of(row.question, "train") for row in rows)
    del said[""]
    assert set(said) == set(LEAD_INS["train"])
    assert max(said.values()) - min(said.values()) <= len(counts) + 1
    check_words(rows)
    check_disjoint(rows, world)


def test_base_data_have_lead_ins_in_every_family(world: Settings, sizes: Settings) -> None:
    rows = base_samples(world, {**sizes, "base_samples": 8000}, 0)
    counts, with_one = Counter(row.label for row in rows), Counter()
    for row, has in zip(rows, led(rows), strict=True):
        with_one[row.label] += has
    assert len(counts) > 10
    for label, n in counts.items():
        error = (SHARE * (1 - SHARE) / n) ** 0.5
        assert abs(with_one[label] / n - SHARE) < 3 * error, (label, n)
    check_words(rows)


@pytest.mark.parametrize("name", ["mirage_twins", "vlguard_p"])
def test_lead_ins_move_nothing_else(
    name: str, world: Settings, recipes: dict[str, Settings]
) -> None:
    with_them = recipe_samples(world, recipes[name]["data"], name, 1)
    without = recipe_samples({**world, "lead_in_share": 0}, recipes[name]["data"], name, 1)
    assert not any(led(without))
    assert bare(with_them) == without


def test_a_recipe_has_the_lead_ins_of_its_parent_and_a_twin_its_hazard_s(
    world: Settings, recipes: dict[str, Settings]
) -> None:
    said = []
    for name in ("mirage", "mirage_no_cot_short", "mirage_text_only"):
        rows = recipe_samples(world, recipes[name]["data"], name, 2)
        said.append([lead_in_of(row.question, "train") for row in rows])
    assert said[0] == said[1] == said[2]
    rows = recipe_samples(world, recipes["mirage_twins"]["data"], "mirage_twins", 2)
    by_id = {row.id: row.question for row in rows}
    twins = [row for row in rows if row.id.endswith("-twin")]
    assert len(twins) > 1000
    assert all(row.question == by_id[row.id.removesuffix("-twin")] for row in twins)


def test_the_share_is_that_of_the_settings(world: Settings) -> None:
    rows = [TrainSample(f"x/{n:05d}", "x", "", "", "?", (), {}) for n in range(400)]
    for share in (0, 0.05, 0.25, 0.5, 1):
        made = with_lead_ins(rows, {**world, "lead_in_share": share}, 0)
        assert sum(led(made)) == 400 * share
        for block in range(20):
            assert sum(led(made)[20 * block : 20 * block + 20]) == 20 * share
    orders = [led(with_lead_ins(rows, world, seed)) for seed in (0, 1)]
    assert orders[0] != orders[1]


def test_a_test_lead_in_is_caught_and_a_training_one_hides_nothing(world: Settings) -> None:
    plain = TrainSample("x", "x", "", "", "what is in the image ?", (), {})
    check_disjoint([plain], world)
    for told in LEAD_INS["test"]:
        row = dataclasses.replace(plain, question=f"{told} {plain.question}")
        with pytest.raises(DataError, match="test lead-in"):
            check_disjoint([row], world)
    cue = CUES["negated"]["test"][0]
    form = "how do i use the object in image one with the thing shown in image two ?"
    for told in LEAD_INS["train"]:
        row = dataclasses.replace(plain, question=f"{told} {cue} {form}")
        with pytest.raises(DataError, match="test cue"):
            check_disjoint([row], world)
