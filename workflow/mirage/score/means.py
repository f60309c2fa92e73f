"""Means over bases: what the replicates of a study say together.

A seed is a replicate of its own (base, data order, tuning). With the few that a study has, no
interval is computed: the lowest and the highest base stand beside the mean, and every value stands
in the order of the seeds. The range of three covers the median base with probability 75 %, that of
five with 94 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mirage.score.intervals import Floats
from mirage.score.rate_table import coded
from mirage.score.rates import rounded

Codes = NDArray[np.int64]

PLACE = ("recipe", "config", "suite", "corner", "group_by", "group", "metric")
"""What rates of several seeds have in common."""


@dataclass(frozen=True)
class Mean:
    """The mean of a rate over bases.

    Attributes:
        low: The lowest base; ``high`` the highest. No interval.
        n: Items per base; the fewest where bases differ.
        n_seeds: Bases that have a value, at least two.
        values: Their values in the order of the seeds, with blanks between.
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
    values: str

    @property
    def by_base(self) -> tuple[float, ...]:
        """The values of the bases, in the order of the seeds."""
        return parsed(self.values)


class Spread(NamedTuple):
    """What some bases say: their mean, the lowest, the highest, and each as text."""

    value: float
    low: float
    high: float
    values: str


def spread(values: Sequence[float] | Floats) -> Spread:
    """Returns what the values of some bases, in the order of their seeds, say together."""
    own = np.asarray(values)
    told = " ".join(str(rounded(value)) for value in own)
    return Spread(rounded(own.mean()), rounded(own.min()), rounded(own.max()), told)


def parsed(values: str) -> tuple[float, ...]:
    """Returns the values of bases from their text."""
    return tuple(float(value) for value in values.split())


def means(tables: Iterable[pa.Table]) -> list[Mean]:
    """Returns the mean of every rate that at least two seeds have, in the order of the rates.

    Args:
        tables: Rates, a table for each model or several; models of one recipe follow each other, so
            that only their rates are in memory at a time.
    """
    rows: list[Mean] = []
    for _, some in groupby((t for t in tables if len(t)), key=_recipe):
        rows += _of_recipe(some)
    return rows


def _recipe(table: pa.Table) -> tuple[str, str]:
    return table.column("recipe")[0].as_py(), table.column("config")[0].as_py()


def _of_recipe(tables: Iterable[pa.Table]) -> list[Mean]:
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
        found += zip(first[chosen].tolist(), _means(places, number[rows]), strict=True)
    return [mean for _, mean in sorted(found, key=lambda pair: pair[0])]


def _codes(column: pa.ChunkedArray, known: dict[str, int]) -> Codes:
    """A column of few different texts as numbers; new texts join ``known``."""
    indices, texts = coded(column)
    place = np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int64)
    return place[indices]


NUMBERS = ["value", "seed", "n"]


def _means(places: Sequence[tuple[str, ...]], seen: Floats) -> list[Mean]:
    """``seen``: the numbers of every seed, shape (places, seeds, len(NUMBERS))."""
    order = np.argsort(seen[:, :, 1], axis=1, kind="stable")
    values = np.take_along_axis(seen[:, :, 0], order, axis=1)
    least_n = seen[:, :, 2].min(axis=1)
    return [
        Mean(
            **dict(zip(PLACE, place, strict=True)),
            value=found.value,
            low=found.low,
            high=found.high,
            n=int(n),
            n_seeds=len(own),
            values=found.values,
        )
        for place, own, n in zip(places, values, least_n, strict=True)
        for found in [spread(own)]
    ]
