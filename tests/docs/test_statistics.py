"""The worked examples of docs/statistics.md are committed values, and the arithmetic is right."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from mirage.score.claims.over_bases import Sample
from mirage.score.intervals import holm

ROOT = Path(__file__).parents[2]
PAGE = " ".join((ROOT / "docs/statistics.md").read_text(encoding="utf-8").split())
MARGIN, ITEMS, CLAIMS = 10, 60, 14


def rows(claim: str) -> list[dict[str, str]]:
    path = ROOT / "reports/gallery/confirm/claims_parts.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["id"] == claim]


def sample(row: dict[str, str]) -> Sample:
    values = row["base by base"].replace("−", "-").split(", ")
    return Sample(np.array([float(v) for v in values]), "t", 100 / ITEMS)


@pytest.mark.parametrize("claim", ["C6", "C1"])
def test_the_values_are_those_of_the_gallery(claim: str) -> None:
    assert rows(claim)[0]["base by base"].replace("−", "-") in PAGE


def test_the_steps_of_c6() -> None:
    single, composite = rows("C6")[:2]
    first, second = sample(single), sample(composite)
    assert f"The mean is {first.mean:.1f}, the SD over the five bases {first.spread:.1f}." in PAGE
    low, high = float(single["mean low"]), float(single["mean high"])
    # The page's values are rounded to a decimal.
    assert first.limits(0.05) == pytest.approx((low, high), abs=0.1)
    assert f"{first.mean:.1f} ± {(high - low) / 2:.1f}, that is {low:.1f} to {high:.1f}." in PAGE
    ps = [each.p(MARGIN, above=True) for each in (first, second)]
    assert f"lies above {MARGIN}: {ps[0]:.5f}. The second part" in PAGE
    assert f"has {ps[1]:.4f}, the larger" in PAGE and ps[1] > ps[0]
    adjusted = holm([ps[1], *[1.0] * (CLAIMS - 1)])[0]
    assert f"{CLAIMS} x {ps[1]:.4f} = {adjusted:.4f}, below .05. **C6 holds.**" in PAGE
    assert f"an effect of {float(single['detectable']):.1f} points beyond the margin" in PAGE


def test_c1_stays_open() -> None:
    unsafe, safe = rows("C1")[:2]
    low, high = float(unsafe["mean low"]), float(unsafe["mean high"])
    assert f"mean of {float(unsafe['mean']):.1f} lies beyond the margin" in PAGE
    assert f"interval, {low:.1f} to {high:.1f}, holds the margin and zero" in PAGE
    assert low < 0 and high > 20
    assert re.search(rf"the difference is gone \({float(safe['mean']):.1f}\)", PAGE)
