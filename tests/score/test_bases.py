"""Statistics over bases: p, counts, families, power and Holm's levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_1samp, ttest_ind

from mirage.score.claims.over_bases import (
    Sample,
    at_least_p,
    count_needed,
    detectable,
    exact_p,
    p_families,
)
from mirage.score.claims.verdicts import holm_levels
from mirage.score.intervals import holm, t_quantile

QUICK = settings(max_examples=60)
VALUES = st.lists(st.floats(-80, 80), min_size=2, max_size=10).filter(lambda v: np.ptp(v) > 0.01)


ITEM = 1e-6
"""An item so small that it never widens a spread."""


def sample(values: list[float], test: str = "t", item: float = ITEM) -> Sample:
    return Sample(np.array(values), test, item)


@QUICK
@given(values=VALUES, margin=st.floats(-60, 60))
def test_t_is_the_textbook_one(values: list[float], margin: float) -> None:
    found = sample(values)
    for above, word in ((True, "greater"), (False, "less")):
        want = ttest_1samp(values, margin, alternative=word).pvalue
        assert found.p(margin, above=above) == pytest.approx(want, abs=1e-9)
    interval = ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.limits(0.05) == pytest.approx((interval.low, interval.high))


@QUICK
@given(values=VALUES, margin=st.floats(-60, 60), test=st.sampled_from(["t", "count"]))
def test_a_harder_margin_never_makes_a_part_surer(
    values: list[float], margin: float, test: str
) -> None:
    found = sample(values, test)
    for above, step in ((True, 1), (False, -1)):
        p = found.p(margin, above=above)
        assert 0 <= p <= 1
        assert found.p(margin + step, above=above) >= p - 1e-12


@QUICK
@given(values=VALUES, margin=st.floats(-60, 60), test=st.sampled_from(["t", "count"]))
def test_turning_the_sign_turns_the_side(values: list[float], margin: float, test: str) -> None:
    turned = sample([-v for v in values], test)
    want = sample(values, test).p(margin, above=True)
    assert turned.p(-margin, above=False) == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize(("beyond", "of"), [(8, 8), (7, 8), (5, 5), (0, 8), (4, 8)])
def test_bases_below_a_margin_are_counted_against_one_half(beyond: int, of: int) -> None:
    found = sample([1.0] * beyond + [50.0] * (of - beyond), "count")
    want = binomtest(beyond, of, alternative="greater").pvalue
    assert found.p(5, above=False) == pytest.approx(want)
    assert at_least_p(beyond, of) == pytest.approx(want)
    # Significant exactly where the exact lower bound of the share lies above one half.
    low = binomtest(beyond, of, alternative="greater").proportion_ci(0.95, "exact").low
    assert (want < 0.05) == (low > 0.5)


def test_how_many_bases_a_count_needs() -> None:
    assert count_needed(10, 0.05) == 9
    assert count_needed(8, 0.05) == 7
    assert count_needed(8, 0.05 / 14) is None
    assert count_needed(10, 0.05 / 14) == 10


@pytest.mark.parametrize("count", [4, 5, 10])
def test_bases_that_all_say_the_same_spread_by_an_item(count: int) -> None:
    item = 100 / 120
    found = sample([100.0] * count, item=item)
    assert found.p(10, above=True) < 0.05 / 14 < 0.99 < found.p(10, above=False)
    assert found.p(100, above=True) == found.p(100, above=False) == 0.5
    half = t_quantile(count, 0.025) * item / count**0.5
    assert found.limits(0.05) == pytest.approx((100 - half, 100 + half))
    barely = sample([100.0] * (count - 1) + [99.99], item=item)
    assert barely.spread == item
    assert p_families([[3.0] * count], 2, item, above=True) == sample([3.0] * count, item=item).p(
        2, above=True
    )


def test_one_base_tests_nothing() -> None:
    assert sample([99.0]).p(0, above=True) == 1
    assert sample([99.0]).limits(0.05) == (99, 99)


@pytest.mark.parametrize(("hits", "pairs"), [(0, 96), (3, 96), (40, 96), (96, 96)])
def test_a_rate_alone_is_bounded_by_its_pairs(hits: int, pairs: int) -> None:
    rate = 100 * hits / pairs
    for margin in (5.0, 50.0, 90.0):
        for above, word in ((True, "greater"), (False, "less")):
            want = binomtest(hits, pairs, margin / 100, alternative=word).pvalue
            assert exact_p(rate, pairs, margin, above=above) == pytest.approx(want, abs=1e-9)


def test_no_error_at_all_is_no_worse_than_one_on_one_base() -> None:
    none, one = (
        Sample(np.array(v), "t", 100 / 96, float(np.mean(v)), 96)
        for v in ([0.0] * 8, [1.04] + [0.0] * 7)
    )
    assert none.p(5, above=False) == pytest.approx(0.95**96, abs=1e-3)
    assert one.p(5, above=False) > none.p(5, above=False)


FAMILIES = st.lists(st.floats(-20, 20), min_size=3, max_size=6).filter(lambda v: np.ptp(v) > 0.01)


@QUICK
@given(one=FAMILIES, two=FAMILIES, margin=st.floats(-9, 9))
def test_families_are_compared_by_welch(one: list[float], two: list[float], margin: float) -> None:
    want = ttest_1samp(one, margin, alternative="greater").pvalue
    assert p_families([one], margin, ITEM, above=True) == pytest.approx(want, abs=1e-9)
    turned = [-v for v in two]
    want = ttest_ind(np.array(one) - margin, two, equal_var=False, alternative="less").pvalue
    assert p_families([one, turned], margin, ITEM, above=False) == pytest.approx(want, abs=1e-9)


def test_skills_must_be_clear_over_bases_and_over_families() -> None:
    bases = np.array([5.0, 5.5, 4.5, 5.2, 4.8])
    clear = Sample(bases, "families", ITEM, families=((5.0, 5.4, 4.6, 5.0),))
    apart = Sample(bases, "families", ITEM, families=((20.0, 0.0, 0.0, 0.0),))
    assert clear.p(1, above=True) < 0.01
    assert apart.p(1, above=True) > 0.1
    assert apart.p(1, above=True) == p_families(apart.families, 1, ITEM, above=True)
    assert p_families([[5.0]], 1, ITEM, above=True) == 1


@pytest.mark.parametrize(("bases", "sd"), [(10, 1.41), (8, 1.70), (6, 2.27), (5, 2.87), (4, 4.17)])
def test_power_is_what_a_simulation_finds(bases: int, sd: float) -> None:
    d = detectable(bases, 0.05 / 14)
    assert d == pytest.approx(sd, abs=0.006)
    drawn = np.random.default_rng(1).normal(d, 1.0, size=(40_000, bases))
    t = drawn.mean(axis=1) / (drawn.std(axis=1, ddof=1) / bases**0.5)
    assert (t > t_quantile(bases, 0.05 / 14)).mean() == pytest.approx(0.8, abs=0.01)


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
