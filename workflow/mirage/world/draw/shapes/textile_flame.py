"""Shapes of the roles textile and flame."""

from __future__ import annotations

from typing import Final

from mirage.world.draw.canvas import Colour, Pen
from mirage.world.draw.geometry import Path, Point, box, curve, oval, saw
from mirage.world.draw.shapes.kind import Shape

_WHITE: Final[Colour] = (250, 250, 250)
_STEEL: Final[Colour] = (150, 156, 168)
_WOOD: Final[Colour] = (196, 140, 80)


def _hem(x0: float, x1: float, y: float, hazard: bool, teeth: int = 3) -> Path:
    """Return the lower edge from right to left: straight, or torn into deep rags."""
    return saw((x1, y), (x0, y), 26, teeth) if hazard else ((x1, y), (x0, y))


def _threads(pen: Pen, xs: tuple[float, ...], y: float, colour: Colour) -> None:
    """Let loose threads hang down from height ``y``."""
    for i, x in enumerate(xs):
        bend = 5 if i % 2 else -5
        path = curve(
            (x, y - 14), (x + bend, y - 4), (x - bend / 2, y + 4), (x + bend, y + 12), closed=False
        )
        pen.line(path, colour, 2.6)


def _holes(pen: Pen, spots: tuple[Point, ...]) -> None:
    """Tear dark, starry holes around the given spots."""
    star: Path = ((-9, -3), (-3, -4), (1, -9), (4, -3), (10, -1), (4, 3), (2, 9), (-3, 4), (-9, 6))
    for x, y in spots:
        pen.fill(tuple((x + u, y + v) for u, v in star), (36, 26, 34), 0)


def curtain(pen: Pen, hazard: bool) -> None:
    """Two purple panels on a rod, a window between them."""
    low = 84 if hazard else 93
    pen.fill(box(24, 16, 76, 74), (200, 235, 255))
    for left, right, tie in ((8, 44, 20), (56, 92, 80)):
        hem = _hem(left, tie + 14 if left < 50 else right, low, hazard, 2)
        if left > 50:
            hem = _hem(tie - 14, right, low, hazard, 2)
        pen.fill(((left, 14), (right, 14), *hem), (135, 50, 175))
        for x in (left + 10, left + 20):
            pen.line(((x + 3, 22), (x, low - 30 if hazard else 90)), (80, 20, 115), 2.5)
    pen.fill(box(3, 7, 97, 16, 3), (225, 170, 40))
    if hazard:
        _threads(pen, (14, 36, 66, 84), low, (80, 20, 115))
        _holes(pen, ((22, 44), (76, 36)))


def sweater(pen: Pen, hazard: bool) -> None:
    """A blue pullover with arms spread and a white patterned band."""
    low = 84 if hazard else 92
    blue: Colour = (45, 85, 200)
    pen.fill(((30, 12), (6, 40), (6, 74), (22, 74), (32, 46)), blue)
    pen.fill(((70, 12), (94, 40), (94, 74), (78, 74), (68, 46)), blue)
    pen.fill(((28, 11), (72, 11), (76, 46), (74, low), *_hem(26, 74, low, hazard), (24, 46)), blue)
    pen.fill(curve((38, 10), (62, 10), (50, 24)), (30, 40, 110))
    pen.fill(((25, 36), (75, 36), (76, 54), (24, 54)), _WHITE, 2)
    pen.line(saw((27, 50), (73, 50), 10, 4), (220, 30, 40), 3)
    if hazard:
        _threads(pen, (30, 44, 58, 70), low, blue)
        _holes(pen, ((38, 66), (84, 56), (34, 26)))


def sock(pen: Pen, hazard: bool) -> None:
    """A knee sock with a bent foot, red stripes, heel and toe."""
    top = saw((34, 22), (68, 22), 22, 3) if hazard else ((34, 6), (68, 6))
    red: Colour = (225, 40, 50)
    pen.fill(
        (*top, (68, 62), (64, 82), (52, 93), (20, 94), (8, 86), (8, 74), (16, 67), (34, 60)), _WHITE
    )
    pen.fill(((8, 86), (8, 74), (16, 67), (27, 64), (30, 94), (20, 94)), red)
    pen.fill(curve((68, 58), (64, 82), (52, 92), (50, 74)), red)
    for y in (26, 43):
        pen.fill(box(34, y, 68, y + 9), red, 2)
    if not hazard:
        pen.fill(box(31, 6, 71, 17, 2), red)
        return
    _holes(pen, ((50, 62), (22, 80)))
    for x in (30, 44, 58, 72):
        pen.line(curve((x, 24), (x + 7, 14), (x - 3, 6), (x + 5, 0), closed=False), red, 2.6)


