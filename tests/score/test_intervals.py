"""Intervals and tests against scipy, and their properties."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mirage.score.intervals import (
    combined_limits,
    exact_binomial,
    holm,
    rate_limits,
    resampled_weights,
)

QUICK = settings(max_examples=50)


@QUICK
@given(st.integers(1, 120), st.data())
def test_exact_binomial_equals_scipy(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = exact_binomial(np.array([float(successes)]), np.array([float(trials)]), 0.05)
    want = stats.binomtest(successes, trials).proportion_ci(0.95, method="exact")
    assert low[0] == pytest.approx(want.low, abs=1e-9)
    assert high[0] == pytest.approx(want.high, abs=1e-9)


def test_rule_of_three_at_the_edges_uses_pairs_not_items() -> None:
    items = np.full((24, 1), 5.0)
    low, high, methods = rate_limits(0 * items, items, n_resamples=200, seed=1, alpha=0.05)
    assert (low[0], methods) == (0.0, ["exact_pairs"])
    assert high[0] == pytest.approx(1 - 0.025 ** (1 / 24))
    low, high, _ = rate_limits(items, items, n_resamples=200, seed=1, alpha=0.05)
    assert high[0] == 1.0
    assert low[0] == pytest.approx(0.025 ** (1 / 24))


def test_one_pair_gets_a_wide_interval_instead_of_none() -> None:
    low, high, methods = rate_limits(
        np.array([[2.0]]), np.array([[4.0]]), n_resamples=200, seed=1, alpha=0.05
    )
    assert methods == ["exact_pairs"]
    assert low[0] < 0.1
    assert high[0] > 0.9


def test_weights_are_seeded_resamples_of_all_clusters() -> None:
    weights = resampled_weights(17, 300, 5)
    assert weights.shape == (300, 17)
    assert (weights.sum(axis=1) == 17).all()
    assert (weights == resampled_weights(17, 300, 5)).all()
    assert (weights != resampled_weights(17, 300, 6)).any()
    assert weights.mean() == pytest.approx(1.0)


def test_cluster_bootstrap_covers_and_is_wider_than_a_naive_one() -> None:
    generator = np.random.default_rng(0)
    covered, wider, runs = 0, 0, 150
    for _ in range(runs):
        rates = generator.beta(1.0, 1.0, size=(40, 1))
        hits = generator.binomial(5, rates).astype(float)
        items = np.full_like(hits, 5.0)
        low, high, _ = rate_limits(hits, items, n_resamples=400, seed=3, alpha=0.05)
        covered += bool(low[0] <= 0.5 <= high[0])
        share = hits.sum() / 200
        wider += bool(high[0] - low[0] > 2 * 1.96 * np.sqrt(share * (1 - share) / 200))
    assert covered / runs > 0.88
    assert wider == runs


@QUICK
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_monotone_and_never_below_the_raw_p(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    assert all(adjusted[a] <= adjusted[b] for a, b in pairwise(order))
    assert all(raw <= new <= 1 for raw, new in zip(p_values, adjusted, strict=True))
    assert min(adjusted) == min(1.0, min(p_values) * len(p_values))


def test_holm_on_a_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@QUICK
@given(st.floats(-50, 50), st.floats(0, 9), st.floats(0, 9))
def test_combined_limits_of_one_part_are_its_own(value: float, down: float, up: float) -> None:
    limits = combined_limits(
        np.array([1.0]), np.array([value]), np.array([value - down]), np.array([value + up])
    )
    assert limits == pytest.approx((value - down, value + up))
    flipped = combined_limits(
        np.array([-1.0]), np.array([value]), np.array([value - down]), np.array([value + up])
    )
    assert flipped == pytest.approx((-value - up, -value + down))
