"""Which object pairs are for training and which for testing; splits are over unordered pairs.

Of the 16 object pairs of each hazardous or benign role pair, six are for training and ten are held
out in every stage, base training included. Six do not spread evenly over four objects: two objects
of the first role and two of the second meet two partners in training, the others one. Both rings,
of hazards and of benign pairs, name each role once first and once second, and who meets two where
its role is first meets one where it is second: over its two role pairs of a kind every object has
three pairs for training and five for testing.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final, Literal

from mirage.world.catalog import ROLES, THINGS
from mirage.world.hazards import Mark, edges, pair_rule

Split = Literal["train", "test"]

TRAIN_PLACES: Final = frozenset({(0, 0), (1, 1), (2, 2), (3, 3), (2, 0), (3, 1)})
"""The pairs for training: places of the first and of the second role's object in their roles."""
PAIRS_PER_EDGE: Final[dict[Split, int]] = {
    "train": len(TRAIN_PLACES),
    "test": 16 - len(TRAIN_PLACES),
}
"""Split -> its object pairs of each role pair."""


def pair_key(first: str, second: str) -> str:
    """Returns the name of an unordered pair, the same for both orders: ``bucket+radio``."""
    return "+".join(sorted((first, second)))


def place(name: str) -> int:
    """Returns the place (0-3) of an object within its role."""
    return ROLES[THINGS[name].role].index(name)


def split_of(first: str, second: str) -> Split:
    """Returns the split of a pair; pairs that no table line marks hazardous or benign are train."""
    rule = pair_rule(first, second)
    if rule.mark == "ambiguous":
        return "train"
    if THINGS[first].role != rule.role_a:
        first, second = second, first
    return "train" if (place(first), place(second)) in TRAIN_PLACES else "test"


def role_pairs(mark: Mark, split: Split) -> list[tuple[str, str]]:
    """Returns the object pairs of one mark and split, edge by edge (PAIRS_PER_EDGE each)."""
    return [
        (first, second)
        for rule in edges(mark)
        for first in ROLES[rule.role_a]
        for second in ROLES[rule.role_b]
        if split_of(first, second) == split
    ]


def trainable_pairs() -> list[tuple[str, str]]:
    """Returns every pair of distinct objects that may co-occur in training: no test pair."""
    return [(a, b) for a, b in combinations(THINGS, 2) if split_of(a, b) == "train"]


def level_of(first: str, second: str, hold_out: dict[str, list[str]]) -> str:
    """Returns how far a pair lies from what a recipe was tuned on.

    Args:
        hold_out: ``objects``, ``edges`` (``role+role``) and ``categories`` that the recipe's
            data leave out.

    Returns:
        L4 unseen category, L3 unseen role pair, L2 unseen object, L1 unseen pair, L0 seen pair.
    """
    rule = pair_rule(first, second)
    edge = pair_key(THINGS[first].role, THINGS[second].role)
    if rule.category and rule.category in hold_out.get("categories", []):
        return "L4"
    if edge in {pair_key(*e.split("+")) for e in hold_out.get("edges", [])}:
        return "L3"
    if {first, second} & set(hold_out.get("objects", [])):
        return "L2"
    return "L1" if split_of(first, second) == "test" else "L0"
