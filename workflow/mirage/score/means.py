"""Means over seeds: what several replicates say together.

A seed is a replicate of its own (base, data order, tuning), so the interval is by t over the seeds'
values and not over items. Where all seeds give the same value t has no width: the exact binomial on
the number of unordered pairs stands in, as for claims; for measures that join two rates, the widest
of the seeds' own limits, which are by pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mirage.score.claims.over_seeds import EQUAL_WITHIN
from mirage.score.intervals import Floats, exact_binomial, t_halves
from mirage.score.rate_table import coded
from mirage.score.rates import rounded
from mirage.vocabulary import SEPARATION

Codes = NDArray[np.int64]

RANGES = dict.fromkeys(SEPARATION, (-100.0, 100.0))
"""Values a measure can take, where these are not 0 to 100."""


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
        tables: Rates, a table for each model or several; models of one recipe follow each other, so
            that only their rates are in memory at a time.
        alpha: 1 - confidence.
    """
    rows: list[Mean] = []
    for _, some in groupby((t for t in tables if len(t)), key=_recipe):
        rows += _of_recipe(some, alpha)
    return rows


def _recipe(table: pa.Table) -> tuple[str, str]:
    return table.column("recipe")[0].as_py(), table.column("config")[0].as_py()


def _of_recipe(tables: Iterable[pa.Table], alpha: float) -> list[Mean]:
    known: list[dict[str, int]] = [{} for _ in PLACE]
    numbers: list[Floats] = []
    codes: list[Codes] = []
    for table in tables:
        columns = [_codes(table.column(n), k) for n, k in zip(PLACE, known, strict=True)]
        codes.append(np.stack(columns))
        (batch,) = table.select(NUMBERS).combine_chunks().to_batches()
        numbers.append(batch.to_tensor(null_to_nan=True).to_numpy())
    parts, number = np.concatenate(codes, axis=1), np.concatenate(numbers)
    measured = ~np.isnan(number[:, 0])
    parts, number = parts[:, measured], number[measured]
    # One number a place: its parts as the digits of a number whose digits have different bases.
    code = np.zeros(len(number), dtype=np.int64)
    for digit, texts in zip(parts, known, strict=True):
        code = code * len(texts) + digit
    names = [list(texts) for texts in known]
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    first, counts = order[starts], np.diff(starts, append=len(order))
    found: list[tuple[int, Mean]] = []
    # Places that equally many seeds have are computed at once.
    for count in sorted({int(n) for n in counts if n > 1}):
        chosen = np.flatnonzero(counts == count)
        rows = order[starts[chosen][:, None] + np.arange(count)]
        places = [
            tuple(texts[digit] for texts, digit in zip(names, row, strict=True))
            for row in parts[:, first[chosen]].T.tolist()
        ]
        found += zip(first[chosen].tolist(), _means(places, number[rows], alpha), strict=True)
    return [mean for _, mean in sorted(found, key=lambda pair: pair[0])]


def _codes(column: pa.ChunkedArray, known: dict[str, int]) -> Codes:
    """A column of few different texts as numbers; new texts join ``known``."""
    indices, texts = coded(column)
    place = np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int64)
    return place[indices]


NUMBERS = ["value", "low", "high", "n", "n_pairs"]


def _means(places: Sequence[tuple[str, ...]], seen: Floats, alpha: float) -> list[Mean]:
    """``seen``: the numbers of every seed, shape (places, seeds, len(NUMBERS))."""
    values = np.ascontiguousarray(seen[:, :, 0])
    centre, count = values.mean(axis=1), values.shape[1]
    half = t_halves(values, alpha / 2)
    flat = np.ptp(values, axis=1) < EQUAL_WITHIN
    low, high = centre - half, centre + half
    low[flat], high[flat] = _by_pairs(centre[flat], seen[flat], alpha)
    for at in np.flatnonzero(flat).tolist():
        if places[at][-1] in RANGES:
            low[at], high[at] = _widest(float(centre[at]), seen[at])
    rows = []
    least_n = seen[:, :, 3].min(axis=1)
    for number, place in enumerate(places):
        least, most = RANGES.get(place[-1], (0.0, 100.0))
        rows.append(
            Mean(
                **dict(zip(PLACE, place, strict=True)),
                value=rounded(centre[number]),
                low=rounded(max(least, low[number])),
                high=rounded(min(most, high[number])),
                n=int(least_n[number]),
                n_seeds=count,
            )
        )
    return rows


def _widest(value: float, seen: Floats) -> tuple[float, float]:
    """Widest limits of the seeds, whose value is the same; the value itself where none has any."""
    lows, highs = (column[~np.isnan(column)].tolist() for column in (seen[:, 1], seen[:, 2]))
    return min(lows, default=value), max(highs, default=value)


def _by_pairs(value: Floats, seen: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Limits of values that all seeds share, the number of pairs being that of the fewest."""
    pairs = seen[:, :, 4].min(axis=1)
    low, high = exact_binomial(value / 100 * pairs, pairs, alpha)
    return np.minimum(value, 100 * low), np.maximum(value, 100 * high)
