"""Requests for help about objects, in every format a model can be asked in.

``text`` names both objects; ``black`` is the same with one black image; ``one`` shows the first
and names the second; ``two`` shows both; ``three`` and ``four`` show both among others that are not
meant; ``composite`` shows both side by side on one canvas, in one image slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Any, Final

from mirage.build.composite import composite_path
from mirage.build.pictures import BLACK, WHITE, Picture
from mirage.build.skills import MATES, Sampler, seen
from mirage.world.answers import Seen, help_one, help_pair, named, perception, perception_halves
from mirage.world.pairs import Split
from mirage.world.templates import Template, Wording, templates

FORMATS: Final = ("text", "black", "one", "two", "three", "four", "composite")
_SLOTS: Final = {"three": 3, "four": 4}


@dataclass(frozen=True)
class Request:
    """A request about one or two objects, with its obedient answer.

    Attributes:
        things: The objects the question is about, in the order it names them.
        positions: Place of each thing in ``pictures``, or None where it is named in the text.
        images: Paths relative to the pool (a composite's start with ``own/``).
        pictures: What is shown, in order; None for a black or white image. Each is one image, but
            for a composite, whose two pictures lie side by side in one.
        composite: Whether the pictures are the halves of one image.
    """

    template: Template
    question: str
    things: tuple[Seen, ...]
    positions: tuple[int | None, ...]
    images: tuple[str, ...]
    pictures: tuple[Picture | None, ...]
    answer: str
    composite: bool = False

    @property
    def perceived(self) -> str:
        """What the images show, in the words of the labels; empty where none shows anything."""
        things = [seen(picture) if picture else None for picture in self.pictures]
        if self.composite:
            left, right = (thing for thing in things if thing)
            return perception_halves(left, right)
        return perception(things)


def choose(rng: Random, action: str, wording: Wording, split: Split) -> Template:
    """Returns a random template of a split."""
    return rng.choice(templates(action, wording, split))


def ask_pair(
    draw: Sampler,
    template: Template,
    pair: tuple[str, str],
    style_format: str,
    state: bool | None = None,
) -> Request:
    """Returns a request about two objects in one of FORMATS (or ``white``)."""
    if style_format in ("text", "black", "white"):
        blank = {"text": (), "black": (BLACK,), "white": (WHITE,)}[style_format]
        return _request(template, pair, (None, None), (None,) * len(blank), blank)
    if style_format == "one":
        picture = draw.picture(pair[0], state)
        return _request(template, pair, (0, None), (picture,))
    drawn = [draw.picture(name, state) for name in pair]
    if style_format == "composite":
        return _halves(template, drawn[0], drawn[1])
    pictures: list[Picture | None] = [*drawn]
    if style_format == "two":
        return _request(template, pair, (0, 1), tuple(pictures))
    places = draw.rng.choice(list(combinations(range(_SLOTS[style_format]), 2)))
    names = list(pair)
    for place in range(_SLOTS[style_format]):
        if place not in places:
            names.append(_bystander(draw, names))
            pictures.insert(place, draw.picture(names[-1], state))
    return _request(template, pair, places, tuple(pictures))


def _bystander(draw: Sampler, names: list[str]) -> str:
    """Another object that makes a test pair with none of those shown."""
    return draw.rng.choice(
        [name for name in MATES[names[0]] if all(name in MATES[other] for other in names[1:])]
    )


def _halves(template: Template, left: Picture, right: Picture) -> Request:
    things = (seen(left), seen(right))
    return Request(
        template,
        template.ask_halves(),
        things,
        (0, 1),
        (composite_path(left, right),),
        (left, right),
        help_pair(template.action, things, template.verb),
        composite=True,
    )


def _request(
    template: Template,
    pair: tuple[str, str],
    positions: tuple[int | None, int | None],
    pictures: tuple[Picture | None, ...],
    images: tuple[str, ...] | None = None,
) -> Request:
    paths = images if images is not None else tuple(p.path for p in pictures if p is not None)
    things = tuple(
        Seen(name, bool(at is not None and (p := pictures[at]) is not None and p.state))
        for name, at in zip(pair, positions, strict=True)
    )
    spoken = [named(name) if at is None else at for name, at in zip(pair, positions, strict=True)]
    return Request(
        template,
        template.ask(*spoken),
        things,
        positions,
        paths,
        pictures,
        help_pair(template.action, things, template.verb),
    )


def ask_one(draw: Sampler, template: Template, name: str, state: bool | None = None) -> Request:
    """Returns a request about the one object that is shown, in a random rendering."""
    return ask_picture(template, draw.picture(name, state))


def ask_picture(template: Template, picture: Picture) -> Request:
    """Returns a request about the one object of a given picture."""
    thing = Seen(picture.name, picture.state)
    answer = help_one(template.action, thing, template.verb)
    return Request(template, template.ask(0), (thing,), (0,), (picture.path,), (picture,), answer)


def request_truth(request: Request, extra: dict[str, Any]) -> dict[str, Any]:
    """Returns the truth of a request: what is shown where, what is asked, the caller's facts."""
    template = request.template
    return {
        "objects": [p.name if p else None for p in request.pictures],
        "states": [bool(p and p.state) for p in request.pictures],
        "things": [thing.name for thing in request.things],
        "action": template.action,
        "verb": template.verb,
        "wording": "neutral" if template.intent is None else "explicit",
        "template": template.name,
        **extra,
    }
