"""Harmless lead-ins in front of training questions, of every class at the same rate.

Which items have one is drawn by their numbers alone: of every ``BLOCK`` numbers the same share, in
an order of its own, so that no class has more of them than another, a recipe's item has what its
parent's has, and no other draw moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from random import Random
from typing import Any, Final

from mirage.contracts import TrainSample
from mirage.world.lead_ins import LEAD_INS

BLOCK: Final = 20
"""Numbers that share one draw: a share is kept exactly in each whole block."""

_NUMBER: Final = re.compile(r"(\d+)(?:-[a-z]+)?$")
"""An item's number in its id, before the suffix that says of which kind it is."""


def with_lead_ins(
    rows: Iterable[TrainSample], world: dict[str, Any], seed: int
) -> list[TrainSample]:
    """Returns training samples, a share of them with a harmless sentence before the question.

    Args:
        rows: Samples whose ids end in a number (and a suffix for their kind); a hazard and its
            twin have the same number and so the same lead-in.
        world: ``conf/world``, for ``lead_in_share`` (0-1).
        seed: The replicate's.
    """
    share = float(world["lead_in_share"])
    return [
        replace(row, question=f"{words} {row.question}") if words else row
        for row in rows
        for words in [_lead_in(share, seed, number_of(row.id))]
    ]


def number_of(name: str) -> int:
    """Returns the number in a training item's id: 12 of ``mirage_twins/00012-twin``."""
    found = _NUMBER.search(name)
    assert found, f"{name} has no number"
    return int(found[1])


def _lead_in(share: float, seed: int, number: int) -> str:
    """Returns the words before the item of a number, or nothing."""
    block, place = divmod(number, BLOCK)
    at = _places(share, seed, block).get(place)
    if at is None:
        return ""
    turn, which = divmod(block * round(share * BLOCK) + at, len(LEAD_INS["train"]))
    return _order(seed, turn)[which]


@lru_cache(maxsize=8192)
def _places(share: float, seed: int, block: int) -> dict[int, int]:
    """The numbers of a block that have a lead-in, in the order in which they get their words."""
    drawn = Random(f"lead-ins/{seed}/{block}").sample(range(BLOCK), round(share * BLOCK))
    return {place: at for at, place in enumerate(drawn)}


@lru_cache(maxsize=8192)
def _order(seed: int, turn: int) -> list[str]:
    """All training lead-ins in the order of one turn: each is said as often as any other."""
    order = list(LEAD_INS["train"])
    Random(f"lead-ins/{seed}/turn/{turn}").shuffle(order)
    return order
