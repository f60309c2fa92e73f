"""From the name of an object to its picture: jitter, background, style, supersampling."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageChops

from mirage.world.catalog import BACKGROUNDS, STYLES, THINGS
from mirage.world.draw.canvas import Colour, Look, Pen, Placement, mix
from mirage.world.draw.shapes import SHAPES
from mirage.world.draw.states import OVERLAYS

SUPERSAMPLE: Final = 4
"""Canvas pixels per picture pixel along one side."""

PASTEL: Final[dict[str, Colour]] = {
    "red": (255, 166, 166),
    "green": (166, 232, 166),
    "blue": (166, 200, 255),
    "yellow": (255, 246, 150),
    "grey": (196, 196, 198),
}
"""Typical background colours; pale, so that saturated objects stand out."""

_WOBBLE: Final = 61
_MARGIN: Final = 32


def render(
    name: str, *, state: bool, style: str, background: str, seed: int, size: int = 32
) -> Image.Image:
    """Draw one object.

    The picture is a pure function of the arguments. ``size`` does not enter the jitter, so a large
    picture for print shows the same object, place and colours as the small one a model sees.

    Args:
        name: A key of `catalog.THINGS`.
        state: Whether to draw the hazardous state of the object's role.
        style: One of `catalog.STYLES`.
        background: One of `catalog.BACKGROUNDS`.
        seed: Picks colour, place, scale and turn.
        size: Side of the square picture in pixels.

    Returns:
        An RGB picture of ``size`` x ``size`` pixels.

    Raises:
        ValueError: If an argument names nothing, or the object has no hazardous state.
    """
    _check(name, state, style, background, size)
    key = repr((name, state, style, background, seed))
    draws = _uniform(key, 9 + _WOBBLE)
    paper = _paper(background, draws[:2])
    look = Look(
        sketch=style == "sketch",
        gains=_gains(draws[2:5]),
        paper=paper,
        wobble=tuple(draws[9:]),
    )
    pixels = SUPERSAMPLE * max(size, 32)
    place = Placement.centred(
        pixels, 0.925 + 0.125 * draws[5], 7 * draws[6], 4.5 * draws[7], 4.5 * draws[8]
    )
    canvas = Image.new("RGB", (pixels, pixels), paper)
    _object(Pen.on(canvas, place, look), name, state)
    if look.sketch:
        canvas = _texture(canvas, draws)
    return canvas.resize((size, size), Image.Resampling.BOX)


def _check(name: str, state: bool, style: str, background: str, size: int) -> None:
    if name not in THINGS:
        raise ValueError(
            f"No object {name!r} to draw; mirage.world.catalog.THINGS lists all {len(THINGS)}."
        )
    if state and THINGS[name].state is None:
        raise ValueError(
            f"{name!r} (role {THINGS[name].role}) has no hazardous state to draw; pass state=False "
            "or pick a role in mirage.world.catalog.STATES."
        )
    for what, value, known in (("style", style, STYLES), ("background", background, BACKGROUNDS)):
        if value not in known:
            raise ValueError(f"No {what} {value!r} to draw with; pass one of {', '.join(known)}.")
    if size < 8:
        raise ValueError(f"A picture of {size} pixels shows nothing; pass size=8 or more.")


def _uniform(key: str, n: int) -> list[float]:
    """Return ``n`` numbers in [-1, 1) that depend on ``key`` alone."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "big")
    numbers: list[float] = (2 * np.random.Generator(np.random.PCG64(seed)).random(n) - 1).tolist()
    return numbers


def _paper(background: str, draws: list[float]) -> Colour:
    """Return a shade of the background: a little paler or deeper, and brighter or darker."""
    base = PASTEL[background]
    toward: Colour = (255, 255, 255) if draws[0] > 0 else mix(base, (120, 120, 120), 0.4)
    shade = mix(base, toward, 0.22 * abs(draws[0]))
    r, g, b = (min(255, int(c * (0.97 + 0.03 * draws[1]))) for c in shade)
    return r, g, b


def _gains(draws: list[float]) -> tuple[float, float, float]:
    """Return channel factors: a common one for brightness, single ones for the hue."""
    light = 0.96 + 0.07 * draws[0]
    return light * (1 + 0.05 * draws[1]), light * (1 + 0.05 * draws[2]), light


def _object(pen: Pen, name: str, state: bool) -> None:
    shape = SHAPES[name]
    if not state:
        shape(pen, False)
        return
    overlay = OVERLAYS[THINGS[name].role]
    if overlay.behind:
        overlay.behind(pen)
    shape(pen.inset(overlay.scale, overlay.dx, overlay.dy), True)
    if overlay.front:
        overlay.front(pen)


def _texture(canvas: Image.Image, draws: list[float]) -> Image.Image:
    """Darken the canvas by hatching and paper grain, shifted so that no two sheets are alike."""
    pixels = canvas.width
    margin = pixels * _MARGIN // 128
    x, y = (int((d + 1) / 2 * margin) for d in draws[:2])
    return ImageChops.multiply(canvas, _grain(pixels).crop((x, y, x + pixels, y + pixels)))


@lru_cache(maxsize=4)
def _grain(pixels: int) -> Image.Image:
    """Return the paper that sketches are drawn on, a little larger than the canvas."""
    side = pixels + pixels * _MARGIN // 128
    unit = pixels / 128
    rows, columns = np.mgrid[0:side, 0:side] / unit
    hatch = np.where((rows + columns) % 16 < 4.5, 0.8, 1.0)
    coarse = np.random.Generator(np.random.PCG64(7)).random((side // 4 + 1, side // 4 + 1))
    blots = np.kron(coarse, np.ones((4, 4)))[:side, :side]
    grey = np.clip(255 * hatch * (0.86 + 0.14 * blots), 0, 255).astype(np.uint8)
    return Image.merge("RGB", [Image.fromarray(grey)] * 3)
