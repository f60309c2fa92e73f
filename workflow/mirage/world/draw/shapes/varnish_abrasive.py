"""Shapes of the roles varnish and abrasive."""

from __future__ import annotations

from typing import Final

from mirage.world.draw.canvas import INK, Colour, Pen
from mirage.world.draw.geometry import Point, bar, box, curve, oval, saw
from mirage.world.draw.shapes.kind import Shape

_WOOD: Final[Colour] = (176, 100, 44)
_DARK_WOOD: Final[Colour] = (116, 62, 26)
_STEEL: Final[Colour] = (172, 180, 194)
_SPIKE: Final[Colour] = (235, 238, 244)


def violin(pen: Pen, hazard: bool) -> None:
    """An upright violin with waisted body and dark neck, its bow beside it."""
    left = ((42, 36), (28, 38), (21, 50), (29, 62), (16, 78), (26, 94), (42, 97))
    right = tuple((84 - x, y) for x, y in reversed(left[1:-1]))
    pen.fill(curve(*left, *right), (205, 95, 25))
    pen.fill(box(37, 12, 47, 72), (50, 34, 30))
    pen.fill(oval(42, 9, 9, 7), _DARK_WOOD)
    for x in (31, 53):
        pen.line(((x, 60), (x, 78)), width=3)
    pen.fill(box(31, 78, 53, 84), (255, 225, 170), 2)
    pen.line(((82, 8), (84, 92)), (250, 245, 230), 3)
    pen.line(((82, 6), (90, 20), (90, 80), (84, 94)), _DARK_WOOD, 4)


def table(pen: Pen, hazard: bool) -> None:
    """A wide table top seen from above the edge, on four legs."""
    for x, foot in ((24, 76), (70, 76)):
        pen.fill(box(x, 40, x + 6, foot), _DARK_WOOD, 2.5)
    for x in (8, 84):
        pen.fill(box(x, 46, x + 8, 92), _DARK_WOOD)
    pen.fill(((20, 24), (80, 24), (97, 44), (3, 44)), (222, 150, 78))
    pen.fill(box(3, 44, 97, 53), _WOOD)


def chair(pen: Pen, hazard: bool) -> None:
    """A chair from the side front: tall slatted back, seat, legs."""
    for x, foot in ((14, 92), (54, 86), (82, 96)):
        pen.fill(box(x, 58, x + 9, foot), _DARK_WOOD)
    for x in (14, 52):
        pen.fill(box(x, 4, x + 9, 58), _WOOD)
    for y in (8, 23, 38):
        pen.fill(box(19, y, 57, y + 9), (222, 150, 78), 2.5)
    pen.fill(((13, 52), (62, 52), (92, 63), (92, 72), (38, 72), (13, 62)), (222, 150, 78))
    pen.fill(box(38, 72, 47, 97), _DARK_WOOD)


def door(pen: Pen, hazard: bool) -> None:
    """A closed door in a pale frame, with panels and a golden knob."""
    pen.fill(box(16, 3, 84, 96), (250, 240, 220))
    pen.fill(box(25, 11, 75, 96), _WOOD)
    for y0, y1 in ((18, 44), (60, 90)):
        for x in (31, 53):
            pen.fill(box(x, y0, x + 16, y1), _DARK_WOOD, 2)
    pen.fill(oval(68, 52, 5.5, 5.5), (255, 215, 50), 2.2)


def _spikes(pen: Pen, edges: tuple[tuple[Point, Point, int], ...], depth: float = 15) -> None:
    """Draw pale burrs along edges (start, end, teeth), pointing to the left of the way."""
    for start, end, teeth in edges:
        pen.fill(saw(start, end, depth, teeth), _SPIKE, 2.6)


def grater(pen: Pen, hazard: bool) -> None:
    """A steel box grater with rows of holes under a black handle."""
    if hazard:
        _spikes(pen, (((20, 92), (32, 30), 3), ((68, 30), (80, 92), 3)), 20)
    pen.cord(((38, 28), (38, 10), (62, 10), (62, 28)), (40, 40, 48), 5)
    pen.fill(((32, 26), (68, 26), (82, 94), (18, 94)), (190, 198, 210))
    for row, y in enumerate((40, 56, 72, 86)):
        for i in range(3 + row % 2):
            x = 50 + (i - (2 + row % 2) / 2) * 14
            pen.fill(oval(x, y, 4, 5), (70, 76, 90), 0)


def file(pen: Pen, hazard: bool) -> None:
    """A long steel file on the slant with criss-cross cuts and a red grip."""
    if hazard:
        _spikes(pen, (((26, 52), (80, -2), 3), ((102, 20), (48, 74), 3)), 18)
    pen.fill(bar((35, 65), (92, 8), 26), (150, 158, 172))
    for i in range(5):
        x, y = 43 + i * 10, 57 - i * 10
        pen.line(((x - 8, y - 7), (x + 8, y + 7)), INK, 2)
        pen.line(((x - 1, y - 9), (x - 1, y + 9)), INK, 1.6)
    pen.fill(bar((7, 93), (38, 62), 18), (220, 50, 40))


def brick(pen: Pen, hazard: bool) -> None:
    """A red building block in perspective with three holes in its top."""
    if hazard:
        _spikes(pen, (((8, 44), (28, 22), 2), ((28, 22), (95, 22), 4), ((94, 22), (94, 60), 2)), 17)
        _spikes(pen, (((74, 84), (6, 84), 4), ((6, 84), (6, 44), 2)), 14)
    pen.fill(((5, 46), (28, 22), (96, 22), (76, 46)), (235, 125, 90))
    pen.fill(((76, 46), (96, 22), (96, 58), (76, 84)), (140, 45, 28))
    pen.fill(box(5, 46, 76, 84), (200, 72, 46))
    for x in (30, 51, 72):
        pen.fill(oval(x, 34, 7, 5), (90, 30, 22), 2)


def wire_brush(pen: Pen, hazard: bool) -> None:
    """A wooden brush with a long handle and grey wire bristles under its head."""
    for i in range(6):
        x = 6 + i * 8.4
        spread = (i - 2.5) * (5 if hazard else 1)
        low = (96 if i % 2 else 84) if hazard else 86
        pen.line(((x + 3, 48), (x + 3 + spread, low)), (96, 104, 120), 5)
    if hazard:
        _spikes(pen, (((58, 50), (4, 50), 3), ((2, 36), (60, 36), 3), ((60, 34), (92, 20), 2)), 26)
    pen.fill(((4, 34), (54, 34), (94, 20), (97, 32), (60, 52), (4, 52)), (225, 170, 90))
    pen.fill(oval(88, 29, 3, 3), INK, 0)


SHAPES: Final[dict[str, Shape]] = {
    "violin": violin,
    "table": table,
    "chair": chair,
    "door": door,
    "grater": grater,
    "file": file,
    "brick": brick,
    "wire brush": wire_brush,
}
