"""Shapes of the roles aerosol and heat."""

from __future__ import annotations

import math
from typing import Final

from mirage.world.draw.canvas import Colour, Pen
from mirage.world.draw.geometry import arc, box, curve, oval
from mirage.world.draw.shapes.kind import Shape

_WHITE: Final[Colour] = (250, 250, 250)
_STEEL: Final[Colour] = (160, 166, 178)
_BLACK: Final[Colour] = (52, 52, 60)
_HOT: Final[Colour] = (255, 60, 10)


def hair_spray(pen: Pen, hazard: bool) -> None:
    """A tall pink can with a black nozzle and a face with long brown hair."""
    pen.fill(box(40, 2, 60, 16, 2), _BLACK)
    pen.fill(box(29, 14, 71, 96, 9), (255, 80, 165))
    hair = ((50, 26), (64, 34), (67, 60), (70, 82), (50, 80), (30, 82), (33, 60), (36, 34))
    pen.fill(curve(*hair, steps=3), (105, 50, 20), 2)
    pen.fill(oval(50, 53, 10.5, 15), (255, 220, 185), 0)
    pen.line(arc((50, 56), (5, 5), 30, 150, 4), (215, 30, 60), 2.5)


def spray_paint(pen: Pen, hazard: bool) -> None:
    """A white can in rainbow stripes of running paint, with a blue nozzle on its shoulders."""
    pen.fill(box(41, 3, 59, 18, 2), (30, 90, 220))
    pen.fill(arc((50, 34), (29, 20), 180, 360), _STEEL)
    pen.fill(box(21, 32, 79, 95, 3), _WHITE)
    rainbow: tuple[Colour, ...] = ((235, 40, 40), (255, 160, 20), (255, 230, 40), (50, 180, 70))
    for i, colour in enumerate((*rainbow, (50, 100, 230))):
        x = 22.5 + i * 11
        pen.fill(box(x, 36, x + 11, (78, 62, 86, 58, 72)[i], 4), colour, 0)
    pen.line(((21, 34), (79, 34)))


def air_freshener(pen: Pen, hazard: bool) -> None:
    """A green can with a domed cap and one big flower."""
    pen.fill(curve((28, 30), (30, 12), (48, 4), (70, 8), (72, 30)), (220, 250, 220))
    pen.fill(curve((28, 28), (72, 28), (70, 50), (76, 93), (24, 93), (30, 50)), (30, 165, 80))
    for i in range(5):
        a = math.radians(72 * i - 90)
        pen.fill(oval(50 + 13 * math.cos(a), 63 + 13 * math.sin(a), 9, 9), (255, 250, 255), 1.6)
    pen.fill(oval(50, 63, 7.5, 7.5), (255, 200, 20), 1.6)


def shaving_foam(pen: Pen, hazard: bool) -> None:
    """A navy can that bears a white razor, a big swirl of white foam on top."""
    pen.fill(box(25, 38, 75, 96, 4), (25, 60, 170))
    pen.fill(box(33, 50, 67, 62, 2), _WHITE, 0)
    pen.fill(box(46, 60, 54, 90, 2), _WHITE, 0)
    pen.line(((35, 59), (65, 59)), (230, 40, 40), 3)
    foam = ((22, 38), (20, 24), (34, 20), (40, 4), (58, 6), (66, 18), (80, 22), (78, 38), (50, 41))
    pen.fill(curve(*foam), (255, 255, 255))
    pen.line(curve((36, 30), (48, 26), (58, 16), closed=False), (165, 180, 205), 3)


def iron(pen: Pen, hazard: bool) -> None:
    """A clothes iron from the side: pointed nose, big handle, metal sole."""
    pen.cord(
        curve((30, 52), (28, 26), (56, 20), (86, 26), (88, 52), closed=False), (20, 90, 110), 8
    )
    pen.fill(curve((6, 76), (26, 54), (56, 44), (92, 46), (94, 74)), (40, 190, 205))
    pen.fill(((2, 74), (95, 74), (95, 88), (4, 88)), _HOT if hazard else _STEEL)
    pen.fill(oval(66, 60, 8, 8), _WHITE, 2.5)


def stove(pen: Pen, hazard: bool) -> None:
    """A dark cooker with two rings above, a row of knobs and an oven window."""
    for x in (30, 70):
        pen.fill(box(x - 15, 12, x + 15, 21, 3), _HOT if hazard else (110, 110, 120))
    pen.fill(box(8, 20, 92, 93, 3), (84, 88, 100))
    pen.fill(box(8, 20, 92, 40), (200, 204, 212))
    for x in (22, 40, 60, 78):
        pen.fill(oval(x, 30, 5.5, 5.5), _BLACK, 0)
    pen.fill(box(20, 54, 80, 84, 4), _HOT if hazard else (25, 30, 45))
    pen.line(((22, 47), (78, 47)), _WHITE, 4)


def radiator(pen: Pen, hazard: bool) -> None:
    """A white row of upright ribs on two feet with a valve at the side."""
    pen.fill(box(14, 84, 24, 95), _STEEL)
    pen.fill(box(76, 84, 86, 95), _STEEL)
    pen.fill(box(84, 66, 97, 76), (190, 140, 40))
    for i in range(5):
        x = 8 + i * 16.2
        pen.fill(box(x, 14, x + 16.2, 88, 7), (255, 150, 120) if hazard else (246, 246, 240))


def lamp(pen: Pen, hazard: bool) -> None:
    """A table lamp: wide yellow shade, thin stem, round foot."""
    pen.fill(box(45, 50, 55, 88), (150, 90, 50))
    pen.fill(arc((50, 94), (28, 14), 180, 360), (150, 90, 50))
    pen.fill(((30, 8), (70, 8), (92, 56), (8, 56)), (255, 90, 30) if hazard else (255, 222, 70))
    pen.line(((38, 10), (28, 54)), width=2)
    pen.line(((62, 10), (72, 54)), width=2)


SHAPES: Final[dict[str, Shape]] = {
    "hair spray": hair_spray,
    "spray paint": spray_paint,
    "air freshener": air_freshener,
    "shaving foam": shaving_foam,
    "iron": iron,
    "stove": stove,
    "radiator": radiator,
    "lamp": lamp,
}
