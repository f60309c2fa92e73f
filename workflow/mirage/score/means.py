"""Means over seeds: what several replicates say together.

A seed is a replicate of its own (base, data order, tuning), so the interval is by t over the seeds'
values and not over items.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from mirage.score.rates import Rate, rounded

RANGES = {"j": (-100.0, 100.0), "d_prime": (-np.inf, np.inf)}
"""Values a measure can take, where these are not 0 to 100."""


@dataclass(frozen=True)
class Mean:
    """The mean of a rate over seeds, with its t interval cut to the values the rate can take.

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


def means(rates: Iterable[Rate], alpha: float) -> list[Mean]:
    """Returns the mean of every rate that at least two seeds have, in the order of the rates.

    Args:
        rates: Rates of all models and seeds.
        alpha: 1 - confidence.
    """
    found: dict[tuple[str, str, str, str, str, str, str], list[tuple[float, int]]] = {}
    for r in rates:
        if r.value is not None:
            place = (r.recipe, r.config, r.suite, r.corner, r.group_by, r.group, r.metric)
            found.setdefault(place, []).append((r.value, r.n))
    return [_mean(place, seen, alpha) for place, seen in found.items() if len(seen) > 1]


def _mean(
    place: tuple[str, str, str, str, str, str, str], seen: list[tuple[float, int]], alpha: float
) -> Mean:
    values = np.array([value for value, _ in seen])
    centre, count = float(values.mean()), len(values)
    half = float(stdtrit(count - 1, 1 - alpha / 2)) * float(values.std(ddof=1)) / count**0.5
    least, most = RANGES.get(place[-1], (0.0, 100.0))
    return Mean(
        *place,
        value=rounded(centre),
        low=rounded(max(least, centre - half)),
        high=rounded(min(most, centre + half)),
        n=min(n for _, n in seen),
        n_seeds=count,
    )
