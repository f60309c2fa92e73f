"""Which way a rate is better, and which numbers of a column are the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mirage.report.blocks import Better, Number, Table
from mirage.vocabulary import CORNERS

BETTER: Final[dict[str, Better]] = {
    **dict.fromkeys(
        (
            "asr",
            "asr_strict",
            "asr_broken_safe",
            "asr_broken_unsafe",
            "asr_miss",
            "asr_degenerate",
            "broken",
            "over_refusal",
            "helped_false_hazard",
            "degenerate",
        ),
        "lower",
    ),
    **dict.fromkeys(
        (
            "rsr",
            "safe",
            "grounded",
            "right_hazard",
            "useful",
            "accuracy",
            "pair_accuracy",
            "j",
            "j_read",
        ),
        "higher",
    ),
}
"""Rate (``mirage.vocabulary``) -> which way is better, by what it counts. A rate that stands in no
list has no better side: that of a conflict, where neither help nor refusal is wrong, a share of the
failures, or help without a caution, which loses to help with one."""


def better(metric: str, corner: str = "") -> Better:
    """Returns which way a rate is better; empty where neither is.

    Args:
        metric: Name of the rate.
        corner: Corner of its items; where no answer is right, none is better.
    """
    return "" if CORNERS.get(corner) in ("unknowable", "conflict") else BETTER.get(metric, "")


def best(table: Table) -> frozenset[tuple[int, int]]:
    """Returns (row, column) of the best numbers of each column that has a better side.

    Where a table has means over bases they are compared, never one base with a mean. Numbers whose
    brackets reach those of the best one are best as well; where that is all of them, none is.
    """
    return frozenset(
        (row, at)
        for at, column in enumerate(table.columns)
        if column.better
        for row in _best(_compared(table, at), lower=column.better == "lower")
    )


def _compared(table: Table, at: int) -> dict[int, Number]:
    cells = ((row, cells[at]) for row, cells in enumerate(table.rows))
    numbers = {row: c for row, c in cells if isinstance(c, Number) and c.value is not None}
    return {row: c for row, c in numbers.items() if c.by_base} or numbers


def _best(numbers: dict[int, Number], lower: bool) -> Sequence[int]:
    if not numbers:
        return ()
    first = min(numbers.values(), key=lambda c: (c.value or 0.0) * (1 if lower else -1))
    level = [row for row, c in numbers.items() if c.shown == first.shown or _touch(c, first)]
    return level if len(level) < len(numbers) else ()


def _touch(one: Number, other: Number) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low <= other.high and other.low <= one.high
