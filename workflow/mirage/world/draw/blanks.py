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


def compose_pair(left: Image.Image, right: Image.Image) -> Image.Image:
    """Put two square pictures side by side on one canvas, each at its full resolution.

    Args:
        left: A square RGB picture.
        right: A square RGB picture of the same size.

    Returns:
        An RGB picture as high as the two and twice as wide.

    Raises:
        ValueError: If a picture is not square or the two differ in size.
    """
    side = left.height
    if {left.size, right.size} != {(side, side)}:
        raise ValueError(
            "compose_pair needs two square pictures of one size, got pictures of "
            f"{left.size} and {right.size}; render both with the same size."
        )
    canvas = Image.new("RGB", (2 * side, side))
    canvas.paste(left, (0, 0))
    canvas.paste(right, (side, 0))
    return canvas
