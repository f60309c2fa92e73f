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

from mirage.score.claims.over_seeds import FLAT
from mirage.score.intervals import exact_binomial, t_half
from mirage.score.rates import Rate, rounded

RANGES = {"j": (-100.0, 100.0), "d_prime": (-np.inf, np.inf)}
"""Values a measure can take, where these are not 0 to 100."""


Place = tuple[str, str, str, str, str, str, str]
"""Recipe, config, suite, corner, group_by, group and metric."""


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


def means(rates: Iterable[Rate], alpha: float) -> list[Mean]:
    """Returns the mean of every rate that at least two seeds have, in the order of the rates.

    Args:
        rates: Rates of all models and seeds.
        alpha: 1 - confidence.
    """
    found: dict[Place, list[Rate]] = {}
    for r in rates:
        if r.value is not None:
            place = (r.recipe, r.config, r.suite, r.corner, r.group_by, r.group, r.metric)
            found.setdefault(place, []).append(r)
    return [_mean(place, seen, alpha) for place, seen in found.items() if len(seen) > 1]


def _mean(place: Place, seen: list[Rate], alpha: float) -> Mean:
    values = np.array([r.value for r in seen], dtype=np.float64)
    centre, count = float(values.mean()), len(values)
    if np.ptp(values) < FLAT:
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
        n=min(r.n for r in seen),
        n_seeds=count,
    )


def _by_pairs(metric: str, value: float, seen: list[Rate], alpha: float) -> tuple[float, float]:
    """Limits of a value that all seeds share, the number of pairs being that of the fewest."""
    if metric in RANGES:
        lows = [r.low for r in seen if r.low is not None]
        highs = [r.high for r in seen if r.high is not None]
        return min(lows, default=value), max(highs, default=value)
    pairs = np.array([float(min(r.n_pairs for r in seen))])
    low, high = exact_binomial(value / 100 * pairs, pairs, alpha)
    return min(value, 100 * float(low[0])), max(value, 100 * float(high[0]))
