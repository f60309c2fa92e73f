"""Composites: two pictures of the pool side by side in one image file, at full resolution.

Which two are put together depends on the sample, so a composite does not lie in the shared pool
but beside the ``samples.jsonl`` that needs it, under ``own/``. Its name holds the names of its two
halves: whoever asks what it shows need not open it.
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

FOLDER: Final = "own/composite"
_BETWEEN: Final = "__"


def composite_path(left: Picture, right: Picture) -> str:
    """Returns the path of two pictures' composite, relative to the data set or suite."""
    stems = _BETWEEN.join(PurePosixPath(picture.path).stem for picture in (left, right))
    return f"{FOLDER}/{left.style}/{stems}.png"


def halves(path: str) -> tuple[str, ...]:
    """Returns the pool paths of a composite's left and right picture; none for another path."""
    named = PurePosixPath(path)
    if not path.startswith(f"{FOLDER}/"):
        return ()
    return tuple(f"images/{named.parent.name}/{stem}.png" for stem in named.stem.split(_BETWEEN))


def draw_composites(rows: Iterable[Sample], pool: Pictures) -> Iterator[tuple[str, Image]]:
    """Yields name and picture of every composite that some samples show.

    Args:
        rows: The samples.
        pool: The shared pictures.
    """
    from mirage.world.draw import compose_pair

    wanted = dict.fromkeys(path for row in rows for path in row.images if halves(path))
    for path in wanted:
        left, right = (pool.open(half) for half in halves(path))
        yield path, compose_pair(left, right)
