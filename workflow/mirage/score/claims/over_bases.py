"""What several bases say together: one-sided p that a quantity lies beyond its margin.

A base is the replicate. How a part is tested, its entry in the ledger says:

- ``t``: Student's t on the values of the bases. The SD is never taken to be less than what one item
  is worth: bases that all give one value are not known more exactly than that.
- ``count``: how many bases lie beyond the margin, against one half (exact binomial).
- ``families``: t over bases and, of the same rates by family of skills, t over the families' means
  over bases (Welch 1947 where several groups of families are compared); the larger p counts.

A rate that stands alone must be beyond its margin by the exact binomial on the unordered object
pairs as well: by t alone, one error on one base would make a claim easier than none on any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mirage.score.intervals import Floats, t_quantile

POWER = 0.8
"""Chance with which an effect beyond the margin is to be detected."""


@dataclass(frozen=True)
class Sample:
    """A quantity on some bases.

    Attributes:
        values: In points, by base.
        test: ``t``, ``count`` or ``families``.
        item: What one item is worth, in points: 100 / items of the smallest rate.
        rate: The mean rate in percent, if the quantity is one rate alone; else None.
        pairs: Unordered object pairs that it is read on.
        families: Of each group of families, their values averaged over the bases; the quantity is
            the sum of the groups' means.
    """

    values: Floats
    test: str
    item: float
    rate: float | None = None
    pairs: int = 0
    families: tuple[tuple[float, ...], ...] = ()

    @property
    def mean(self) -> float:
        """Mean over bases."""
        return float(self.values.mean())

    @property
    def spread(self) -> float:
        """Standard deviation over bases, in points; one item's worth at least."""
        found = float(self.values.std(ddof=1)) if len(self.values) > 1 else 0.0
        return max(found, self.item)

    def p(self, margin: float, *, above: bool) -> float:
        """One-sided p that the quantity lies above (or below) the margin; 1 on one base."""
        if len(self.values) < 2:
            return 1.0
        if self.test == "count":
            return self._p_count(margin, above)
        ps = [self._p_t(margin, above)]
        if self.rate is not None:
            ps.append(exact_p(self.rate, self.pairs, margin, above=above))
        if self.test == "families":
            ps.append(p_families(self.families, margin, self.item, above=above))
        return max(ps)

    def beyond(self, margin: float, *, above: bool) -> int:
        """Counts the bases beyond the margin."""
        return int((self.values > margin if above else self.values < margin).sum())

    def limits(self, alpha: float) -> tuple[float, float]:
        """The t interval of the mean over bases; without width on one base."""
        if len(self.values) < 2:
            return self.mean, self.mean
        count = len(self.values)
        half = t_quantile(count, alpha / 2) * self.spread / math.sqrt(count)
        return self.mean - half, self.mean + half

    def _p_t(self, margin: float, above: bool) -> float:
        from scipy.special import stdtr  # slow to import, and a report only reads p

        count = len(self.values)
        t = (self.mean - margin) / (self.spread / math.sqrt(count))
        return float(stdtr(count - 1, -t if above else t))

    def _p_count(self, margin: float, above: bool) -> float:
        return at_least_p(self.beyond(margin, above=above), len(self.values))


def at_least_p(count: int, of: int) -> float:
    """Chance of at least so many of some bases if each side of the margin is as likely."""
    return float(sum(math.comb(of, k) for k in range(count, of + 1)) / 2**of)


def count_needed(of: int, level: float) -> int | None:
    """Fewest bases beyond the margin that are significant at a level; None if not even all are."""
    return next((k for k in range(of + 1) if at_least_p(k, of) < level), None)


def exact_p(rate: float, pairs: int, margin: float, *, above: bool) -> float:
    """One-sided exact p (Clopper and Pearson 1934) that a rate lies beyond a margin.

    Args:
        rate: Mean over bases, in percent.
        pairs: Unordered object pairs; the hits are their share, fractions allowed.
        margin: In percent.
        above: Whether the rate is claimed to lie above it.
    """
    from scipy.special import betainc

    hits, limit = rate / 100 * pairs, min(max(margin / 100, 0.0), 1.0)
    if above:
        return float(betainc(hits, pairs - hits + 1, limit)) if hits > 0 else 1.0
    return float(1 - betainc(hits + 1, pairs - hits, limit)) if hits < pairs else 1.0


def p_families(
    groups: Sequence[Sequence[float]], margin: float, item: float, *, above: bool
) -> float:
    """One-sided p over families: t on the sum of the groups' means, each with its own spread.

    Args:
        groups: Values of the families of each group, averaged over bases; a group needs two.
        margin: In points.
        item: The least SD of a group, in points.
        above: Whether the sum is claimed to lie above it.
    """
    from scipy.special import stdtr

    if not groups or min(map(len, groups)) < 2:
        return 1.0
    total = sum(float(np.mean(g)) for g in groups)
    parts = [max(float(np.var(g, ddof=1)), item**2) / len(g) for g in groups]
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(g) - 1) for part, g in zip(parts, groups, strict=True)
    )
    t = (total - margin) / math.sqrt(sum(parts))
    return float(stdtr(freedom, -t if above else t))


def detectable(bases: int, level: float) -> float:
    """Effect beyond the margin, in SD over bases, that one-sided t detects with 80 %.

    The d for which the noncentral t of ``bases - 1`` degrees and noncentrality d x sqrt(bases)
    exceeds the quantile of t at 1 - level with that chance: 1.41 for ten bases at .05 / 14.
    """
    from scipy.special import nctdtrinc

    critical = t_quantile(bases, level)
    return float(nctdtrinc(bases - 1, 1 - POWER, critical)) / math.sqrt(bases)
