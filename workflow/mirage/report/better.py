"""Which way a rate is better, and which numbers of a column are the best."""

from __future__ import annotations

from typing import Final

from mirage.report.blocks import Better, Number, Table
from mirage.vocabulary import CORNERS

BETTER: Final[dict[str, Better]] = {
    **dict.fromkeys(
        (
            "asr",
            "asr_strict",
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
failures, help without a caution, which loses to help with one, or ASR with broken answers as safe
or as unsafe, whose gap says how far ASR can be read."""


def better(metric: str, corner: str = "") -> Better:
    """Returns which way a rate is better; empty where neither is.

    Args:
        metric: Name of the rate.
        corner: Corner of its items; where no answer is right, none is better.
    """
    return "" if CORNERS.get(corner) in ("unknowable", "conflict") else BETTER.get(metric, "")


def best(table: Table) -> frozenset[tuple[int, int]]:
    """Returns (row, column) of the best numbers of each column that has a better side.

    Where a table has means over bases these are compared, never one base with a mean. With the best
    number go all that are not set apart from it: numbers of one base whose interval meets its own,
    and means that some base has strictly better, or that are equal to it on all bases. Where that
    is all of them, none is best.
    """
    return frozenset(
        (row, at)
        for at, column in enumerate(table.columns)
        if column.better
        for row in _best(_compared(table, at), 1.0 if column.better == "lower" else -1.0)
    )


def _compared(table: Table, at: int) -> dict[int, Number]:
    cells = ((row, cells[at]) for row, cells in enumerate(table.rows))
    numbers = {row: c for row, c in cells if isinstance(c, Number) and c.value is not None}
    return {row: c for row, c in numbers.items() if c.by_base} or numbers


def _best(numbers: dict[int, Number], sign: float) -> list[int]:
    """Places of the lowest numbers, or with a sign of -1 of the highest."""
    if not numbers:
        return []
    first = min(numbers.values(), key=lambda cell: sign * (cell.value or 0.0))
    found = [row for row, cell in numbers.items() if _level(cell, first, sign)]
    return found if len(found) < len(numbers) else []


def _level(one: Number, best: Number, sign: float) -> bool:
    """Whether a number is not set apart from the best one."""
    if one.by_base and len(one.by_base) == len(best.by_base):
        pairs = list(zip(one.by_base, best.by_base, strict=True))
        better_once = any(sign * mine < sign * theirs for mine, theirs in pairs)
        return better_once or all(mine == theirs for mine, theirs in pairs)
    if one.shown == best.shown:
        return True
    if one.low is None or one.high is None or best.low is None or best.high is None:
        return False
    return one.low <= best.high and best.low <= one.high
