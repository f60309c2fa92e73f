"""Intervals and Holm's correction; all vectorised, seeded and free of state.

The unit of resampling is the unordered object pair: items of one pair share objects, hazard and
often templates, so they are no independent observations.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def exact_binomial(successes: Floats, trials: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Clopper-Pearson interval of a share.

    Args:
        successes: Counts, any shape; fractions are allowed (a share times a number of pairs).
        trials: Counts of the same shape, at least 1.
        alpha: 1 - confidence.

    Returns:
        Lower and upper limit as shares, same shape.
    """
    from scipy.special import betaincinv  # slow to import, and a report only reads intervals

    below = np.where(successes > 0, betaincinv(successes, trials - successes + 1, alpha / 2), 0.0)
    above = np.where(
        successes < trials, betaincinv(successes + 1, trials - successes, 1 - alpha / 2), 1.0
    )
    return below, above


@lru_cache(maxsize=64)
def resampled_weights(clusters: int, n_resamples: int, seed: int) -> Floats:
    """How often each cluster stands in each bootstrap resample: shape (n_resamples, clusters).

    The same number of clusters always gives the same resamples, so that differences between models
    over the same pairs are paired by construction.
    """
    generator = np.random.default_rng([seed, clusters])
    picks = generator.integers(0, clusters, size=(n_resamples, clusters))
    picks += np.arange(n_resamples)[:, None] * clusters
    counts = np.bincount(picks.ravel(), minlength=n_resamples * clusters)
    return counts.reshape(n_resamples, clusters).astype(np.float64)


def resampled_rates(hits: Floats, items: Floats, n_resamples: int, seed: int) -> Floats:
    """Rates in every resample of the clusters.

    Args:
        hits: Items that count, per cluster and metric: shape (clusters, metrics).
        items: Items read, same shape.
        n_resamples: Number of resamples.
        seed: Seed of the resampling.

    Returns:
        Shares of shape (n_resamples, metrics); NaN where a resample holds no item.
    """
    weights = resampled_weights(len(hits), n_resamples, seed)
    below = weights @ items
    return np.divide(weights @ hits, below, out=np.full_like(below, np.nan), where=below > 0)


def percentile_limits(values: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Percentile interval of each column of ``values`` (n_resamples first), NaN left out."""
    if np.isnan(values).any():
        low, high = np.nanquantile(values, [alpha / 2, 1 - alpha / 2], axis=0)
        return low, high
    places = [(len(values) - 1) * q for q in (alpha / 2, 1 - alpha / 2)]
    ends = [min(int(place), len(values) - 2) for place in places]
    near = [k for end in ends for k in (end, end + 1)]
    # One partition for both ends: np.quantile costs twice as much, and this runs for every rate.
    ordered = np.partition(values, near, axis=0)
    below, above = (
        ordered[k] + (place - k) * (ordered[k + 1] - ordered[k])
        for k, place in zip(ends, places, strict=True)
    )
    return below, above


def rate_limits(
    hits: Floats, items: Floats, *, n_resamples: int, seed: int, alpha: float
) -> tuple[Floats, Floats, list[str]]:
    """95 % (or other) limits of several rates over the same clusters.

    At 0 or 100 %, and wherever every resample gives the same value, the bootstrap has no width; the
    exact binomial on the number of clusters (pairs) stands in.

    Args:
        hits: Items that count, shape (clusters, metrics).
        items: Items read, same shape; a cluster may hold none.
        n_resamples: Resamples.
        seed: Seed.
        alpha: 1 - confidence.

    Returns:
        Low and high as shares, shape (metrics,), and the method of each, ``bootstrap`` or
        ``exact_pairs``.
    """
    pairs = (items > 0).sum(axis=0).astype(np.float64)
    value = hits.sum(axis=0) / items.sum(axis=0)
    low, high = exact_binomial(value * pairs, pairs, alpha)
    flat = (value == 0) | (value == 1)
    moving = np.flatnonzero(~flat)
    if len(moving):
        drawn = resampled_rates(hits[:, moving], items[:, moving], n_resamples, seed)
        below, above = percentile_limits(drawn, alpha)
        wide = above - below > 1e-12
        flat[moving[~wide]] = True
        low[moving[wide]], high[moving[wide]] = below[wide], above[wide]
    return low, high, ["exact_pairs" if is_flat else "bootstrap" for is_flat in flat]


def t_quantile(count: int, level: float) -> float:
    """Quantile of t at 1 - ``level`` for the mean of ``count`` values."""
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, 1 - level))


def combined_limits(
    signs: Floats, values: Floats, lows: Floats, highs: Floats
) -> tuple[float, float]:
    """Limits of a signed sum from the limits of its parts (MOVER, Zou and Donner 2008).

    Args:
        signs: +1 or -1 (or other weights) per part.
        values: Value of each part.
        lows: Lower limit of each part; its value where rounding puts the limit above it.
        highs: Upper limit of each part; likewise.
    """
    lows, highs = np.minimum(lows, values), np.maximum(highs, values)
    down = np.where(signs > 0, values - lows, highs - values) * np.abs(signs)
    up = np.where(signs > 0, highs - values, values - lows) * np.abs(signs)
    centre = float(signs @ values)
    return centre - float(np.sqrt((down**2).sum())), centre + float(np.sqrt((up**2).sum()))


def at_edge(rates: Floats) -> bool:
    """Tells whether a rate in percent stands at 0 or 100, where a bootstrap has no width."""
    return bool(((rates == 0) | (rates == 100)).any())


def combined_rate_limits(
    signs: Floats, hits: Floats, items: Floats, *, n_resamples: int, seed: int, alpha: float
) -> tuple[float, float]:
    """Limits of a signed sum of rates in percent, each bounded on its own and then combined.

    Args:
        signs: Weight of each rate.
        hits: Items that count, shape (clusters, rates).
        items: Items read, same shape; a cluster may hold none.
        n_resamples: Resamples.
        seed: Seed.
        alpha: 1 - confidence.
    """
    rates = 100 * hits.sum(axis=0) / items.sum(axis=0)
    low, high, _ = rate_limits(hits, items, n_resamples=n_resamples, seed=seed, alpha=alpha)
    return combined_limits(signs, rates, 100 * low, 100 * high)


def holm(p_values: list[float]) -> list[float]:
    """Returns Holm's adjusted p-values, in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = largest
    return adjusted
