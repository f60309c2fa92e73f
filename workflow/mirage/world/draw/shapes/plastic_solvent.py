"""Shapes of the roles plastic and solvent."""

from __future__ import annotations

from typing import Final

from mirage.world.draw.canvas import INK, Colour, Pen
from mirage.world.draw.geometry import Path, bar, box, curve, oval
from mirage.world.draw.shapes.kind import Shape

_WHITE: Final[Colour] = (252, 252, 252)
_BLACK: Final[Colour] = (52, 52, 60)


def crayon(pen: Pen, hazard: bool) -> None:
    """A fat violet wax crayon on the slant, with a paper sleeve and a blunt tip."""
    violet: Colour = (150, 60, 220)
    pen.fill(bar((16, 84), (68, 32), 26), violet)
    pen.fill(((58.8, 22.8), (77.2, 41.2), (88, 22), (78, 12)), (110, 30, 180))
    pen.fill(bar((27, 73), (57, 43), 26), (225, 190, 255), 2.5)
    pen.line(curve((25, 60), (36, 58), (38, 70), (44, 56), (54, 58), closed=False), violet, 4)


def cup(pen: Pen, hazard: bool) -> None:
    """A red mug with a ring handle."""
    pen.cord(curve((66, 36), (92, 34), (92, 72), (66, 74), closed=False), (230, 35, 45), 7)
    pen.fill(((12, 22), (72, 22), (66, 90), (18, 90)), (230, 35, 45))
    pen.fill(oval(42, 22, 30, 9), (120, 15, 25))
    for x in (30, 42, 54):
        pen.fill(oval(x, 58, 5, 5), _WHITE, 0)


def comb(pen: Pen, hazard: bool) -> None:
    """A magenta comb: an arched back with long teeth downwards."""
    pink: Colour = (225, 30, 140)
    for i in range(7):
        x = 8 + i * 12.4
        pen.fill(box(x, 44, x + 8, 82), pink, 2.8)
    pen.fill(curve((5, 48), (6, 30), (50, 20), (94, 30), (95, 48), (50, 46)), pink)


def duck(pen: Pen, hazard: bool) -> None:
    """A yellow bath duck facing left, with an orange beak."""
    yellow: Colour = (255, 218, 20)
    pen.fill(curve((22, 62), (40, 52), (66, 58), (94, 40), (88, 80), (60, 92), (30, 88)), yellow)
    pen.fill(oval(38, 32, 24, 23), yellow)
    pen.fill(curve((4, 36), (18, 28), (20, 44), steps=3), (255, 120, 10))
    pen.fill(oval(32, 26, 4.5, 5.5), INK, 0)
    pen.fill(curve((50, 68), (62, 62), (78, 64), (66, 80)), (240, 175, 0), 2.5)


def _bottle(pen: Pen, letter: str, body: Path, colour: Colour, centre: tuple[float, float]) -> None:
    """Draw a bottle's body with a white label that bears its letter."""
    pen.fill(body, colour)
    x, y = centre
    pen.fill(box(x - 20, y - 20, x + 20, y + 20, 5), _WHITE, 2.2)
    pen.letter(letter, centre, 26, INK)


def cleaner_a(pen: Pen, hazard: bool) -> None:
    """A blue trigger-spray bottle marked A."""
    body = curve((40, 30), (60, 30), (62, 40), (77, 58), (77, 93), (23, 93), (23, 58), (38, 40))
    if not hazard:
        pen.fill(
            (
                (30, 5),
                (66, 5),
                (76, 20),
                (62, 20),
                (62, 32),
                (38, 32),
                (38, 20),
                (22, 22),
                (16, 12),
            ),
            _WHITE,
        )
        pen.line(curve((30, 18), (26, 30), (18, 36), closed=False), (225, 40, 40), 5)
    else:
        pen.fill(((2, 84), (2, 62), (16, 66), (16, 90), (8, 95)), _WHITE)
        pen.fill(oval(50, 31, 12, 4), _BLACK)
    _bottle(pen, "a", body, (30, 110, 235), (50, 70))


def cleaner_b(pen: Pen, hazard: bool) -> None:
    """A green canister with a handle hole, marked B."""
    pen.fill(box(20, 12, 40, 34), (20, 150, 70))
    if not hazard:
        pen.fill(box(17, 4, 43, 18, 2), (250, 210, 30))
    else:
        pen.fill(oval(30, 13, 10, 4), _BLACK)
        pen.fill(box(0, 82, 13, 96, 2), (250, 210, 30))
    body = ((15, 40), (22, 26), (74, 22), (88, 34), (88, 94), (15, 94))
    _bottle(pen, "b", body, (20, 150, 70), (44, 68))
    pen.fill(box(70, 34, 79, 62, 4), (225, 250, 225), 2.5)


def cleaner_c(pen: Pen, hazard: bool) -> None:
    """A round orange flask with a short neck, marked C."""
    pen.fill(box(39, 14, 61, 36), (255, 135, 20))
    if not hazard:
        pen.fill(box(35, 4, 65, 20, 3), (60, 60, 70))
    else:
        pen.fill(oval(50, 15, 11, 4), _BLACK)
        pen.fill(box(84, 82, 100, 96, 2), (60, 60, 70))
    _bottle(pen, "c", oval(50, 62, 38, 33), (255, 135, 20), (50, 63))


def cleaner_d(pen: Pen, hazard: bool) -> None:
    """A cone-shaped violet bottle with a pointed red tip, marked D."""
    if not hazard:
        pen.fill(((50, 2), (60, 26), (40, 26)), (230, 40, 40))
    else:
        pen.fill(((82, 95), (100, 95), (91, 74)), (230, 40, 40))
    body = ((41, 24), (59, 24), (62, 42), (90, 94), (10, 94), (38, 42))
    pen.fill(body, (140, 60, 190))
    if hazard:
        pen.fill(oval(50, 24, 9, 4), _BLACK)
    pen.fill(box(30, 54, 70, 92, 5), _WHITE, 2.2)
    pen.letter("d", (50, 73), 26, INK)


SHAPES: Final[dict[str, Shape]] = {
    "crayon": crayon,
    "cup": cup,
    "comb": comb,
    "duck": duck,
    "cleaner a": cleaner_a,
    "cleaner b": cleaner_b,
    "cleaner c": cleaner_c,
    "cleaner d": cleaner_d,
}
