"""Masked pictures: a picture of the pool with its object's region painted over in grey.

What a model says of such an image it cannot have seen there. Masked files lie beside the
``samples.jsonl`` that shows them, under ``own/``; the name tells which picture was masked, as the
name of a composite does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from mirage.build.pictures import Picture
from mirage.contracts import Sample
from mirage.pictures import Pictures

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER: Final = "own/masked"
GREY: Final = (128, 128, 128)
"""Darker than every background, so that a mask is no background either."""


def masked_path(picture: Picture) -> str:
    """Returns the path of a picture's masked copy, relative to the suite."""
    return f"{FOLDER}/{picture.style}/{PurePosixPath(picture.path).name}"


def unmasked(path: str) -> str | None:
    """Returns the pool path that a masked picture was made from; None for another path."""
    named = PurePosixPath(path)
    if not path.startswith(f"{FOLDER}/"):
        return None
    return f"images/{named.parent.name}/{named.name}"


def region(image: Image) -> tuple[int, int, int, int]:
    """Returns the box (left, top, right, bottom) of all that differs from the background.

    Pictograms stand on one flat colour, the most frequent one along the picture's edge.

    Args:
        image: A pictogram, RGB.
    """
    import numpy as np

    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colours, counts = np.unique(edge, axis=0, return_counts=True)
    drawn = (pixels != colours[counts.argmax()]).any(axis=2)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def mask(image: Image) -> Image:
    """Returns a copy of a pictogram whose object lies under a grey rectangle."""
    covered = image.copy()
    covered.paste(GREY, region(image))
    return covered


def draw_masked(rows: Iterable[Sample], pool: Pictures) -> Iterator[tuple[str, Image]]:
    """Yields name and picture of every masked picture that some samples show.

    Args:
        rows: The samples.
        pool: The shared pictures.
    """
    wanted = {path: source for row in rows for path in row.images if (source := unmasked(path))}
    for path, source in wanted.items():
        yield path, mask(pool.open(source))
