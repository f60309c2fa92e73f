"""What several seeds say together: t over seeds, checked by a bootstrap over seeds x pairs.

Where every seed gives the same value (all at 0 or 100 %, say) t has no width, although another set
of object pairs might have told another story. The exact binomial on the number of unordered pairs
then stands in, the limits of the parts combined; it never counts a pair once per seed. One seed
alone has no t either: its interval is the bootstrap over pairs, and it is given no p.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from mirage.score.intervals import Floats, combined_limits, exact_binomial, resampled_weights
from mirage.score.quantity import Counted, shares

FLAT = 1e-9
LEAST = 1e-12
"""Smallest p that the exact bound is searched for."""


@dataclass(frozen=True)
class Summary:
    """A quantity over seeds, with all that a bound at any level needs.

    Attributes:
        counted: The counts.
        values: Per seed.
        drawn: Crossed bootstrap: the mean over seeds in every resample.
        method: ``t``, ``exact_pairs`` (equal in all seeds) or ``pairs`` (one seed).
    """

    counted: Counted
    values: Floats
    drawn: Floats
    method: str

    @property
    def mean(self) -> float:
        """Mean over seeds."""
        return float(self.values.mean())

    def bound(self, level: float, *, upper: bool) -> float:
        """One-sided bound of the mean at 1 - ``level``; by pairs where there is one seed."""
        if self.method == "exact_pairs":
            return self._exact(level)[int(upper)]
        if self.method == "pairs":
            if np.ptp(self.drawn) < FLAT:
                return self._exact(level)[int(upper)]
            return self.resampled(level, upper=upper)
        count = len(self.values)
        spread = float(self.values.std(ddof=1)) / math.sqrt(count)
        half = float(stdtrit(count - 1, 1 - level)) * spread
        return self.mean + half if upper else self.mean - half

    def resampled(self, level: float, *, upper: bool) -> float:
        """The same bound by the crossed bootstrap."""
        return float(np.quantile(self.drawn, 1 - level if upper else level))

    def p_beyond(self, margin: float, *, above: bool) -> float | None:
        """One-sided p that the mean lies above (or below) the margin; None for one seed."""
        if self.method == "pairs":
            return None
        if self.method == "exact_pairs":
            return self._exact_p(margin, above)
        count = len(self.values)
        t = (self.mean - margin) / (float(self.values.std(ddof=1)) / math.sqrt(count))
        return float(stdtr(count - 1, -t if above else t))

    def _exact(self, level: float) -> tuple[float, float]:
        rates = self.counted.rates.mean(axis=1) / 100
        pairs = (self.counted.items > 0).any(axis=1).sum(axis=1).astype(np.float64)
        low, high = exact_binomial(rates * pairs, pairs, 2 * level)
        below, above = combined_limits(
            self.counted.weights,
            100 * rates,
            100 * np.minimum(low, rates),
            100 * np.maximum(high, rates),
        )
        return self.counted.constant + below, self.counted.constant + above

    def _exact_p(self, margin: float, above: bool) -> float:
        """The smallest level at which the exact bound is still beyond the margin, by halving."""

        def beyond(level: float) -> bool:
            bound = self._exact(level)[int(not above)]
            return bound > margin if above else bound < margin

        if not beyond(0.5):
            return 1.0
        low, high = float(np.log(LEAST)), float(np.log(0.5))
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if beyond(float(np.exp(middle))) else (middle, high)
        return float(np.exp(high))


def summarise(counted: Counted, draws: int, seed: int) -> Summary | None:
    """Summarises a quantity; None if no seed has it or a rate of it has no item.

    Args:
        counted: Its counts.
        draws: Resamples of the crossed bootstrap.
        seed: Seed of the resampling.
    """
    values = counted.values
    if not len(values) or np.isnan(values).any():
        return None
    method = "pairs" if len(values) == 1 else "exact_pairs" if np.ptp(values) < FLAT else "t"
    return Summary(counted, values, crossed_bootstrap(counted, draws, seed), method)


def crossed_bootstrap(counted: Counted, draws: int, seed: int) -> Floats:
    """Means over seeds when seeds and pairs are both drawn anew, the same pairs for every seed.

    Args:
        counted: Counts of shape (terms, seeds, pairs).
        draws: Resamples.
        seed: Seed of the resampling.

    Returns:
        At most ``draws`` means: resamples in which a rate has no item are left out.
    """
    terms, seeds, pairs = counted.hits.shape
    of_pairs = resampled_weights(pairs, draws, seed)
    of_seeds = resampled_weights(seeds, draws, seed + 1)
    value = np.full((draws, seeds), counted.constant)
    for term in range(terms):
        hits, items = of_pairs @ counted.hits[term].T, of_pairs @ counted.items[term].T
        value += counted.weights[term] * shares(hits, items)
    value = np.where(of_seeds > 0, value, 0.0)
    means = (of_seeds * value).sum(axis=1) / seeds
    return np.asarray(means[~np.isnan(means)])
