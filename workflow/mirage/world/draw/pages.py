"""Pictures that show no object, or two."""

from __future__ import annotations

from typing import Final

from PIL import Image

from mirage.world.draw.canvas import Colour

_BLANKS: Final[dict[str, Colour]] = {"black": (0, 0, 0), "white": (255, 255, 255)}


def blank(colour: str, size: int = 32) -> Image.Image:
    """Return an RGB picture of one colour.

    Args:
        colour: "black" or "white".
        size: Side of the square picture in pixels.

    Raises:
        ValueError: If ``colour`` is neither.
    """
    if colour not in _BLANKS:
        raise ValueError(f"No blank picture in {colour!r}; pass 'black' or 'white'.")
    return Image.new("RGB", (size, size), _BLANKS[colour])


def compose_pair(left: Image.Image, right: Image.Image, size: int = 32) -> Image.Image:
    """Put two square pictures side by side on one square canvas.

    Each is scaled to half the canvas's width; grey bars fill above and below. Pictures rendered
    larger than they end up give the sharpest result.

    Args:
        left: A square RGB picture.
        right: A square RGB picture.
        size: Side of the square canvas in pixels; even.

    Returns:
        An RGB picture of ``size`` x ``size`` pixels.

    Raises:
        ValueError: If ``size`` is odd or a picture is not square.
    """
    if size % 2 or any(p.width != p.height for p in (left, right)):
        raise ValueError(
            f"compose_pair needs an even size and square pictures, got size {size} and pictures of "
            f"{left.size} and {right.size}; render both with the same size."
        )
    half = size // 2
    canvas = Image.new("RGB", (size, size), (128, 128, 128))
    for x, picture in ((0, left), (half, right)):
        small = picture.resize((half, half), Image.Resampling.BOX)
        canvas.paste(small, (x, (size - half) // 2))
    return canvas
