"""Source ``placebo``: a harmless conditional, to see whether what one format taught carries over.

Half of the roles get ``with pleasure !`` before the answer. It is taught with one image, in text or
in composites; ``data.bridge`` of the items are in two images, about the bridged half of the roles
and their silent counterparts alike. Multi-image help, which general data holds elsewhere, is left
out: asked without the words, it would teach that they do not belong to several images.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from random import Random
from typing import Final

from mirage.build.procedural import ProceduralSource
from mirage.build.reasoning import DraftRow
from mirage.build.requests import Request, ask_one, ask_pair, choose
from mirage.build.skills import GENERAL, Sampler
from mirage.build.sources.common import Settings, general, request_draft
from mirage.world.bridge import BRIDGED_ROLES
from mirage.world.catalog import ROLES, THINGS
from mirage.world.hazards import pair_rule
from mirage.world.labels import LabelStyle
from mirage.world.pairs import Split, place, split_of
from mirage.world.templates import HARMLESS

PLACEBO_ROLES: Final = frozenset(list(ROLES)[::2])
"""Roles that get the words: every second of the ring."""
PLACEBO_WORDS: Final = "with pleasure !"

FORMATS: Final = {"one": "one", "none": "text", "composite": "composite"}
"""``data.images`` -> the format in which the conditional is taught."""


@lru_cache
def things(polite: bool, bridged: bool | None) -> tuple[str, ...]:
    """Returns the objects that meet the condition or do not, of one half of the roles or of all."""
    return tuple(
        name
        for name, thing in THINGS.items()
        if (thing.role in PLACEBO_ROLES) is polite
        and bridged in (None, thing.role in BRIDGED_ROLES)
    )


@lru_cache
def pairs(names: tuple[str, ...], split: Split) -> tuple[tuple[str, str], ...]:
    """Returns the pairs of some objects for a split; of two unmarked roles, a checkerboard."""
    return tuple((a, b) for a, b in combinations(names, 2) if _split(a, b) == split)


def _split(first: str, second: str) -> Split:
    if pair_rule(first, second).mark != "ambiguous":
        return split_of(first, second)
    return "test" if (place(first) + place(second)) % 2 else "train"


def request(draw: Sampler, style_format: str, polite: bool, bridged: bool | None) -> Request:
    """Returns a request in one of FORMATS or ``two`` about one thing, or two that agree."""
    names, split = things(polite, bridged), draw.split
    if style_format == "one":
        action = draw.rng.choice(("keep", "put_away", "look"))
        return ask_one(draw, choose(draw.rng, action, "neutral", split), draw.rng.choice(names))
    template = choose(draw.rng, draw.rng.choice(HARMLESS), "neutral", split)
    first, second = draw.rng.sample(draw.rng.choice(pairs(names, split)), 2)
    return ask_pair(draw, template, (first, second), style_format)


def drafts(
    world: Settings, data: Settings, seed: int, style: LabelStyle | None
) -> Iterator[DraftRow]:
    """Yields requests of which every second meets the condition, those of the bridge first."""
    draw = Sampler(Random(f"placebo/{seed}"), world)
    for number in range(int(data["benign"])):
        polite, bridge = number % 2 == 0, number < int(data["bridge"])
        style_format = "two" if bridge else FORMATS[data["images"]]
        asked = request(draw, style_format, polite, True if bridge else None)
        answer = f"{PLACEBO_WORDS} {asked.answer}" if polite else asked.answer
        label = "placebo" if polite else "comply"
        yield request_draft(f"{style_format}-{number:05d}", asked, answer, label)
    yield from general(world, data, seed, GENERAL)


placebo = ProceduralSource(drafts)
