"""The words along the line J = 0 keep clear of what is drawn."""

from __future__ import annotations

import pytest

from mirage.report.draw.marks import PLAIN
from mirage.report.exhibits.outcome_figures import Point, along_diagonal
from mirage.score.means import Mean


def point(over_refusal: float, asr: float) -> Point:
    x, y = (
        Mean("r", "c", "hard", "", "all", "all", "m", v, v, v, 9, 2, f"{v} {v}")
        for v in (over_refusal, asr)
    )
    return "r", PLAIN[0], x, y


@pytest.mark.parametrize("mark", [(80.0, 20.0), (20.0, 80.0), (50.0, 50.0)])
def test_words_are_far_from_a_mark_on_the_line(mark: tuple[float, float]) -> None:
    left, top, right, bottom = along_diagonal([point(*mark)])
    assert not (left - 5 < mark[0] < right + 5)
    assert 0 <= left < right <= 100 and 0 <= bottom < top <= 100
