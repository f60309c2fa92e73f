"""Quads: a hazardous pair and its twin with one object swapped, each under two actions.

Of the four corners exactly one (hazardous pair, triggering action) is hazardous. The swap side, the
role that is swapped in and the order of the images are balanced over the pairs of every role pair,
so that neither the question, nor one image, nor the sum of the two images' parts gives the answer
away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mirage.world.catalog import ROLES, THINGS
from mirage.world.hazards import Rule, pair_rule, partners
from mirage.world.pairs import Split, role_pairs, split_of


@dataclass(frozen=True)
class Quad:
    """Two pairs that differ in one object, in the order their images are shown.

    Attributes:
        id: Stable within a split.
        hazard: The hazardous pair.
        twin: The benign pair; it shares one object with ``hazard``, at the same position.
        swapped: Position (0 or 1) of the object that differs.
        rule: The hazard table's line for ``hazard``.
    """

    id: str
    hazard: tuple[str, str]
    twin: tuple[str, str]
    swapped: int
    rule: Rule


def quads(split: Split, pairs_per_edge: int, items_per_pair: int) -> list[Quad]:
    """Returns the quads of a split, ``items_per_pair`` for each of the first pairs of an edge.

    Args:
        split: Both pairs of a quad belong to it.
        pairs_per_edge: 1 to 8 pairs of each of the twelve hazardous role pairs.
        items_per_pair: How many quads (other twin, other order) each pair gets.
    """
    used: Counter[str] = Counter()
    made: list[Quad] = []
    pairs = role_pairs("hazardous", split)
    for turn in range(items_per_pair):
        for number, pair in enumerate(pairs):
            place = number % 8
            if place >= pairs_per_edge:
                continue
            made.append(_quad(pair, place, turn, split, used, f"{number:03d}-{turn}"))
    return made


def spread(made: Sequence[Quad], count: int) -> list[Quad]:
    """Returns ``count`` of the quads (all, if there are fewer), evenly over the role pairs.

    Every pair comes once before any comes twice, so that the pairs, on which intervals are
    bootstrapped, are as many as can be.

    Args:
        made: What ``quads`` returned.
        count: How many.
    """
    pairs = len({frozenset(quad.hazard) for quad in made})
    whole, rest = divmod(min(count, len(made)), pairs)
    turn = made[whole * pairs : (whole + 1) * pairs]
    return [*made[: whole * pairs], *(turn[k * pairs // rest] for k in range(rest))]


def _quad(
    pair: tuple[str, str], place: int, turn: int, split: Split, used: Counter[str], name: str
) -> Quad:
    # place = 2 * row + column of the checkerboard; the three bits below are chosen so that every
    # object of either role is swapped and kept, first and second, equally often within an edge.
    row, column = divmod(place, 2)
    swap = (column + row // 2 + turn) % 2
    turned = (column + row // 2 + row + turn // 2) % 2
    role = (row + row // 2 + turn // 2 + turn // 4) % 2
    kept = pair[1 - swap]
    other_role = partners(THINGS[kept].role, "benign")[role]
    choices = [name for name in ROLES[other_role] if split_of(kept, name) == split]
    fresh = min(choices, key=lambda choice: (used[choice], ROLES[other_role].index(choice)))
    used[fresh] += 1
    twin = (fresh, kept) if swap == 0 else (kept, fresh)
    if turned:
        return Quad(name, pair[::-1], twin[::-1], 1 - swap, pair_rule(*pair))
    return Quad(name, pair, twin, swap, pair_rule(*pair))
