"""What several seeds say together: t over seeds, checked by a bootstrap over seeds x pairs.

Where every seed gives the same value (all at 0 or 100 %, say) t has no width, although another set
of object pairs could have given another result. The exact binomial on the number of unordered pairs
then stands in, the limits of the parts combined; it never counts a pair once per seed.

One rate alone is bounded by both, always: the wider bound and the larger p count. By t alone, one
error in one seed would make a claim easier than none in any, which t cannot bound at all.

One seed alone has no t either: its interval is the bootstrap over pairs (a rate at 0 or 100 % is
bounded exactly, and the parts combined), and it is given no p.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mirage.score.claims.quantity import Counted, shares
from mirage.score.intervals import (
    Floats,
    at_edge,
    combined_limits,
    combined_rate_limits,
    exact_binomial,
    resampled_weights,
    t_half,
)

EQUAL_WITHIN = 1e-9
"""Numbers that differ by no more are taken as equal, as rates at an edge are."""

SMALLEST_P = 1e-12
"""Smallest p that the exact bound is searched for."""

EXACT = ("exact_pairs", "t_and_exact_pairs")
ONE_SEED = ("pairs", "combined")


@dataclass(frozen=True)
class Summary:
    """A quantity over seeds, with all that a bound at any level needs.

    Attributes:
        counted: The counts.
        values: Per seed.
        drawn: Crossed bootstrap: the mean over seeds in every resample.
        method: ``t``; ``t_and_exact_pairs`` (one rate alone: the wider of both); ``exact_pairs``
            (equal in all seeds); ``pairs`` (one seed), ``combined`` where a rate of
            it stands at 0 or 100 % or no resample differs.
        n_resamples: Resamples, and their seed, for the limits of one seed.
    """

    counted: Counted
    values: Floats
    drawn: Floats
    method: str
    n_resamples: int
    seed: int

    @property
    def one_seed(self) -> bool:
        """Whether there is no other seed to test against."""
        return self.method in ONE_SEED

    @property
    def mean(self) -> float:
        """Mean over seeds."""
        return float(self.values.mean())

    def bound(self, level: float, *, upper: bool) -> float:
        """One-sided bound of the mean at 1 - ``level``; by pairs where there is one seed."""
        if self.method == "pairs":
            return self.resampled(level, upper=upper)
        if self.method == "combined":
            return self._combined(level)[int(upper)]
        exact = self._exact(level)[int(upper)] if self.method in EXACT else None
        if exact is not None and self.method == "exact_pairs":
            return exact
        half = t_half(self.values, level)
        by_t = self.mean + half if upper else self.mean - half
        return by_t if exact is None else max(by_t, exact) if upper else min(by_t, exact)

    def resampled(self, level: float, *, upper: bool) -> float:
        """The same bound by the crossed bootstrap."""
        return float(np.quantile(self.drawn, 1 - level if upper else level))

    def p_beyond(self, margin: float, *, above: bool) -> float | None:
        """One-sided p that the mean lies above (or below) the margin; None for one seed."""
        if self.one_seed:
            return None
        from scipy.special import stdtr  # slow to import, and a report only reads p

        exact = self._exact_p(margin, above) if self.method in EXACT else 0.0
        if self.method == "exact_pairs":
            return exact
        count = len(self.values)
        t = (self.mean - margin) / (float(self.values.std(ddof=1)) / math.sqrt(count))
        return max(exact, float(stdtr(count - 1, -t if above else t)))

    def _combined(self, level: float) -> tuple[float, float]:
        """The one seed's rates bounded one by one and combined, as pre-listed contrasts are."""
        low, high = combined_rate_limits(
            self.counted.weights,
            self.counted.hits[:, 0].T,
            self.counted.items[:, 0].T,
            n_resamples=self.n_resamples,
            seed=self.seed,
            alpha=2 * level,
        )
        return self.counted.constant + low, self.counted.constant + high

    def _exact(self, level: float) -> tuple[float, float]:
        rates = self.counted.rates.mean(axis=1) / 100
        pairs = self.counted.pairs_read
        low, high = exact_binomial(rates * pairs, pairs, 2 * level)
        below, above = combined_limits(self.counted.weights, 100 * rates, 100 * low, 100 * high)
        return self.counted.constant + below, self.counted.constant + above

    def _exact_p(self, margin: float, above: bool) -> float:
        """The smallest level at which the exact bound is still beyond the margin, by halving."""

        def beyond(level: float) -> bool:
            bound = self._exact(level)[int(not above)]
            return bound > margin if above else bound < margin

        if not beyond(0.5):
            return 1.0
        low, high = float(np.log(SMALLEST_P)), float(np.log(0.5))
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if beyond(float(np.exp(middle))) else (middle, high)
        return float(np.exp(high))


def summarise(counted: Counted, n_resamples: int, seed: int) -> Summary | None:
    """Summarises a quantity; None if no seed has it or a rate of it has no item.

    Args:
        counted: Its counts.
        n_resamples: Resamples of the crossed bootstrap.
        seed: Seed of the resampling.
    """
    values = counted.values
    if not len(values) or np.isnan(values).any():
        return None
    drawn = crossed_bootstrap(counted, n_resamples, seed)
    return Summary(counted, values, drawn, _method(counted, values, drawn), n_resamples, seed)


def _method(counted: Counted, values: Floats, drawn: Floats) -> str:
    if len(values) == 1:
        flat = not len(drawn) or np.ptp(drawn) < EQUAL_WITHIN
        return "combined" if flat or at_edge(counted.rates) else "pairs"
    if np.ptp(values) < EQUAL_WITHIN:
        return "exact_pairs"
    alone = len(counted.weights) == 1 and abs(counted.weights[0]) == 1
    return "t_and_exact_pairs" if alone else "t"


def crossed_bootstrap(counted: Counted, n_resamples: int, seed: int) -> Floats:
    """Means over seeds when seeds and pairs are both drawn anew, the same pairs for every seed.

    Args:
        counted: Counts of shape (terms, seeds, pairs).
        n_resamples: Resamples.
        seed: Seed of the resampling.

    Returns:
        At most ``n_resamples`` means: resamples in which a rate has no item are left out.
    """
    terms, seeds, pairs = counted.hits.shape
    of_pairs = resampled_weights(pairs, n_resamples, seed)
    of_seeds = resampled_weights(seeds, n_resamples, seed + 1)
    value = np.full((n_resamples, seeds), counted.constant)
    for term in range(terms):
        hits, items = of_pairs @ counted.hits[term].T, of_pairs @ counted.items[term].T
        value += counted.weights[term] * shares(hits, items)
    value = np.where(of_seeds > 0, value, 0.0)
    means = (of_seeds * value).sum(axis=1) / seeds
    return np.asarray(means[~np.isnan(means)])
