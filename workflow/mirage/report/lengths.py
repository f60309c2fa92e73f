"""How long answers are, in tokens: the mean of a suite with an interval over object pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy.special import stdtrit

from mirage.contracts import Response
from mirage.report.data import Length

CONFIDENCE = 0.95


def lengths_of(
    rows: Iterable[Response], clusters: Mapping[str, tuple[str, str]]
) -> dict[str, Length]:
    """Returns the mean answer length per suite.

    Args:
        rows: One model's answers.
        clusters: Item id -> (suite, object pair).
    """
    found: dict[str, tuple[list[str], list[int]]] = {}
    for row in rows:
        suite, pair = clusters[row.id]
        pairs, tokens = found.setdefault(suite, ([], []))
        pairs.append(pair)
        tokens.append(row.n_tokens)
    return {suite: _length(*each) for suite, each in sorted(found.items())}


def _length(pairs: list[str], tokens: list[int]) -> Length:
    """Mean with an interval by t over clusters: items of a pair are no independent witnesses."""
    values = np.array(tokens, dtype=np.float64)
    names, index = np.unique(np.array(pairs), return_inverse=True)
    mean, count = float(values.mean()), len(names)
    if count < 2:
        return Length(mean, mean, mean, len(values))
    spread = np.bincount(index, weights=values - mean)
    error = float(np.sqrt(count / (count - 1) * (spread**2).sum())) / len(values)
    half = float(stdtrit(count - 1, 1 - (1 - CONFIDENCE) / 2)) * error
    return Length(mean, max(0.0, mean - half), mean + half, len(values))
