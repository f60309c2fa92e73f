"""What a hazardous state adds behind or in front of an object.

Torn hems, big flames, burrs and open bottles change the object itself and are drawn by its shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mirage.world.draw.canvas import Colour, Pen
from mirage.world.draw.geometry import curve, oval

_WATER: Final[Colour] = (30, 110, 250)


@dataclass(frozen=True)
class Overlay:
    """How a role's hazardous picture is put together.

    Attributes:
        scale: Size of the object, to leave room for what is added.
        dx: Shift of the object to the right, in units.
        dy: Shift of the object downwards, in units.
        behind: Draws under the object.
        front: Draws over the object.
    """

    scale: float = 1.0
    dx: float = 0.0
    dy: float = 0.0
    behind: Callable[[Pen], None] | None = None
    front: Callable[[Pen], None] | None = None


def _drops(pen: Pen) -> None:
    for x, y, r in ((20, 72, 8), (50, 78, 9), (80, 72, 8)):
        tip = (x, y - 2.1 * r)
        pen.fill(curve(tip, (x + r, y), (x, y + r), (x - r, y)), _WATER, 2.6)
    pen.fill(oval(50, 95, 40, 5), _WATER, 2.6)


def _puffs(pen: Pen) -> None:
    crack = ((50, 50), (60, 44), (56, 54), (68, 52), (60, 60), (66, 68), (52, 62))
    pen.fill(crack, (30, 24, 24), 0)
    for x, y, r in ((70, 52, 8), (82, 38, 11), (88, 58, 10), (78, 72, 8)):
        pen.fill(oval(x, y, r, r), (205, 225, 60), 2.6)
    for x, y in ((60, 84), (74, 92), (90, 84)):
        pen.fill(curve((x, y - 9), (x + 5, y), (x, y + 5), (x - 5, y)), (205, 225, 60), 2.4)


def _halo(pen: Pen) -> None:
    for r, colour in ((49, (255, 196, 60)), (43, (255, 120, 40)), (37, (240, 30, 20))):
        pen.fill(oval(50, 50, r, r), colour, 0)


def _fumes(pen: Pen) -> None:
    for x in (30, 50, 70):
        path = curve((50, 34), (x, 26), (x + 9, 17), (x - 5, 9), (x + 6, 0), closed=False)
        pen.line(path, (90, 110, 0), 8)
        pen.line(path, (190, 230, 20), 4.5)


def _heap(pen: Pen) -> None:
    heap = ((2, 98), (16, 84), (34, 78), (48, 64), (62, 76), (82, 82), (98, 98))
    pen.fill((*curve(*heap, closed=False, steps=3),), (226, 220, 206), 3.2)
    for x, y in (
        (24, 90),
        (40, 84),
        (52, 76),
        (62, 90),
        (78, 92),
        (12, 66),
        (88, 68),
        (94, 54),
        (6, 50),
    ):
        pen.fill(oval(x, y, 3, 3), (120, 112, 100), 0)


OVERLAYS: Final[dict[str, Overlay]] = {
    "water": Overlay(scale=0.74, dy=-12, front=_drops),
    "textile": Overlay(scale=0.9, dy=-3),
    "flame": Overlay(scale=0.86, dy=7),
    "aerosol": Overlay(scale=0.92, dx=-16, front=_puffs),
    "heat": Overlay(scale=0.74, behind=_halo),
    "solvent": Overlay(scale=0.84, dy=8, front=_fumes),
    "abrasive": Overlay(scale=0.84),
    "powder": Overlay(scale=0.8, dy=-10, front=_heap),
}
"""Role with a state -> how its hazardous picture differs."""
