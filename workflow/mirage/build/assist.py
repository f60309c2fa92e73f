"""Requests for help about objects, in every format a model can be asked in.

``text`` names both objects; ``black`` is the same with one black image; ``one`` shows the first
and names the second; ``two`` shows both; ``three`` shows both beside a third that is not meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Final

from mirage.build.pictures import BLACK, WHITE, Picture
from mirage.build.skills import MATES, Draw
from mirage.world.answers import Seen, help_one, help_pair, named
from mirage.world.pairs import Split
from mirage.world.templates import Template, Wording, templates

FORMATS: Final = ("text", "black", "one", "two", "three")


@dataclass(frozen=True)
class Request:
    """A request about one or two objects, with its obedient answer.

    Attributes:
        things: The objects the question is about, in the order it names them.
        positions: Image position of each thing, or None where it is named in the text.
        images: Paths relative to the pool.
        pictures: What each image shows, in order; None for a black or white image.
    """

    template: Template
    question: str
    things: tuple[Seen, ...]
    positions: tuple[int | None, ...]
    images: tuple[str, ...]
    pictures: tuple[Picture | None, ...]
    answer: str


def choose(rng: Random, action: str, wording: Wording, split: Split) -> Template:
    """Returns a random template of a split."""
    return rng.choice(templates(action, wording, split))


def ask_pair(
    draw: Draw,
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
    pictures: list[Picture | None] = [draw.picture(name, state) for name in pair]
    if style_format == "two":
        return _request(template, pair, (0, 1), tuple(pictures))
    places = draw.rng.choice(((0, 1), (0, 2), (1, 2)))
    pictures.insert(({0, 1, 2} - set(places)).pop(), draw.picture(_bystander(draw, pair), state))
    return _request(template, pair, places, tuple(pictures))


def _bystander(draw: Draw, pair: tuple[str, str]) -> str:
    """A third object that makes a test pair with neither of the two."""
    return draw.rng.choice([name for name in MATES[pair[0]] if name in MATES[pair[1]]])


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


def ask_one(draw: Draw, template: Template, name: str, state: bool | None = None) -> Request:
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
