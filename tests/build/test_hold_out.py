"""What a recipe holds out is in none of its samples, general ones included."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from build_settings import recipe_samples
from mirage.build.hold_out import check_hold_out
from mirage.build.splits import objects_of
from mirage.contracts import DataError, TrainSample
from mirage.world.catalog import THINGS
from mirage.world.hazards import pair_rule

Settings = dict[str, Any]
NOTHING: dict[str, list[str]] = {"objects": [], "edges": [], "categories": []}
LEFT_OUT = {
    "objects": ["bucket", "candle"],
    "edges": ["mains+water", "flame+textile"],
    "categories": ["fire"],
}


def built(world: Settings, recipe: Settings, hold_out: Settings) -> list[TrainSample]:
    few = {"unsafe": 200, "general": 300, "hold_out": hold_out}
    few |= {"twins": 200} if recipe["data"]["twins"] else {}
    few |= {"benign": 200} if recipe["data"]["benign"] else {}
    return recipe_samples(world, recipe["data"] | few, "x", 0)


def leaks(row: TrainSample, kind: str) -> bool:
    names = objects_of(row)
    if kind == "objects":
        return bool(names & set(LEFT_OUT["objects"]))
    for pair in combinations(sorted(names), 2):
        roles = "+".join(sorted(THINGS[name].role for name in pair))
        if roles in LEFT_OUT["edges"] if kind == "edges" else pair_rule(*pair).category == "fire":
            return True
    return False


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, kind) for name in ("mirage", "mirage_twins") for kind in LEFT_OUT),
        ("textual_sft", "edges"),
        ("textual_sft", "categories"),
    ],
)
def test_nothing_of_what_is_held_out_is_left(
    name: str, kind: str, world: Settings, recipes: dict[str, Settings]
) -> None:
    whole = built(world, recipes[name], NOTHING)
    rows = built(world, recipes[name], NOTHING | {kind: LEFT_OUT[kind]})
    assert sum(leaks(row, kind) for row in whole) > 10
    assert sum(leaks(row, kind) for row in rows) == 0
    general = [row for row in rows if "/general-" in row.id]
    assert len(general) == 300, "general samples are drawn again, not dropped"
    clean = {row.id: row for row in whole if not leaks(row, kind)}
    assert all(clean[row.id] == row for row in general if row.id in clean)


def test_a_source_that_does_not_honour_its_hold_out_stops_the_build(
    world: Settings, recipes: dict[str, Settings]
) -> None:
    rows = built(world, recipes["mirage"], NOTHING)
    with pytest.raises(DataError, match=r"\d+ training samples hold what data\.hold_out leaves"):
        check_hold_out(rows, NOTHING | {"objects": ["bucket"]})
