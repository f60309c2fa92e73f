"""Rows that stand for all bases of a gate or a contrast."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from mirage.report.blocks import Number, Table, signed
from mirage.report.data import SEEDS_IN_ROWS
from mirage.score.gates import GateResult
from mirage.score.rates import rounded

Row = TypeVar("Row")


def grouped(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[list[Row]]:
    """Returns the rows of each key, keys in the order of their first rows."""
    groups: dict[Hashable, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return list(groups.values())


def many_seeds(groups: Iterable[Sequence[GateResult]]) -> bool:
    """Tells whether any gate, a group of a row per seed, has more than a few seeds."""
    return any(len({row.seed for row in group}) > SEEDS_IN_ROWS for group in groups)


def mean_and_range(
    values: Iterable[float | None], counts: Iterable[int], strong: bool = False
) -> Number:
    """Returns the mean over seeds, between the lowest and the highest seed.

    Args:
        values: Of each seed, in percent; None where not measured.
        counts: Items of each seed; the fewest are named.
        strong: As of a number.
    """
    measured = [value for value in values if value is not None]
    if not measured:
        return Number(None, strong=strong)
    mean = rounded(sum(measured) / len(measured))
    return Number(mean, min(measured), max(measured), min(counts), strong=strong)


def range_in_words(values: Sequence[float], digits: int) -> str:
    """Returns ``−3.1 to 12.0``, or the one value that all bases share as printed."""
    low, high = (signed(value, digits) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def base_by_base(values: Iterable[float]) -> str:
    """Returns the values of several bases in the order of their seeds: ``12.3, −4.0``."""
    return ", ".join(signed(value, 1) for value in values)


def signs_in_words(values: Sequence[float]) -> str:
    """Returns on how many bases a value lies above and below 0."""
    above, below = sum(v > 0 for v in values), sum(v < 0 for v in values)
    return f"above 0 on {above}, below 0 on {below} of {len(values)} bases"


def count_in_words(holds: Iterable[bool]) -> str:
    """Returns in how many seeds something holds: ``48 of 50 seeds``."""
    each = list(holds)
    return f"{sum(each)} of {len(each)} seeds"


def with_every_seed(table: Table, by_seed: Table) -> Table:
    """Returns a table of a row for all seeds, whose CSV file has a row for each.

    Args:
        table: What pages show.
        by_seed: What the file holds.
    """
    note = (
        "Each row is the mean over its seeds, in brackets the lowest and the highest of them; "
        f"{table.id}.csv has a row for every seed."
    )
    return replace(table, notes=(note, *table.notes), by_seed=by_seed)
