"""The picture pool: which renderings exist, how they are called, and how they are drawn.

Every sample of a world points into this one pool. Rendering ``n`` fixes the background colour and
the jitter; renderings below ``renders.train`` are for training, the rest for testing, so that no
test picture is ever trained on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from mirage.build.dataset import DataSet
from mirage.world.catalog import BACKGROUNDS, STYLES, THINGS
from mirage.world.pairs import Split

if TYPE_CHECKING:
    from PIL.Image import Image

    from mirage.context import JobContext

BLACK = "images/black.png"
WHITE = "images/white.png"


@dataclass(frozen=True)
class Picture:
    """One rendering of one object."""

    name: str
    state: bool
    style: str
    n: int

    @property
    def path(self) -> str:
        """Path relative to the pool's folder."""
        state = f"+{THINGS[self.name].state}" if self.state else ""
        return f"images/{self.style}/{self.name.replace(' ', '_')}{state}-{self.n:03d}.png"

    @property
    def background(self) -> str:
        """The colour word of the background."""
        return BACKGROUNDS[self.n % len(BACKGROUNDS)]


def renders(world: dict[str, Any], split: Split, style: str) -> range:
    """Returns the rendering numbers of a split; the sketch style has its own, smaller counts."""
    counts = world["renders"][style]
    train, test = int(counts["train"]), int(counts["test"])
    return range(train) if split == "train" else range(train, train + test)


def pick(
    rng: Random,
    world: dict[str, Any],
    name: str,
    state: bool,
    split: Split,
    style: str = "pictogram",
) -> Picture:
    """Returns a random rendering of an object for a split (no state where its role has none)."""
    state = state and THINGS[name].state is not None
    return Picture(name, state, style, rng.choice(renders(world, split, style)))


def pool(world: dict[str, Any]) -> Iterator[Picture]:
    """Yields every picture of a world, in a fixed order."""
    for style in STYLES:
        total = sum(int(count) for count in world["renders"][style].values())
        for thing in THINGS.values():
            for state in (False, True) if thing.state else (False,):
                for n in range(total):
                    yield Picture(thing.name, state, style, n)


def draw_pool(world: dict[str, Any]) -> Iterator[tuple[str, Image]]:
    """Yields name and picture of everything in the pool. Same world, same pixels."""
    from mirage.world.draw import blank, render

    size = int(world["image_size"])
    for picture in pool(world):
        image = render(
            picture.name,
            state=picture.state,
            style=picture.style,
            background=picture.background,
            seed=int(world["seed"]) * 100_000 + picture.n,
            size=size,
        )
        yield picture.path, image
    yield BLACK, blank("black", size)
    yield WHITE, blank("white", size)


def household(ctx: JobContext) -> DataSet:
    """Builds the picture pool of a job's world (an entry of the group ``source``)."""
    return DataSet(pictures=draw_pool(ctx.settings["world"]))
