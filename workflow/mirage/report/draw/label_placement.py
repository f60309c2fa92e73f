"""Labels beside points that cover neither each other nor a point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    left: float
    low: float
    right: float
    high: float

    def overlap(self, other: Box) -> float:
        """Returns the common area."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.high, other.high) - max(self.low, other.low)
        return max(0.0, width) * max(0.0, height)

    def outside(self, frame: Box) -> float:
        """Returns the area that lies outside a frame."""
        return (self.right - self.left) * (self.high - self.low) - self.overlap(frame)


Line = tuple[float, float, float, float]


def place_labels(
    canvas: Figure,
    axes: Axes,
    points: Sequence[tuple[str, float, float]],
    lines: Sequence[Line] = (),
    size: float = 7.0,
) -> None:
    """Writes a label for every point, with a thin line to the point where it had to move away.

    Candidates are tried on rings around the point, the nearest first; the one with the least
    overlap with points, lines, earlier labels and the outside is taken.

    Args:
        canvas: The figure.
        axes: Where the points are drawn; its limits must be final.
        points: (label, x, y) in data coordinates.
        lines: Drawn lines (x0, y0, x1, y1) to keep clear of, in data coordinates.
        size: Font size.
    """
    canvas.draw_without_rendering()
    renderer = canvas._get_renderer()  # type: ignore[attr-defined]
    window = axes.get_window_extent(renderer)
    frame = Box(window.x0 + 2, window.y0 + 2, window.x1, window.y1)
    spots = [tuple(axes.transData.transform((x, y))) for _, x, y in points]
    taken = [Box(px - 6, py - 6, px + 6, py + 6) for px, py in spots]
    taken += [box for line in lines for box in _dots(axes, line)]
    for (label, x, y), (px, py) in zip(points, spots, strict=True):
        sample = axes.text(x, y, label, fontsize=size)
        extent = sample.get_window_extent(renderer)
        sample.remove()
        box, radius = _best(px, py, extent.width, extent.height, taken, frame)
        taken.append(box)
        if radius > 18:
            _lead(axes, (x, y), (px, py), box)
        centre = axes.transData.inverted().transform(
            ((box.left + box.right) / 2, (box.low + box.high) / 2)
        )
        text = axes.text(
            centre[0], centre[1], label, fontsize=size, ha="center", va="center", zorder=4
        )
        # The layout is final: places are in its pixels, so the label must not move it any more.
        text.set_in_layout(False)


def _dots(axes: Axes, line: Line) -> list[Box]:
    """A line as small boxes, close enough to stop any label from lying across it."""
    start, end = axes.transData.transform([line[:2], line[2:]])
    count = max(2, int(math.dist(start, end) / 4))
    places = (start + (end - start) * k / (count - 1) for k in range(count))
    return [Box(px - 2, py - 2, px + 2, py + 2) for px, py in places]


def _lead(axes: Axes, point: tuple[float, float], spot: tuple[float, ...], box: Box) -> None:
    (line,) = axes.plot(
        [point[0], _nearest(spot[0], box.left, box.right, axes, 0)],
        [point[1], _nearest(spot[1], box.low, box.high, axes, 1)],
        color="#999999",
        linewidth=0.5,
        zorder=2,
    )
    line.set_in_layout(False)


def _nearest(at: float, low: float, high: float, axes: Axes, axis: int) -> float:
    """Data coordinate of the point of a side that is nearest to ``at`` (pixels)."""
    pixel = min(max(at, low), high)
    return float(axes.transData.inverted().transform((pixel, pixel))[axis])


def _best(
    px: float, py: float, width: float, height: float, taken: Sequence[Box], frame: Box
) -> tuple[Box, float]:
    sides = np.array([[b.left, b.low, b.right, b.high] for b in taken])
    best: tuple[float, Box, float] | None = None
    for radius in (8, 13, 20, 28, 38, 50, 64, 80, 98, 118):
        for step in range(16):
            angle = math.pi * step / 8
            cx = px + math.cos(angle) * (radius + width / 2)
            cy = py + math.sin(angle) * (radius + height / 2)
            box = Box(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
            cost = _covered(box, sides) + box.outside(frame)
            if best is None or cost < best[0] - 1e-6:
                best = (cost, box, radius)
            if cost == 0:
                return box, radius
    assert best is not None
    return best[1], best[2]


def _covered(box: Box, sides: NDArray[np.float64]) -> float:
    """The sum of the overlaps of a box with others, one per row of left, low, right, high."""
    width = np.minimum(sides[:, 2], box.right) - np.maximum(sides[:, 0], box.left)
    height = np.minimum(sides[:, 3], box.high) - np.maximum(sides[:, 1], box.low)
    return float((np.maximum(width, 0.0) * np.maximum(height, 0.0)).sum())
