"""How long answers are, in tokens: the mean of a suite with an interval over object pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mirage.contracts import Response
from mirage.score.frame import Suite
from mirage.score.intervals import Floats, t_quantile


@dataclass(frozen=True)
class Length:
    """One row of ``lengths.csv``: mean answer length in tokens, over ``n`` items.

    Attributes:
        low: Limits by t over clusters: items of an object pair are no independent witnesses.
    """

    model: str
    suite: str
    value: float
    low: float
    high: float
    n: int


def lengths(
    model: str, responses: Iterable[Response], suites: Mapping[str, Suite], alpha: float
) -> Iterator[Length]:
    """Yields the mean answer length on every suite that a model answered.

    Args:
        model: Its name.
        responses: Its answers.
        suites: By name.
        alpha: 1 - confidence.
    """
    tokens = {r.id: float(r.n_tokens) for r in responses}
    for suite in suites.values():
        ids = suite.column("id").tolist()
        if ids and all(name in tokens for name in ids):
            values = np.array([tokens[name] for name in ids], dtype=np.float64)
            mean, half = _limits(values, suite, alpha)
            low = max(0.0, mean - half)
            yield Length(model, suite.name, mean, low, mean + half, len(values))


def _limits(values: Floats, suite: Suite, alpha: float) -> tuple[float, float]:
    mean = float(values.mean())
    spread = np.bincount(suite.own_codes, weights=values - mean)
    count = len(spread)
    if count < 2:
        return mean, 0.0
    error = float(np.sqrt(count / (count - 1) * (spread**2).sum())) / len(values)
    return mean, t_quantile(count, alpha / 2) * error
