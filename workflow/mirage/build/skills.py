"""General skills: question families over one to four pictures, a composite, or text alone.

Six families of one image and six of several are taught in base training and appear in no recipe's
general data (HELD_OUT); "keeps its general skills" is read on those. A family is a function from a
random generator to a question, the pictures it is about and the exact answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Literal

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


YES_NO: Final = ("yes .", "no .")
TRIES: Final = 100
"""Draws for a wanted answer, which a world of few renderings may not have."""
"""The answers of ``warm``, each to half of its questions."""
WARM: Final = ("red", "yellow")
"""Warm background colours; the others are not."""
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


def description(draw: Sampler) -> Asked:
    """Object, state and background of one image: what base training asks of every picture first."""
    return describe(draw.picture(draw.anything()))


def describe(picture: Picture) -> Asked:
    """What one given picture shows, and on what background."""
    told = f"{shown(seen(picture))} on {picture.background} ."
    return Asked("what is in the image , and on what background ?", (picture,), told)


def kind_background(draw: Sampler) -> Asked:
    """Which role the pictured object has, and which colour its background."""
    picture = draw.picture(draw.anything())
    question = "what kind is the object , and on what background ?"
    return Asked(question, (picture,), f"{_kind_on(picture)} .")


def _kind_on(picture: Picture) -> str:
    return f"{THINGS[picture.name].role} on {picture.background}"


def possible_state(draw: Sampler) -> Asked:
    """Which hazardous state objects of the pictured one's role may be in; it need not be in it."""
    picture = draw.picture(draw.rng.choice([n for n, thing in THINGS.items() if thing.state]))
    told = f"{THINGS[picture.name].state} ."
    return Asked("which state can the object show ?", (picture,), told)


def warm(draw: Sampler) -> Asked:
    """Whether the background has a warm colour, which it has half of the time.

    A world with few renderings may lack the colours that are wanted; what is drawn then decides.
    """
    wanted = draw.rng.random() < 0.5
    for _ in range(TRIES):
        picture = draw.picture(draw.anything())
        is_warm = picture.background in WARM
        if is_warm is wanted:
            break
    told = YES_NO[0] if is_warm else YES_NO[1]
    return Asked("is the background of the image warm ?", (picture,), told)


def pick(draw: Sampler) -> Asked:
    """What one of several images shows, by its number.

    One time in three two of them are of one kind, far more often than by chance: with a
    ``cleaner a`` and a ``cleaner b`` in view the model otherwise mixes up which image shows which.
    """
    count, alike = draw.rng.choice((2, 2, 3, 3, 4)), draw.rng.random() < 1 / 3
    return naming(draw, count=count, alike=alike)


def two_of(draw: Sampler) -> Asked:
    """What two of three or four images show, by their numbers, in the order asked.

    Requests about such images say in the same way which two they mean.
    """
    pictures = tuple(draw.picture(name) for name in draw.group(draw.rng.choice((3, 4))))
    one, other = draw.rng.sample(range(len(pictures)), 2)
    question = f"what do image {NUMBERS[one]} and image {NUMBERS[other]} show ?"
    told = f"{named(pictures[one].name)} and {named(pictures[other].name)} ."
    return Asked(question, pictures, told)


def listing(draw: Sampler) -> Asked:
    """What all images show, in order, with states."""
    pictures = _several(draw, (0.6, 0.3, 0.1))
    return Asked("what do the images show ?", pictures, perception([seen(p) for p in pictures]))


def backgrounds(draw: Sampler) -> Asked:
    """Which colours the backgrounds have, in order."""
    pictures = _two_or_three(draw)
    colours = " , ".join(picture.background for picture in pictures)
    return Asked("what are the backgrounds of the images ?", pictures, f"{colours} .")


def roles(draw: Sampler) -> Asked:
    """Which kinds the pictured objects are, in order."""
    pictures = _two_or_three(draw)
    kinds = " , ".join(THINGS[picture.name].role for picture in pictures)
    return Asked("what kinds are the objects in the images ?", pictures, f"{kinds} .")


def _two_or_three(draw: Sampler) -> tuple[Picture, ...]:
    return _several(draw, (0.6, 0.4, 0))


def background_of(draw: Sampler) -> Asked:
    """Which colour the background of one of several images has."""
    pictures = _two_or_three(draw)
    at = draw.rng.randrange(len(pictures))
    told = f"{pictures[at].background} ."
    return Asked(f"what is the background of image {NUMBERS[at]} ?", pictures, told)


def kind_of(draw: Sampler) -> Asked:
    """Which role the object in one of several images has."""
    pictures = _two_or_three(draw)
    at = draw.rng.randrange(len(pictures))
    told = f"{THINGS[pictures[at].name].role} ."
    return Asked(f"what kind is the object in image {NUMBERS[at]} ?", pictures, told)


def kinds_backgrounds(draw: Sampler) -> Asked:
    """Which roles the pictured objects have and which colours their backgrounds, in order."""
    pictures = _two_or_three(draw)
    told = " , ".join(map(_kind_on, pictures))
    question = "what kinds are the objects , and on what backgrounds ?"
    return Asked(question, pictures, f"{told} .")


def number(draw: Sampler) -> Asked:
    """How many images there are: two, three and four equally often."""
    pictures = _several(draw, (1, 1, 1))
    return Asked("how many images are there ?", pictures, f"{NUMBERS[len(pictures) - 1]} .")


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


@dataclass(frozen=True)
class Family:
    """A family of questions.

    Attributes:
        modality: How many images it needs.
        ask: Draws one question.
        chance: Percentage of its items that the best constant answer gets right, rounded up.
    """

    modality: Literal["single", "multi", "text"]
    ask: Callable[[Sampler], Asked]
    chance: int


FAMILIES: Final[dict[str, Family]] = {
    "naming": Family("single", lambda draw: naming(draw, count=1), 3),
    "state": Family("single", state, 67),
    "background": Family("single", background, 20),
    "kind": Family("single", kind, 9),
    "description": Family("single", description, 1),
    "kind_background": Family("single", kind_background, 2),
    "possible_state": Family("single", possible_state, 13),
    "warm": Family("single", warm, 50),
    "pick": Family("multi", pick, 2),
    "two_of": Family("multi", two_of, 1),
    "listing": Family("multi", listing, 1),
    "backgrounds": Family("multi", backgrounds, 3),
    "kinds": Family("multi", roles, 1),
    "background_of": Family("multi", background_of, 20),
    "kind_of": Family("multi", kind_of, 9),
    "kinds_backgrounds": Family("multi", kinds_backgrounds, 1),
    "number": Family("multi", number, 34),
    "composite": Family("single", halves, 2),
    "role": Family("text", role, 9),
    "role_pair": Family("text", role_pair, 50),
    "two_hop": Family("text", two_hop, 1),
}
"""How many images each family needs, how one question is drawn, and what a guess scores."""

HELD_OUT: Final = (
    *("background", "kind", "description", "kind_background", "possible_state", "warm"),
    *("backgrounds", "kinds", "background_of", "kind_of", "kinds_backgrounds", "number"),
)
"""Taught in base training, in no recipe's general data: six of one image and six of several."""

GENERAL: Final = ("naming", "state", "pick", "listing")
"""The families that a recipe's general data is drawn from, beside multi-image help requests."""
