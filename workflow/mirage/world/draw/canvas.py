"""The pen that all shapes are drawn with: units, placement, colour jitter and the two styles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from PIL import Image, ImageDraw

from mirage.world.draw.geometry import Path, Point, arc

Colour = tuple[int, int, int]

UNITS: Final = 100.0
"""Side of a picture in the units that the shapes use."""

INK: Final[Colour] = (28, 26, 34)
SKETCH_INK: Final[Colour] = (52, 40, 44)
_WASH: Final = 0.5
"""How much of an object's colour a sketch keeps; the rest is paper."""

_LETTERS: Final[dict[str, tuple[Path, ...]]] = {
    "a": (((-0.75, 1), (0, -1), (0.75, 1)), ((-0.42, 0.3), (0.42, 0.3))),
    "b": (
        (
            *((-0.6, 1), (-0.6, -1), (0.1, -1), (0.5, -0.75), (0.5, -0.3), (0.1, -0.05)),
            *((-0.6, -0.05), (0.2, -0.05), (0.65, 0.25), (0.65, 0.7), (0.2, 1), (-0.6, 1)),
        ),
    ),
    "c": (arc((0.1, 0), (0.8, 1), -45, -315),),
    "d": (((-0.65, 1), (-0.65, -1), *arc((-0.2, 0), (0.85, 1), -90, 90, 8), (-0.65, 1)),),
}


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend two colours; ``share`` (0 to 1) is how much of ``second`` there is."""
    r, g, b = (round(p + (q - p) * share) for p, q in zip(first, second, strict=True))
    return r, g, b


@dataclass(frozen=True)
class Placement:
    """Where units land on the canvas: pixel = (a x - b y + c, b x + a y + d)."""

    a: float
    b: float
    c: float
    d: float

    @classmethod
    def centred(cls, pixels: int, scale: float, degrees: float, dx: float, dy: float) -> Placement:
        """Turn and scale about the middle of the picture, then move by (``dx``, ``dy``) units."""
        unit = pixels / UNITS
        a = unit * scale * math.cos(math.radians(degrees))
        b = unit * scale * math.sin(math.radians(degrees))
        middle = UNITS / 2
        return cls(
            a,
            b,
            unit * (middle + dx) - middle * (a - b),
            unit * (middle + dy) - middle * (a + b),
        )

    def inset(self, scale: float, dx: float, dy: float) -> Placement:
        """Shrink the content about its middle and move it by (``dx``, ``dy``) units."""
        x = UNITS / 2 * (1 - scale) + dx
        y = UNITS / 2 * (1 - scale) + dy
        return Placement(
            self.a * scale,
            self.b * scale,
            self.a * x - self.b * y + self.c,
            self.b * x + self.a * y + self.d,
        )


@dataclass(frozen=True)
class Look:
    """What one picture's pen does to colours and lines.

    Attributes:
        sketch: Whether to draw in the sketch style.
        gains: Red, green and blue factors of this picture's colour jitter.
        paper: The background colour, which shines through a sketch's fills.
        wobble: Numbers in [-1, 1) that a sketch's vertices are moved by, used in turn.
    """

    sketch: bool
    gains: tuple[float, float, float]
    paper: Colour
    wobble: tuple[float, ...]

    def fill(self, colour: Colour) -> Colour:
        """Return the colour as this picture shows it."""
        r, g, b = (min(255, int(c * k)) for c, k in zip(colour, self.gains, strict=True))
        return mix(self.paper, (r, g, b), _WASH) if self.sketch else (r, g, b)


@dataclass(frozen=True)
class Pen:
    """Draws filled outlines and lines given in units onto a canvas of pixels."""

    draw: ImageDraw.ImageDraw
    place: Placement
    look: Look

    @classmethod
    def on(cls, image: Image.Image, place: Placement, look: Look) -> Pen:
        """Take up a pen for ``image`` (RGB, square)."""
        return cls(ImageDraw.Draw(image), place, look)

    def inset(self, scale: float, dx: float = 0, dy: float = 0) -> Pen:
        """Return a pen whose 100 x 100 units lie shrunk and moved inside this pen's."""
        return replace(self, place=self.place.inset(scale, dx, dy))

    def fill(self, path: Path, colour: Colour, edge: float = 3.2) -> None:
        """Fill a closed outline and draw its edge (``edge`` units wide; 0 for none)."""
        pixels = self._pixels(path)
        self.draw.polygon(pixels, fill=self.look.fill(colour))
        if edge:
            self._stroke([*pixels, pixels[0]], self._ink(), edge)

    def line(self, path: Path, colour: Colour | None = None, width: float = 3.2) -> None:
        """Draw an open line, in ink if ``colour`` is None."""
        ink = self._ink() if colour is None else self.look.fill(colour)
        self._stroke(self._pixels(path), ink, width)

    def cord(self, path: Path, colour: Colour, width: float = 6) -> None:
        """Draw an open line in ``colour`` with an inked edge on both sides."""
        pixels = self._pixels(path)
        self._stroke(pixels, self._ink(), width + 4.5)
        self._stroke(pixels, self.look.fill(colour), width)

    def letter(self, which: str, at: Point, height: float, colour: Colour) -> None:
        """Write one big letter a, b, c or d around ``at`` as a capital ``height`` units high."""
        half = height / 2
        for stroke in _LETTERS[which]:
            path = tuple((at[0] + x * half * 0.8, at[1] + y * half) for x, y in stroke)
            self._stroke(self._pixels(path), colour, height / 4.5)

    def _ink(self) -> Colour:
        return SKETCH_INK if self.look.sketch else INK

    def _pixels(self, path: Path) -> list[Point]:
        p = self.place
        if not self.look.sketch:
            return [(p.a * x - p.b * y + p.c, p.b * x + p.a * y + p.d) for x, y in path]
        wobble, n = self.look.wobble, len(self.look.wobble)
        # Neighbouring outlines must not wobble alike, so the start depends on where the path is.
        start = int(path[0][0] * 7 + path[0][1] * 13 + len(path))
        return [
            (
                p.a * x - p.b * y + p.c + p.a * wobble[(start + 2 * i) % n],
                p.b * x + p.a * y + p.d + p.a * wobble[(start + 2 * i + 1) % n],
            )
            for i, (x, y) in enumerate(path)
        ]

    def _stroke(self, pixels: Sequence[Point], colour: Colour, width: float) -> None:
        scale = math.hypot(self.place.a, self.place.b)
        wide = max(1, round(width * scale * (1.25 if self.look.sketch else 1.0)))
        self.draw.line(pixels, fill=colour, width=wide)
        # Thick lines leave notches at their corners; on fine curves of small canvases none shows.
        if len(pixels) <= 12 or wide > 8:
            r = wide / 2 - 0.5
            for x, y in pixels:
                self.draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