def towel(pen: Pen, hazard: bool) -> None:
    """A striped orange towel over a rail that stands out on both sides."""
    low = 84 if hazard else 93
    orange: Colour = (255, 150, 60)
    pen.fill(box(4, 10, 96, 20, 4), _STEEL)
    pen.fill(box(4, 6, 12, 32, 2), _STEEL)
    pen.fill(box(88, 6, 96, 32, 2), _STEEL)
    pen.fill(((20, 8), (80, 8), (80, low), *_hem(20, 80, low, hazard)), orange)
    for y in (32, 46):
        pen.fill(box(20, y, 80, y + 7), _WHITE, 0)
    pen.line(((20, 8), (20, 60)))
    pen.line(((80, 8), (80, 60)))
    if hazard:
        _threads(pen, (24, 42, 58, 76), low, (200, 90, 20))
        _holes(pen, ((34, 60), (66, 28)))
    else:
        pen.fill(box(20, 78, 80, 85), _WHITE, 0)


def flame(pen: Pen, x: float, foot: float, height: float) -> None:
    """Draw a flame that stands on (``x``, ``foot``); a tall one gets red tongues."""
    w, y = height * 0.36, foot
    if height > 40:
        w = height * 0.46
        red: Path = ((0, 0), (-0.9, 0.12), (-1.15, 0.42), (-0.95, 0.78), (-0.6, 0.55), (-0.1, 1.05))
        red += ((0.35, 0.6), (0.8, 0.9), (1.15, 0.45), (0.9, 0.12))
        pen.fill(tuple((x + w * a, y - height * b) for a, b in red), (235, 30, 15))
        height, w = height * 0.68, w * 0.7
    drop: Path = ((0, 0), (-0.75, 0.1), (-0.95, 0.36), (-0.45, 0.65), (0.05, 1), (0.5, 0.65))
    drop += ((0.95, 0.36), (0.75, 0.1))
    pen.fill(curve(*((x + w * a, y - height * b) for a, b in drop), steps=2), (255, 150, 10))
    pen.fill(oval(x, y - height * 0.26, w * 0.45, height * 0.22), (255, 240, 90), 0)


def candle(pen: Pen, hazard: bool) -> None:
    """A thick cream candle with wax runs on a dish, burning."""
    pen.fill(oval(50, 88, 36, 8), (205, 150, 40))
    pen.fill(box(34, 44, 66, 88, 3), (255, 244, 214))
    pen.fill(curve((34, 46), (66, 46), (65, 60), (58, 52), (50, 68), (44, 52), (36, 56)), _WHITE, 2)
    pen.line(((50, 46), (50, 38)), width=3.5)
    flame(pen, 50, 42, 60 if hazard else 34)


def match(pen: Pen, hazard: bool) -> None:
    """A thin slanted wooden stick with a red head, burning."""
    pen.fill(((9, 86), (23, 96), (68, 46), (54, 36)), (235, 190, 120))
    pen.fill(curve((48, 46), (50, 31), (66, 28), (76, 38), (64, 54)), (205, 30, 40))
    flame(pen, 64, 42, 58 if hazard else 40)


def lighter(pen: Pen, hazard: bool) -> None:
    """A lime pocket lighter with a metal hood and a striker wheel, burning."""
    pen.fill(box(28, 50, 72, 95, 6), (120, 205, 30))
    pen.fill(box(36, 60, 46, 86, 3), (205, 245, 150), 0)
    pen.fill(box(30, 36, 56, 51), _STEEL)
    pen.fill(oval(64, 43, 8, 8), (80, 84, 94))
    flame(pen, 43, 37, 54 if hazard else 32)


def fireplace(pen: Pen, hazard: bool) -> None:
    """A stone chimney piece with a mantel, a dark opening and burning logs."""
    low = 14
    pen.fill(box(10, low + 8, 90, 94), (178, 160, 150))
    for y in (40, 58, 76):
        pen.line(((10, y), (90, y)), (110, 95, 90), 2)
    pen.fill(box(3, low - 4, 97, low + 12, 2), (120, 70, 40))
    pen.fill(
        (*curve((24, 94), (24, 50), (50, 36), (76, 50), (76, 94), closed=False),), (40, 24, 26)
    )
    pen.fill(box(28, 84, 72, 93, 3), _WOOD, 2)
    flame(pen, 50, 87, 88 if hazard else 36)


SHAPES: Final[dict[str, Shape]] = {
    "curtain": curtain,
    "sweater": sweater,
    "sock": sock,
    "towel": towel,
    "candle": candle,
    "match": match,
    "lighter": lighter,
    "fireplace": fireplace,
}
