"""Means over seeds: what several replicates say together.

A seed is a replicate of its own (base, data order, tuning), so the interval is by t over the seeds'
values and not over items. Where all seeds give the same value t has no width: the exact binomial on
the number of unordered pairs stands in, as for claims; for measures that join two rates, the widest
of the seeds' own limits, which are by pairs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mirage.score.claims.over_seeds import EQUAL_WITHIN
from mirage.score.intervals import exact_binomial, t_half
from mirage.score.rates import rounded

RANGES = {"j": (-100.0, 100.0), "d_prime": (-np.inf, np.inf)}
"""Values a measure can take, where these are not 0 to 100."""


Place = tuple[str, str, str, str, str, str, str]
PLACE = ("recipe", "config", "suite", "corner", "group_by", "group", "metric")
"""What rates of several seeds have in common."""


@dataclass(frozen=True)
class Mean:
    """The mean of a rate over seeds, with its interval cut to the values the rate can take.

    Attributes:
        n: Items per seed; the fewest where seeds differ.
        n_seeds: Seeds that have a value, at least two.
    """

    recipe: str
    config: str
    suite: str
    corner: str
    group_by: str
    group: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    n_seeds: int


def means(tables: Iterable[pa.Table], alpha: float) -> list[Mean]:
    """Returns the mean of every rate that at least two seeds have, in the order of the rates.

    Args:
        tables: Rates of all models and seeds, usually a table for each model.
        alpha: 1 - confidence.
    """
    places: dict[Place, int] = {}
    numbers: list[NDArray[np.float64]] = []
    codes: list[NDArray[np.intp]] = []
    last: pa.Table | None = None
    for table in tables:
        own = table.select(PLACE)
        # Seeds of a recipe mostly have the same rates: their places are looked up once.
        if last is None or not own.equals(last):
            keys = zip(*(own.column(name).to_pylist() for name in PLACE), strict=True)
            known = np.array([places.setdefault(k, len(places)) for k in keys], dtype=np.intp)
            last = own
        values = table.select(NUMBERS)
        there = [np.asarray(values.column(n).to_numpy(), dtype=np.float64) for n in NUMBERS]
        codes.append(known)
        numbers.append(np.stack(there, axis=1))
    if not codes:
        return []
    code, number = np.concatenate(codes), np.concatenate(numbers)
    measured = ~np.isnan(number[:, 0])
    code, number = code[measured], number[measured]
    names = list(places)
    _, first, counts = np.unique(code, return_index=True, return_counts=True)
    order = np.argsort(code, kind="stable")
    starts = np.cumsum(counts) - counts
    rows = [order[start : start + count] for start, count in zip(starts, counts, strict=True)]
    return [
        _mean(names[code[first[at]]], number[rows[at]], alpha)
        for at in np.argsort(first)
        if counts[at] > 1
    ]


NUMBERS = ["value", "low", "high", "n", "n_pairs"]


def _mean(place: Place, seen: NDArray[np.float64], alpha: float) -> Mean:
    """``seen``: the numbers of every seed, shape (seeds, len(NUMBERS))."""
    values = np.ascontiguousarray(seen[:, 0])
    centre, count = float(values.mean()), len(values)
    if np.ptp(values) < EQUAL_WITHIN:
        low, high = _by_pairs(place[-1], centre, seen, alpha)
    else:
        half = t_half(values, alpha / 2)
        low, high = centre - half, centre + half
    least, most = RANGES.get(place[-1], (0.0, 100.0))
    return Mean(
        *place,
        value=rounded(centre),
        low=rounded(max(least, low)),
        high=rounded(min(most, high)),
        n=int(seen[:, 3].min()),
        n_seeds=count,
    )


def _by_pairs(
    metric: str, value: float, seen: NDArray[np.float64], alpha: float
) -> tuple[float, float]:
    """Limits of a value that all seeds share, the number of pairs being that of the fewest."""
    if metric in RANGES:
        lows, highs = (column[~np.isnan(column)].tolist() for column in (seen[:, 1], seen[:, 2]))
        return min(lows, default=value), max(highs, default=value)
    pairs = seen[:, 4].min(keepdims=True)
    low, high = exact_binomial(value / 100 * pairs, pairs, alpha)
    return min(value, 100 * float(low[0])), max(value, 100 * float(high[0]))
