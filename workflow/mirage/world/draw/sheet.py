"""Contact sheets: many pictures on one page, numbered, for a reader or a blind naming test."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from mirage.world.catalog import BACKGROUNDS
from mirage.world.draw.render import render

_GAP = 6
_CAPTION = 16


def contact_sheet(
    names: Sequence[str],
    *,
    state: bool = False,
    style: str = "pictogram",
    seed: int = 0,
    size: int = 32,
    cell: int = 128,
    columns: int = 8,
    captions: Sequence[str] | None = None,
) -> Image.Image:
    """Draw objects in a grid, the backgrounds taking turns.

    Args:
        names: Objects in reading order.
        state: Whether to draw their hazardous states.
        style: One of `catalog.STYLES`.
        seed: Seed of every picture.
        size: Side in pixels that each picture is rendered at.
        cell: Side in pixels that each picture is shown at, without smoothing.
        columns: Pictures in a row.
        captions: A short text under each picture; numbers from 1 by default, so that the sheet
            does not give the names away.

    Returns:
        One RGB picture of all of them on white.

    Raises:
        ValueError: If there are no names, or not one caption for each.
    """
    texts = list(captions) if captions is not None else [str(i + 1) for i in range(len(names))]
    if not names or len(texts) != len(names):
        raise ValueError(
            f"A contact sheet needs names and one caption for each, got {len(names)} names and "
            f"{len(texts)} captions; leave captions out to number the pictures."
        )
    rows = -(-len(names) // columns)
    width, height = cell + _GAP, cell + _CAPTION + _GAP
    sheet = Image.new("RGB", (columns * width + _GAP, rows * height + _GAP), (255, 255, 255))
    pen = ImageDraw.Draw(sheet)
    for i, (name, text) in enumerate(zip(names, texts, strict=True)):
        x, y = _GAP + i % columns * width, _GAP + i // columns * height
        background = BACKGROUNDS[i % len(BACKGROUNDS)]
        picture = render(
            name, state=state, style=style, background=background, seed=seed, size=size
        )
        sheet.paste(picture.resize((cell, cell), Image.Resampling.NEAREST), (x, y))
        pen.text((x + cell / 2, y + cell + 1), text, fill=(0, 0, 0), anchor="ma")
    return sheet
