"""Shapes of the roles lens and powder."""

from __future__ import annotations

from typing import Final

from mirage.world.draw.canvas import INK, Colour, Pen
from mirage.world.draw.geometry import arc, bar, box, curve, oval
from mirage.world.draw.shapes.kind import Shape

_BLACK: Final[Colour] = (48, 48, 56)
_STEEL: Final[Colour] = (176, 184, 196)
_GLASS: Final[Colour] = (90, 170, 250)
_WOOD: Final[Colour] = (190, 120, 60)


def phone(pen: Pen, hazard: bool) -> None:
    """An upright black smartphone with a lit screen of app tiles."""
    pen.fill(box(26, 4, 74, 96, 9), _BLACK)
    pen.fill(box(32, 14, 68, 84), (60, 220, 250), 0)
    tiles: tuple[Colour, ...] = ((240, 60, 60), (255, 210, 40), (60, 190, 80), (255, 255, 255))
    for i, colour in enumerate((*tiles, tiles[0], tiles[1])):
        x, y = 35 + (i % 2) * 17, 19 + (i // 2) * 21
        pen.fill(box(x, y, x + 13, y + 14), colour, 0)
    pen.fill(oval(50, 90, 3.5, 3.5), (220, 220, 225), 0)


def camera(pen: Pen, hazard: bool) -> None:
    """A photo camera with one very big round lens and a flash."""
    pen.fill(box(34, 14, 66, 32, 3), _BLACK)
    pen.fill(box(10, 20, 24, 32), (230, 40, 40))
    pen.fill(box(4, 28, 96, 86, 7), (78, 80, 92))
    pen.fill(box(4, 42, 96, 74), (30, 30, 36), 0)
    pen.fill(oval(50, 58, 25, 25), _STEEL)
    pen.fill(oval(50, 58, 16, 16), (60, 70, 190))
    pen.fill(oval(45, 52, 5, 5), (255, 255, 255), 0)
    pen.fill(box(76, 32, 90, 40), (255, 245, 170), 2)


def laptop(pen: Pen, hazard: bool) -> None:
    """An open laptop: wide blue screen over a slanted keyboard."""
    pen.fill(box(14, 12, 86, 64, 3), _BLACK)
    pen.fill(box(20, 18, 80, 58), _GLASS, 0)
    for y, end in ((28, 62), (38, 50), (48, 68)):
        pen.line(((27, y), (end, y)), (255, 255, 255), 4)
    pen.fill(((14, 66), (86, 66), (98, 88), (2, 88)), _STEEL)
    for height, inset in ((71.5, 18), (78, 14)):
        pen.line(((inset, height), (100 - inset, height)), (84, 90, 104), 4)


def binoculars(pen: Pen, hazard: bool) -> None:
    """Two dark green tubes side by side with glass ends, joined by a bridge."""
    green: Colour = (60, 84, 52)
    pen.fill(box(40, 30, 60, 52), _STEEL)
    for side in (-1, 1):
        near, far = 50 + side * 6, 50 + side * 44
        pen.fill(box(50 + side * 23 - 11, 8, 50 + side * 23 + 11, 24, 3), _BLACK)
        pen.fill(((near + side * 5, 22), (far - side * 9, 22), (far, 66), (near, 66)), green)
        pen.fill(oval(50 + side * 25, 72, 20, 19), _BLACK)
        pen.fill(oval(50 + side * 25, 72, 13, 12), (110, 190, 255), 0)


def cement(pen: Pen, hazard: bool) -> None:
    """A full grey paper sack with crimped ends and a dark band."""
    left = ((8, 10), (14, 24), (7, 50), (14, 78), (8, 94))
    right = tuple((100 - x, y) for x, y in reversed(left))
    pen.fill((*left, *right), (148, 148, 150))
    pen.line(((11, 20), (89, 20)), (225, 60, 40), 5)
    pen.line(((11, 84), (89, 84)), (225, 60, 40), 5)
    pen.fill(((10, 36), (90, 36), (90, 68), (10, 68)), (72, 72, 78), 0)


def plaster(pen: Pen, hazard: bool) -> None:
    """A low white tub of white paste with a big pointed trowel stuck in it."""
    pen.fill(bar((68, 24), (88, 4), 10), _WOOD)
    pen.fill(((30, 62), (40, 22), (74, 18), (70, 50)), (140, 150, 168))
    paste = ((10, 58), (24, 44), (44, 52), (62, 42), (90, 58), (50, 66))
    pen.fill(curve(*paste), (255, 255, 255))
    pen.fill(box(4, 56, 96, 66, 2), (245, 130, 150))
    pen.fill(((10, 66), (90, 66), (82, 95), (18, 95)), (250, 248, 244))


def grout(pen: Pen, hazard: bool) -> None:
    """An upright carton whose front shows a grid of turquoise tiles."""
    pen.fill(((14, 20), (28, 6), (92, 6), (80, 20)), (240, 205, 150))
    pen.fill(((80, 20), (92, 6), (92, 80), (80, 94)), (165, 115, 60))
    pen.fill(box(14, 20, 80, 94), (215, 165, 100))
    pen.fill(box(21, 36, 73, 88), (250, 250, 250), 2)
    for i in range(9):
        x, y = 24 + (i % 3) * 16.5, 39 + (i // 3) * 16.5
        pen.fill(box(x, y, x + 12.5, y + 12.5), (0, 150, 170), 0)


def mortar(pen: Pen, hazard: bool) -> None:
    """A wheelbarrow full of grey mix."""
    pen.cord(((4, 40), (24, 52), (70, 76)), _WOOD, 4)
    pen.cord(((30, 70), (24, 92)), _STEEL, 3)
    pen.fill(curve((20, 42), (34, 22), (52, 14), (70, 22), (92, 42), (56, 48)), (168, 160, 150))
    pen.fill(((14, 42), (98, 42), (78, 72), (32, 72)), (240, 110, 20))
    pen.fill(oval(76, 80, 15, 15), _BLACK)
    pen.fill(oval(76, 80, 5, 5), (220, 220, 220), 0)
    pen.fill(arc((50, 30), (8, 6), 180, 360), (210, 204, 196), 0)
    pen.line(((26, 56), (84, 56)), INK, 2)


SHAPES: Final[dict[str, Shape]] = {
    "phone": phone,
    "camera": camera,
    "laptop": laptop,
    "binoculars": binoculars,
    "cement": cement,
    "plaster": plaster,
    "grout": grout,
    "mortar": mortar,
}
