"""What all figures share."""

from __future__ import annotations

import pytest

from mirage.report.blocks import Number
from mirage.report.captions import Caption
from mirage.report.draw.marks import PLAIN
from mirage.report.draw.plots import Panel, Series, dots, percent_axis


@pytest.mark.parametrize(
    ("values", "top", "ends"),
    [
        ([Number(None), Number(3.0)], 0.0, (0.0, 100.0)),
        ([Number(3.0, -0.5, 9.0), Number(50.0)], 0.0, (-20.0, 100.0)),
        ([Number(-20.0), Number(50.0)], 0.0, (-20.0, 100.0)),
        ([Number(-61.0)], 0.0, (-80.0, 100.0)),
        ([Number(97.0)], 80.0, (80.0, 100.0)),
        ([Number(97.0), Number(71.0, 58.0, 80.0)], 80.0, (40.0, 100.0)),
        ([], 80.0, (80.0, 100.0)),
    ],
)
def test_an_axis_reaches_below_every_interval(
    values: list[Number], top: float, ends: tuple[float, float]
) -> None:
    series = [Series(str(at), PLAIN[0], {0.0: value}) for at, value in enumerate(values)]
    assert percent_axis(series, top) == ends


def test_a_title_with_dollars_is_drawn_as_it_stands() -> None:
    title = r"a $\foo$ b"
    panel = Panel(title, (Series(title, PLAIN[0], {0.0: Number(3.0)}),))
    assert dots("t", Caption(title, "", ""), [panel, panel], [title], title).png
