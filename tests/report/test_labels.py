"""Labels of the scatter plot keep clear of each other, of points and of the outside."""

from __future__ import annotations

from itertools import combinations

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from mirage.report.draw.label_placement import Box, place_labels


@pytest.mark.parametrize(
    "points",
    [
        [(f"recipe number {i}", 0.0, 100.0) for i in range(6)],
        [(f"recipe number {i}", 100.0, 0.0) for i in range(6)],
        [
            ("a", 0.0, 0.0),
            ("b", 100.0, 100.0),
            ("a long name (ours)", 50.0, 50.0),
            ("c", 50.0, 51.0),
        ],
    ],
)
def test_no_overlap(points: list[tuple[str, float, float]]) -> None:
    canvas = Figure(figsize=(5.2, 4.9), layout="constrained")
    axes = canvas.subplots()
    axes.set_xlim(-3, 103)
    axes.set_ylim(-3, 103)
    place_labels(canvas, axes, points, [(0, 100, 100, 0)])
    canvas.draw_without_rendering()
    window = axes.get_window_extent()
    frame = Box(window.x0, window.y0, window.x1, window.y1)
    boxes = []
    for text in axes.texts:
        assert isinstance(text, Text)
        extent = text.get_window_extent()
        boxes.append(Box(extent.x0, extent.y0, extent.x1, extent.y1))
    assert len(boxes) == len(points)
    assert all(one.overlap(two) < 3 for one, two in combinations(boxes, 2))
    assert all(box.outside(frame) < 3 for box in boxes)
