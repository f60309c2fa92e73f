"""Statistics over seeds and pairs: the crossed bootstrap, bounds, p and Holm's levels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from mirage.score.claims.over_seeds import Summary, crossed_bootstrap, summarise
from mirage.score.claims.quantity import Counted
from mirage.score.claims.verdicts import holm_levels
from mirage.score.intervals import holm, resampled_weights

QUICK = settings(max_examples=40)


def counts_of(rng: np.random.Generator, seeds: int, pairs: int = 9, terms: int = 2) -> Counted:
    items = rng.integers(1, 6, size=(terms, seeds, pairs)).astype(np.float64)
    hits = rng.binomial(items.astype(int), rng.uniform(0.2, 0.8, size=(terms, 1, 1)))
    weights = np.array([1.0, -1.0, 0.5][:terms])
    return Counted(tuple(range(seeds)), weights, 3.0, hits.astype(np.float64), items, ())


@pytest.fixture(scope="module", params=[2, 3, 10])
def counts(request: pytest.FixtureRequest) -> Counted:
    return counts_of(np.random.default_rng(request.param), request.param)


def summary_of(counts: Counted, n_resamples: int = 500) -> Summary:
    found = summarise(counts, n_resamples, 5)
    assert found is not None
    return found


def test_crossed_bootstrap_equals_a_slow_one(counts: Counted) -> None:
    n_resamples, seeds, pairs = 25, len(counts.seeds), counts.n_pairs
    fast = crossed_bootstrap(counts, n_resamples, 5)
    of_pairs, of_seeds = (
        resampled_weights(pairs, n_resamples, 5),
        resampled_weights(seeds, n_resamples, 6),
    )
    for draw in range(n_resamples):
        total = 0.0
        for seed in range(seeds):
            value = counts.constant
            for term, weight in enumerate(counts.weights):
                times = of_pairs[draw]
                hits = sum(times[p] * counts.hits[term, seed, p] for p in range(pairs))
                items = sum(times[p] * counts.items[term, seed, p] for p in range(pairs))
                value += weight * 100 * hits / items
            total += of_seeds[draw, seed] * value
        assert fast[draw] == pytest.approx(total / seeds)


def test_resamples_without_items_are_left_out() -> None:
    items = np.zeros((1, 2, 3))
    items[0, :, 0] = 4
    counts = Counted((0, 1), np.ones(1), 0.0, items / 2, items, ())
    drawn = crossed_bootstrap(counts, 200, 1)
    assert 0 < len(drawn) < 200
    assert set(drawn) == {50.0}


def test_t_is_the_textbook_one(counts: Counted) -> None:
    found = summary_of(counts)
    low, high = (found.bound(0.025, upper=up) for up in (False, True))
    want = ttest_1samp(found.values, 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((want.low, want.high))
    for above, word in ((True, "greater"), (False, "less")):
        p = ttest_1samp(found.values, 10, alternative=word).pvalue
        assert found.p_beyond(10, above=above) == pytest.approx(p)


@QUICK
@given(
    number=st.integers(0, 10_000), seeds=st.integers(2, 10), margin=st.floats(-60, 60),
    level=st.floats(0.001, 0.2), above=st.booleans(), flat=st.booleans(),
)  # fmt: skip
def test_p_is_below_the_level_where_the_bound_is_beyond_the_margin(
    number: int, seeds: int, margin: float, level: float, above: bool, flat: bool
) -> None:
    counts = counts_of(np.random.default_rng(number), seeds)
    if flat:
        shape = counts.items[:, :1].repeat(seeds, axis=1)
        counts = replace(counts, hits=counts.hits[:, :1].repeat(seeds, axis=1), items=shape)
    found = summary_of(counts, n_resamples=100)
    bound = found.bound(level, upper=not above)
    p = found.p_beyond(margin, above=above)
    assert p is not None
    beyond = bound > margin if above else bound < margin
    assert (p < level) == beyond or abs(bound - margin) < 1e-6
    harder = found.p_beyond(margin + (1 if above else -1), above=above)
    assert harder is not None
    assert harder >= p


@QUICK
@given(number=st.integers(0, 10_000), seeds=st.integers(1, 6), level=st.floats(0.001, 0.3))
def test_turning_the_sign_turns_every_bound(number: int, seeds: int, level: float) -> None:
    counts = counts_of(np.random.default_rng(number), seeds)
    turned = replace(counts, weights=-counts.weights, constant=-counts.constant)
    one, two = summary_of(counts, 101), summary_of(turned, 101)
    for up in (False, True):
        assert one.bound(level, upper=up) == pytest.approx(-two.bound(level, upper=not up))
        assert one.resampled(level, upper=up) == pytest.approx(-two.resampled(level, upper=not up))
    assert one.p_beyond(5, above=True) == pytest.approx(two.p_beyond(-5, above=False))
    assert one.bound(level, upper=False) <= one.mean + 1e-9 or one.method == "pairs"


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_equal_seeds_are_bounded_by_pairs_and_not_by_seeds(share: float) -> None:
    bounds = []
    for seeds in (2, 10):
        items = np.full((1, seeds, 20), 5.0)
        counts = Counted(tuple(range(seeds)), np.ones(1), 0.0, share * items, items, ())
        found = summary_of(counts)
        assert found.method == "exact_pairs"
        bounds.append(found.bound(0.05, upper=share == 0))
    end = 100 * (1 - 0.05 ** (1 / 20))
    assert bounds == pytest.approx([end, end] if share == 0 else [100 - end, 100 - end])


def alone(rates: list[float], pairs: int = 96, weight: float = 1.0) -> Summary:
    """One rate (in percent) per seed, as whole items of 100 per pair."""
    items = np.full((1, len(rates), pairs), 100.0)
    hits = items * np.array(rates)[None, :, None] / 100
    counts = Counted(tuple(range(len(rates))), np.array([weight]), 0.0, hits, items, ())
    return summary_of(counts, 100)


RATES = st.lists(st.floats(0, 30), min_size=3, max_size=10)
LEVELS = st.floats(0.003, 0.1)


def pressed(found: Summary, level: float) -> tuple[float, float]:
    p = found.p_beyond(5, above=False)
    assert p is not None
    return found.bound(level, upper=True), p


@QUICK
@given(rates=RATES, level=LEVELS, factor=st.floats(0, 1), place=st.integers(0, 9))
def test_fewer_errors_never_make_a_low_rate_less_sure(
    rates: list[float], level: float, factor: float, place: int
) -> None:
    """None at all, a share of those there were, or fewer in a seed that has the most of them.

    (Fewer in the best seed alone part the seeds further, which t may well punish.)
    """
    bound, p = pressed(alone(rates), level)
    worst = max(range(len(rates)), key=lambda i: rates[i])
    second = max((r for i, r in enumerate(rates) if i != worst), default=0.0)
    fewer = list(rates)
    fewer[worst] = second + factor * (rates[worst] - second)
    for better in ([0.0] * len(rates), [factor * r for r in rates], fewer):
        easier = pressed(alone(better), level)
        assert easier[0] <= bound + 1e-6
        assert easier[1] <= p + 1e-6


def test_no_error_at_all_is_as_good_as_one_in_one_seed() -> None:
    none, one = alone([0.0] * 10), alone([1.0417] + [0.0] * 9)
    assert (none.method, one.method) == ("exact_pairs", "t_and_exact_pairs")
    assert none.p_beyond(5, above=False) == pytest.approx(0.95**96, abs=1e-4)  # .0073
    assert (one.p_beyond(5, above=False) or 0) > 0.95**96
    assert one.bound(0.05, upper=True) > none.bound(0.05, upper=True)


@QUICK
@given(rates=RATES, level=LEVELS)
def test_a_rate_alone_is_bounded_by_t_and_by_pairs(rates: list[float], level: float) -> None:
    found = alone(rates)
    turned = alone(rates, weight=-1.0)
    for upper in (False, True):
        want = found._exact(level)[int(upper)]
        bound = found.bound(level, upper=upper)
        assert bound >= want - 1e-9 if upper else bound <= want + 1e-9
        if found.method != "exact_pairs":
            by_t = replace(found, method="t").bound(level, upper=upper)
            assert bound == (max if upper else min)(by_t, want)
        assert bound == pytest.approx(-turned.bound(level, upper=not upper))


def test_two_rates_keep_t() -> None:
    assert summary_of(counts_of(np.random.default_rng(1), 3, terms=2)).method == "t"


def test_one_seed_with_a_rate_at_zero_is_bounded_as_pre_listed_contrasts_are() -> None:
    items = np.ones((2, 1, 96))
    hits = np.zeros_like(items)
    hits[0, 0, :5] = 1
    counts = Counted((0,), np.array([1.0, -1.0]), 0.0, hits, items, ())
    found = summarise(counts, 2000, 20260101)  # as conf/score has it
    assert found is not None
    limits = [found.bound(0.025, upper=up) for up in (False, True)]
    assert found.method == "combined"
    assert limits == pytest.approx([-0.41, 9.38], abs=0.02)
    assert found.p_beyond(0, above=True) is None


def test_a_rate_without_items_has_no_summary() -> None:
    counts = counts_of(np.random.default_rng(0), 3)
    counts.items[0, 1] = 0
    assert summarise(counts, 100, 1) is None


@QUICK
@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=14))
def test_levels_are_those_at_which_holm_decides(p_values: list[float | None]) -> None:
    named = {f"C{i}": p for i, p in enumerate(p_values)}
    adjusted, levels = holm_levels(named, 0.05)
    filled = [1.0 if p is None else p for p in p_values]
    assert list(adjusted.values()) == holm(filled)
    shares = [0.05 / (len(named) - place) for place in range(len(named))]
    assert sorted(levels.values()) == pytest.approx(shares)
    for name, p in zip(named, filled, strict=True):
        if adjusted[name] < 0.05:
            assert p < levels[name]
