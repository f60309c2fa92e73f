"""conf/world: the procedural household world."""

from __future__ import annotations

from mirage.plan.schema.types import Count, Name, Positive, Strict


class Renders(Strict):
    """Pictures per object and state; a test picture is never trained on."""

    train: Positive
    test: Positive


class World(Strict):
    """The source of nano data.

    Attributes:
        seed: Seed of the pictures' jitter, shared by all base seeds.
        image_size: Side of a picture in pixels.
        renders: Drawing style -> numbers of pictures.
    """

    name: Name
    seed: Count
    image_size: Positive
    renders: dict[str, Renders]
