"""How long answers are: means over items, intervals over object pairs."""

from __future__ import annotations

import pytest

from mirage.contracts import Response, Sample
from mirage.score.frame import suites_of
from mirage.score.lengths import lengths


def test_lengths_are_means_with_intervals_over_pairs() -> None:
    rows = [Response(f"hard/{n}", "x", tokens, "stop") for n, tokens in enumerate((10, 10, 20, 20))]
    samples = [
        Sample(f"hard/{n}", "hard", "", "", "?", (), {"pair": "ab" if n < 2 else "cd"})
        for n in range(4)
    ]
    (length,) = lengths("mirage-s0", rows, suites_of(samples), 0.05)
    assert (length.model, length.suite, length.value, length.n) == ("mirage-s0", "hard", 15.0, 4)
    # Two clusters 5 apart from the mean: standard error 5, t with one degree of freedom.
    assert length.high - length.value == pytest.approx(5 * 12.7062, rel=1e-4)
    assert length.low == 0.0
    (wider,) = lengths("mirage-s0", rows, suites_of(samples), 0.01)
    assert wider.high > length.high
    (one,) = lengths("mirage-s0", rows[:2], suites_of(samples[:2]), 0.05)
    assert (one.low, one.value, one.high) == (10.0, 10.0, 10.0)
    assert not list(lengths("mirage-s0", rows[:2], suites_of(samples), 0.05))
