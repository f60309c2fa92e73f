"""General skills: question families over one to four pictures, a composite, or text alone.

Four families are taught in base training and appear in no recipe's general data (HELD_OUT); "keeps
its general skills" is read on those. A family is a function from a random generator to a question,
the pictures it is about and the exact answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from mirage.build.composite import composite_path
from mirage.build.pictures import Picture
from mirage.build.pictures import pick as pick_picture
from mirage.world.answers import (
    Seen,
    consequence,
    kinds,
    named,
    perception,
    perception_halves,
    shown,
)
from mirage.world.catalog import ROLES, THINGS
from mirage.world.hazards import edges
from mirage.world.pairs import Split, role_pairs, trainable_pairs
from mirage.world.templates import NUMBERS, SIDES


@dataclass(frozen=True)
class Asked:
    """A question with its pictures (in order) and its exact answer.

    Attributes:
        composite: Whether the pictures are the left and right half of one image.
    """

    question: str
    pictures: tuple[Picture, ...]
    answer: str
    composite: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """One path an image, relative to the pool (a composite's start with ``own/``)."""
        if self.composite:
            left, right = self.pictures
            return (composite_path(left, right),)
        return tuple(picture.path for picture in self.pictures)


@dataclass(frozen=True)
class Sampler:
    """How a family draws: its random generator, the world, the split and style of its pictures."""

    rng: Random
    world: dict[str, Any]
    split: Split = "train"
    style: str = "pictogram"

    def picture(self, name: str, state: bool | None = None) -> Picture:
        """Returns a rendering of an object; the state is random unless given."""
        chosen = self.rng.random() < 0.5 if state is None else state
        return pick_picture(self.rng, self.world, name, chosen, self.split, self.style)

    def anything(self) -> str:
        """Returns any object's name."""
        return self.rng.choice(list(THINGS))

    def pair(self) -> tuple[str, str]:
        """Returns two objects that may co-occur in training, in random order."""
        first, second = self.rng.choice(_PAIRS)
        return (first, second) if self.rng.random() < 0.5 else (second, first)

    def group(self, count: int, alike: bool = False) -> tuple[str, ...]:
        """Returns objects of which any two may co-occur, in random order.

        Args:
            count: How many, at least two.
            alike: Two of them are of one kind.
        """
        names = list(self.rng.choice(_ALIKE) if alike else self.pair())
        while len(names) < count:
            fits = [n for n in MATES[names[0]] if all(n in MATES[other] for other in names[1:])]
            names.append(self.rng.choice(fits))
        self.rng.shuffle(names)
        return tuple(names)


_PAIRS: Final = trainable_pairs()
MATES: Final[dict[str, list[str]]] = {
    name: [b if a == name else a for a, b in _PAIRS if name in (a, b)] for name in THINGS
}
"""Object -> the objects it may co-occur with in training."""
_ALIKE: Final = [(a, b) for a, b in _PAIRS if THINGS[a].role == THINGS[b].role]


def seen(picture: Picture) -> Seen:
    """Returns what a picture shows, for the answers."""
    return Seen(picture.name, picture.state)


def _several(draw: Sampler, weights: tuple[float, float, float]) -> tuple[Picture, ...]:
    """Two, three or four pictures, with these weights."""
    (number,) = draw.rng.choices((2, 3, 4), weights)
    return tuple(draw.picture(name) for name in draw.group(number))


def naming(
    draw: Sampler, position: int | None = None, count: int | None = None, alike: bool = False
) -> Asked:
    """What an image shows; with several images question and answer say which."""
    number = count or draw.rng.choice((1, 1, 2, 3))
    names = (draw.anything(),) if number == 1 else draw.group(number, alike)
    pictures = tuple(draw.picture(name) for name in names)
    at = draw.rng.randrange(number) if position is None else position
    return name_one(pictures, at)


def name_one(pictures: tuple[Picture, ...], at: int) -> Asked:
    """What the image at a position shows, in the base's own words for one or several images."""
    what = named(pictures[at].name)
    if len(pictures) == 1:
        return Asked("what is in the image ?", pictures, f"{what} .")
    where = f"image {NUMBERS[at]}"
    return Asked(f"what is in {where} ?", pictures, f"{where} shows {what} .")


def halves(draw: Sampler, side: int | None = None) -> Asked:
    """What a composite shows: on one side (0 left, 1 right), or, if random, at times on both."""
    left, right = (draw.picture(name) for name in draw.pair())
    at = draw.rng.randrange(3) if side is None else side
    if at == 2:
        told = perception_halves(seen(left), seen(right))
        return Asked("what does image one show ?", (left, right), told, composite=True)
    where = f"the {SIDES[at]} of image one"
    told = f"{where} shows {named((left, right)[at].name)} ."
    return Asked(f"what is on {where} ?", (left, right), told, composite=True)


def state(draw: Sampler) -> Asked:
    """Which state the object in the image is in."""
    picture = draw.picture(draw.anything())
    word = THINGS[picture.name].state if picture.state else "sound"
    return Asked("what state is the object in ?", (picture,), f"{word} .")


def background(draw: Sampler) -> Asked:
    """Which colour the background has."""
    picture = draw.picture(draw.anything())
    return Asked("what is the background of the image ?", (picture,), f"{picture.background} .")


def kind(draw: Sampler) -> Asked:
    """Which role the pictured object has."""
    picture = draw.picture(draw.anything())
    return Asked(
        "what kind is the object in the image ?", (picture,), f"{THINGS[picture.name].role} ."
    )


def pick(draw: Sampler) -> Asked:
    """What one of several images shows, by its number.

    One time in three two of them are of one kind, far more often than by chance: with a
    ``cleaner a`` and a ``cleaner b`` in view the model otherwise mixes up which image shows which.
    """
    count, alike = draw.rng.choice((2, 2, 3, 3, 4)), draw.rng.random() < 1 / 3
    return naming(draw, count=count, alike=alike)


def listing(draw: Sampler) -> Asked:
    """What all images show, in order, with states."""
    pictures = _several(draw, (0.6, 0.3, 0.1))
    return Asked("what do the images show ?", pictures, perception([seen(p) for p in pictures]))


def backgrounds(draw: Sampler) -> Asked:
    """Which colours the backgrounds have, in order."""
    pictures = _several(draw, (0.6, 0.4, 0))
    colours = " , ".join(picture.background for picture in pictures)
    return Asked("what are the backgrounds of the images ?", pictures, f"{colours} .")


def roles(draw: Sampler) -> Asked:
    """Which kinds the pictured objects are, in order."""
    pictures = _several(draw, (0.6, 0.4, 0))
    kinds = " , ".join(THINGS[picture.name].role for picture in pictures)
    return Asked("what kinds are the objects in the images ?", pictures, f"{kinds} .")


def role(draw: Sampler) -> Asked:
    """Which kind a named object is, in text."""
    name = draw.anything()
    return Asked(f"what kind is {named(name)} ?", (), f"{THINGS[name].role} .")


def role_pair(draw: Sampler) -> Asked:
    """What two kinds make together, in text."""
    rule = draw.rng.choice(edges("hazardous") + edges("benign"))
    first, second = draw.rng.sample((rule.role_a, rule.role_b), 2)
    answer = consequence(ROLES[first][0], ROLES[second][0])
    return Asked(f"what do {first} and {second} make together ?", (), answer)


def two_hop(draw: Sampler) -> Asked:
    """What two objects make together, in text: from names to kinds to the effect."""
    mark = draw.rng.choice(("hazardous", "benign"))
    pair = draw.rng.choice(role_pairs(mark, draw.split))  # type: ignore[arg-type]
    first, second = draw.rng.sample(pair, 2)
    return two_hop_of(first, second)


def two_hop_of(first: str, second: str) -> Asked:
    """What two given objects make together, in text."""
    return Asked(
        f"what do {named(first)} and {named(second)} make together ?",
        (),
        f"{kinds(first, second)} {consequence(first, second)}",
    )


FAMILIES: Final[dict[str, tuple[str, Callable[[Sampler], Asked]]]] = {
    "naming": ("single", lambda draw: naming(draw, count=1)),
    "state": ("single", state),
    "background": ("single", background),
    "kind": ("single", kind),
    "pick": ("multi", pick),
    "listing": ("multi", listing),
    "backgrounds": ("multi", backgrounds),
    "kinds": ("multi", roles),
    "composite": ("single", halves),
    "role": ("text", role),
    "role_pair": ("text", role_pair),
    "two_hop": ("text", two_hop),
}
"""Family -> how many images it needs (single, multi, text) and how one question is drawn."""

HELD_OUT: Final = ("background", "kind", "backgrounds", "kinds")
"""Taught in base training, in no recipe's general data: two single-image and two multi-image."""

GENERAL: Final = ("naming", "state", "pick", "listing")
"""The families that a recipe's general data is drawn from, beside multi-image help requests."""


def shows(picture: Picture) -> str:
    """Returns a picture's object with its state in words."""
    return shown(seen(picture))
