"""What a recipe must not be tuned on: objects, role pairs and categories that it holds out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from mirage.build.splits import objects_of
from mirage.contracts import DataError, Sample
from mirage.world.catalog import THINGS
from mirage.world.hazards import pair_rule
from mirage.world.pairs import pair_key

HoldOut = Mapping[str, Sequence[str]]
"""``objects``, ``edges`` (``role+role``) and ``categories``, as in a recipe's data settings."""


def allowed(pair: tuple[str, str], hold_out: HoldOut) -> bool:
    """Returns whether a recipe with this hold-out may be tuned on a pair of objects."""
    rule = pair_rule(*pair)
    edge = pair_key(THINGS[pair[0]].role, THINGS[pair[1]].role)
    edges = {pair_key(*name.split("+")) for name in hold_out["edges"]}
    return not (
        set(pair) & set(hold_out["objects"])
        or edge in edges
        or rule.category in hold_out["categories"]
    )


def respects(row: Sample, hold_out: HoldOut) -> bool:
    """Returns whether a sample shows and names nothing that is held out, alone or as a pair."""
    if not any(hold_out.values()):
        return True
    names = sorted(objects_of(row))
    alone = not set(names) & set(hold_out["objects"])
    return alone and all(allowed(pair, hold_out) for pair in combinations(names, 2))


def check_hold_out(rows: Iterable[Sample], hold_out: HoldOut) -> None:
    """Checks that no training sample holds what its recipe leaves out.

    Raises:
        DataError: Those that do; the text names the first and counts them.
    """
    leaks = [row.id for row in rows if not respects(row, hold_out)]
    if leaks:
        raise DataError(
            f"{len(leaks)} training samples hold what data.hold_out leaves out, the first is "
            f"{leaks[0]}. The source of this recipe does not honour it: see build/hold_out.py."
        )
