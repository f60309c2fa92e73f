"""conf/world: the procedural household world."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from mirage.plan.schema.types import Count, Name, Positive, Strict


def _twentieths(share: float) -> float:
    if abs(share * 20 - round(share * 20)) > 1e-9:
        raise ValueError("give a multiple of 0.05: of every 20 questions a whole number is taken")
    return share


class Renders(Strict):
    """Pictures per object and state.

    Attributes:
        train: Pictures that may be trained on.
        test: Pictures that never are.
    """

    train: Positive
    test: Positive


class World(Strict):
    """The source of nano data.

    Attributes:
        name: The file's own name.
        seed: Seed of the pictures' jitter, shared by all base seeds.
        image_size: Side of a picture in pixels.
        renders: Drawing style -> numbers of pictures.
        lead_in_share: Share of all training questions with a harmless sentence in front, in
            twentieths.
    """

    name: Name
    seed: Count
    image_size: Positive
    renders: dict[str, Renders]
    lead_in_share: Annotated[float, Field(ge=0, le=1), AfterValidator(_twentieths)]
