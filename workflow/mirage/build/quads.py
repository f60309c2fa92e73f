"""Quads: a hazardous pair and its twin with one object swapped, each under two actions.

Of the four corners exactly one (hazardous pair, triggering action) is hazardous. Which object is
swapped, what for, and the order of the images are balanced over the pairs, so that neither the
question, nor one image, nor the sum of the two images' parts gives the answer away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from mirage.world.catalog import ROLES, THINGS
from mirage.world.hazards import Rule, pair_rule, partners
from mirage.world.pairs import PAIRS_PER_EDGE, Split, pair_key, role_pairs, split_of


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


@lru_cache
def quads(split: Split, pairs_per_edge: int, items_per_pair: int) -> tuple[Quad, ...]:
    """Returns the quads of a split, ``items_per_pair`` for each of the first pairs of an edge.

    More items begin with the fewer: the quads of one turn through the pairs do not depend on how
    many follow.

    Args:
        split: Both pairs of a quad belong to it.
        pairs_per_edge: 1 to ``PAIRS_PER_EDGE`` pairs of each of the twelve hazardous role pairs;
            a split with fewer gives those it has.
        items_per_pair: How many quads (other twin, other order) each pair gets.
    """
    every = role_pairs("hazardous", split)
    numbers = [k for k in range(len(every)) if k % PAIRS_PER_EDGE[split] < pairs_per_edge]
    counts: Counter[Count] = Counter()
    made: list[Quad] = []
    for turn in range(items_per_pair):
        choices = [_choices(f"{k:03d}-{turn}", every[k], split) for k in numbers]
        made += _evenly(choices, counts)
    return tuple(made)


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


Count = tuple[str | int, ...]
"""What is counted, by name: ``("told", "bucket", 0)``."""

SWEEPS: Final = 50
"""Times that a turn's quads are chosen anew, at most; they settle within a dozen."""


def _choices(name: str, pair: tuple[str, str], split: Split) -> list[Quad]:
    """Every quad of a pair: who is swapped, what for, and in which order both are shown."""
    made = []
    for swap in (0, 1):
        kept = pair[1 - swap]
        for role in partners(THINGS[kept].role, "benign"):
            for fresh in (thing for thing in ROLES[role] if split_of(kept, thing) == split):
                twin = (fresh, kept) if swap == 0 else (kept, fresh)
                made.append(Quad(name, pair, twin, swap, pair_rule(*pair)))
                made.append(Quad(name, pair[::-1], twin[::-1], 1 - swap, pair_rule(*pair)))
    return made


def _evenly(choices: Sequence[Sequence[Quad]], counts: Counter[Count]) -> list[Quad]:
    """Returns one of each pair's quads, so that the sum of the squared counts is small.

    Each quad in turn is chosen anew while the others stay (coordinate descent), until none moves.

    Args:
        choices: The quads to choose from, pair by pair.
        counts: Those of earlier turns; the chosen quads are added.
    """
    chosen: list[Quad | None] = [None] * len(choices)
    for _ in range(SWEEPS):
        before = list(chosen)
        for k, options in enumerate(choices):
            _add(counts, chosen[k], -1)
            # (n + step)^2 - n^2 is 2 n step + 1: the least n step is the least growth.
            chosen[k] = min(
                options,
                key=lambda quad: sum(w * step * counts[key] for key, step, w in _counted(quad)),
            )
            _add(counts, chosen[k], 1)
        if chosen == before:
            break
    return [quad for quad in chosen if quad is not None]


def _add(counts: Counter[Count], quad: Quad | None, sign: int) -> None:
    for key, step, _ in _counted(quad) if quad else ():
        counts[key] += sign * step


@cache
def _counted(quad: Quad) -> tuple[tuple[Count, int, int], ...]:
    """What should stay near zero (or low): (count, the quad's step, weight of the count)."""
    return tuple(_counts(quad))


def _counts(quad: Quad) -> Iterator[tuple[Count, int, int]]:
    at = quad.swapped
    gone, kept, fresh = quad.hazard[at], quad.hazard[1 - at], quad.twin[at]
    # What stands more often in hazards than in twins tells, at its place most of all.
    for name, step in ((gone, 1), (fresh, -1)):
        yield ("told", name, at), step, 4
        yield ("told", name), step, 2
        yield ("told", THINGS[name].role, at), step, 1
    yield ("swapped", gone), 1, 1
    yield ("swapped", kept), -1, 1
    for pair in (quad.hazard, quad.twin):
        yield ("first", pair[0]), 1, 1
        yield ("first", pair[1]), -1, 1
    # A pair's further quads are others: another object is swapped, another order, another twin.
    name = pair_key(*quad.hazard)
    yield ("order", name, quad.hazard[0]), 1, 4
    yield ("gone", name, gone), 1, 4
    yield ("gone in order", name, gone, at), 1, 64
    yield ("role", name, gone, THINGS[fresh].role), 1, 4
    yield ("twin", pair_key(*quad.twin)), 1, 1
