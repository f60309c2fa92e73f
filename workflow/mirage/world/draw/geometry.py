"""Outlines as lists of points, in a picture of 100 x 100 units with y downwards."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

Point = tuple[float, float]
Path = tuple[Point, ...]

_CIRCLE_STEPS: Final = 20


@lru_cache(maxsize=4096)
def arc(centre: Point, radii: Point, start: float, end: float, steps: int = 10) -> Path:
    """Return points on an ellipse from angle ``start`` to ``end`` (degrees, clockwise)."""
    (cx, cy), (rx, ry) = centre, radii
    angles = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
    return tuple((cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles)


def oval(cx: float, cy: float, rx: float, ry: float) -> Path:
    """Return a whole ellipse around (``cx``, ``cy``)."""
    return arc((cx, cy), (rx, ry), 0, 360, _CIRCLE_STEPS)[:-1]


@lru_cache(maxsize=4096)
def box(x0: float, y0: float, x1: float, y1: float, radius: float = 0) -> Path:
    """Return an upright rectangle, its corners rounded by ``radius`` units."""
    if radius == 0:
        return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    r = radius
    corners = (
        (x0 + r, y0 + r, 180),
        (x1 - r, y0 + r, 270),
        (x1 - r, y1 - r, 0),
        (x0 + r, y1 - r, 90),
    )
    return tuple(p for cx, cy, a in corners for p in arc((cx, cy), (r, r), a, a + 90, 3))


@lru_cache(maxsize=4096)
def bar(start: Point, end: Point, width: float) -> Path:
    """Return a slanted rectangle of the given ``width`` from ``start`` to ``end``."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    nx, ny = (y0 - y1) / length * width / 2, (x1 - x0) / length * width / 2
    return ((x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny))


@lru_cache(maxsize=4096)
def curve(*points: Point, closed: bool = True, steps: int = 4) -> Path:
    """Return a smooth (Catmull-Rom) line through ``points``."""
    n = len(points)
    out: list[Point] = []
    for i in range(n if closed else n - 1):
        near = (i - 1, i, i + 1, i + 2)
        p0, p1, p2, p3 = (points[j % n if closed else min(max(j, 0), n - 1)] for j in near)
        out.extend(_between(p0, p1, p2, p3, k / steps) for k in range(steps))
    return tuple(out) if closed else (*out, points[-1])


def _between(p0: Point, p1: Point, p2: Point, p3: Point, t: float) -> Point:
    x, y = (
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t * t
            + (3 * b - a - 3 * c + d) * t * t * t
        )
        for a, b, c, d in zip(p0, p1, p2, p3, strict=True)
    )
    return x, y


@lru_cache(maxsize=4096)
def saw(start: Point, end: Point, depth: float, teeth: int) -> Path:
    """Return a zigzag from ``start`` to ``end`` whose ``teeth`` stand out by ``depth``.

    Teeth point to the left of the direction of travel as seen on screen for positive ``depth``.
    """
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    nx, ny = (y1 - y0) / length * depth, (x0 - x1) / length * depth
    out: list[Point] = []
    for i in range(2 * teeth + 1):
        t, up = i / (2 * teeth), i % 2
        out.append((x0 + (x1 - x0) * t + nx * up, y0 + (y1 - y0) * t + ny * up))
    return tuple(out)
