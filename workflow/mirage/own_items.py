"""A recipe's own training items, asked whether it shows the label classes it was tuned on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mirage.contracts import Sample, TrainSample

GENERAL_ID: Final = "general-"
"""How the ids of general data begin, behind the recipe's name."""


def is_general(row: Sample) -> bool:
    """Tells whether an item is general data, by its id, ``<recipe>/general-...``."""
    return row.id.partition("/")[2].startswith(GENERAL_ID)


def own_items(rows: Sequence[TrainSample], count: int) -> list[TrainSample]:
    """Returns some of a recipe's own items: every label class alike, spread evenly over the data.

    General data is left out: it says nothing about the recipe's own labels. A class with too few
    items leaves its places to the others.

    Args:
        rows: The recipe's data.
        count: How many items, if there are as many.
    """
    classes: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if not is_general(row):
            classes.setdefault(row.label, []).append(place)
    chosen: list[int] = []
    smallest_first = sorted(classes.values(), key=len)
    for left, places in zip(range(len(classes), 0, -1), smallest_first, strict=True):
        wanted = min(len(places), (count - len(chosen)) // left)
        chosen += [places[int(k * len(places) / wanted)] for k in range(wanted)]
    return [rows[place] for place in sorted(chosen)]
