"""Shapes of the roles water and mains."""

from __future__ import annotations

from typing import Final

from mirage.world.draw.canvas import Colour, Pen
from mirage.world.draw.geometry import arc, box, curve, oval
from mirage.world.draw.shapes.kind import Shape

_WATER: Final[Colour] = (40, 130, 240)
_STEEL: Final[Colour] = (150, 156, 168)
_BLACK: Final[Colour] = (52, 52, 60)


def bucket(pen: Pen, hazard: bool) -> None:
    """A tapered pail full of water, with a round handle above."""
    pen.cord(arc((50, 42), (36, 32), 180, 360), _STEEL, 3.5)
    pen.fill(((12, 38), (88, 38), (74, 92), (26, 92)), (28, 160, 160))
    pen.fill(oval(50, 38, 38, 11), _WATER)
    pen.line(((19, 60), (81, 60)), width=2.5)


def jug(pen: Pen, hazard: bool) -> None:
    """A glass pitcher, half full, with a big handle on the right."""
    pen.cord(curve((64, 28), (90, 30), (90, 66), (66, 74), closed=False), (190, 225, 240), 6)
    pen.fill(
        curve(
            (10, 10), (30, 14), (68, 10), (64, 32), (74, 62), (66, 92), (26, 92), (18, 62), (26, 32)
        ),
        (215, 240, 250),
    )
    pen.fill(curve((19, 58), (46, 54), (73, 58), (65, 90), (27, 90), steps=3), _WATER, 2)


def sponge(pen: Pen, hazard: bool) -> None:
    """A thick yellow block with holes and a green scouring side."""
    pen.fill(((6, 46), (24, 24), (94, 24), (80, 46)), (255, 240, 120))
    pen.fill(((80, 46), (94, 24), (94, 60), (80, 84)), (225, 180, 20))
    pen.fill(box(6, 46, 80, 84), (255, 215, 40))
    pen.fill(box(6, 72, 80, 84), (40, 140, 60))
    for x, y, r in ((20, 57, 5), (40, 60, 6), (60, 56, 5), (40, 34, 4), (66, 34, 4)):
        pen.fill(oval(x, y, r, r * 0.9), (170, 120, 10), 0)


def hose(pen: Pen, hazard: bool) -> None:
    """A green coil of garden hose whose end runs off to a nozzle."""
    for r in (36, 22, 8):
        pen.cord(oval(46, 54, r, r) + oval(46, 54, r, r)[:1], (50, 175, 70), 8)
    pen.cord(curve((46, 18), (66, 16), (78, 18), closed=False), (50, 175, 70), 8)
    pen.fill(((74, 10), (94, 4), (94, 32), (74, 26)), (255, 150, 20))


def power_strip(pen: Pen, hazard: bool) -> None:
    """A long white bar of sockets with a red switch and a cord."""
    pen.cord(curve((14, 52), (4, 30), (26, 16), (60, 20), (92, 12), closed=False), _BLACK, 4)
    pen.fill(box(5, 42, 95, 78, 6), (245, 245, 248))
    for x in (22, 48, 74):
        pen.fill(oval(x, 60, 11.5, 12.5), (120, 124, 136), 2.5)
        pen.fill(oval(x - 4.5, 60, 2.6, 2.6), _BLACK, 0)
        pen.fill(oval(x + 4.5, 60, 2.6, 2.6), _BLACK, 0)
    pen.fill(box(88, 50, 93, 70), (230, 30, 30), 0)


def fan(pen: Pen, hazard: bool) -> None:
    """A round cage with four blades on a stand."""
    pen.fill(box(45, 66, 55, 90), _STEEL)
    pen.fill(box(26, 86, 74, 95, 4), _STEEL)
    pen.fill(oval(50, 40, 36, 36), (235, 248, 252))
    for x, y in ((50, 21), (69, 40), (50, 59), (31, 40)):
        wide = (15, 9) if y == 40 else (9, 15)
        pen.fill(oval(x, y, *wide), (20, 130, 200), 2)
    pen.fill(oval(50, 40, 7, 7), (250, 200, 40), 2.5)


def radio(pen: Pen, hazard: bool) -> None:
    """A wooden box with a speaker, a tuning dial and an aerial."""
    pen.line(((72, 34), (90, 4)), width=3.5)
    pen.cord(((22, 34), (22, 20), (56, 20), (56, 34)), _BLACK, 3)
    pen.fill(box(6, 34, 94, 88, 7), (170, 92, 40))
    pen.fill(oval(32, 61, 20, 20), (60, 42, 34))
    pen.fill(oval(32, 61, 9, 9), (170, 160, 150), 2)
    pen.fill(box(59, 43, 87, 58), (255, 232, 150), 2.5)
    pen.line(((78, 43), (78, 58)), (230, 30, 30), 3)
    for x in (65, 81):
        pen.fill(oval(x, 73, 6, 6), (240, 220, 190), 2.5)


def charger(pen: Pen, hazard: bool) -> None:
    """A black plug with two pins and a looped cable that ends in a small connector."""
    pen.cord(
        curve((34, 60), (34, 84), (58, 92), (64, 64), (62, 34), (82, 26), (86, 52), closed=False),
        _BLACK,
        4,
    )
    pen.fill(box(79, 50, 93, 72), _BLACK)
    pen.fill(box(81, 72, 91, 86), (200, 206, 214))
    for x in (20, 41):
        pen.fill(box(x, 6, x + 7, 28), (200, 206, 214), 2.5)
    pen.fill(box(10, 26, 58, 66, 8), _BLACK)
    pen.fill(((37, 31), (24, 49), (33, 49), (29, 62), (45, 43), (36, 43)), (90, 235, 60), 0)


SHAPES: Final[dict[str, Shape]] = {
    "bucket": bucket,
    "jug": jug,
    "sponge": sponge,
    "hose": hose,
    "power strip": power_strip,
    "fan": fan,
    "radio": radio,
    "charger": charger,
}
