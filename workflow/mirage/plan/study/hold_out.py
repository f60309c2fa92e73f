"""Which hazard categories a recipe leaves out, seed by seed."""

from __future__ import annotations

import csv
from functools import lru_cache

from mirage.plan.code_version import PACKAGE
from mirage.plan.schema.recipe import HoldOut

TABLE = PACKAGE / "world" / "data" / "hazards.csv"
"""Read here as text: the plan imports no stage and no world."""


@lru_cache(maxsize=1)
def categories() -> tuple[str, ...]:
    """Returns the six categories in the order of their first line in the hazard table."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        named = [row["category"] for row in csv.DictReader(lines)]
    return tuple(dict.fromkeys(name for name in named if name))


def rotated(count: int, seed: int) -> list[str]:
    """Returns the categories that one seed leaves out of a rotation.

    Seed s leaves out ``count`` neighbours from position ``count * s`` on, so that with two of six
    each category is left out by every third seed.
    """
    names = categories()
    return [names[(count * seed + step) % len(names)] for step in range(count)]


def left_out(hold_out: HoldOut, seed: int) -> list[str]:
    """Returns all categories that a recipe leaves out at one seed, each once, in table order."""
    gone = {*hold_out.categories, *rotated(hold_out.rotate_categories, seed)}
    return [name for name in categories() if name in gone]
