"""Source ``placebo``: a harmless conditional, to see what tuning on anything does."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from mirage.build.procedural import ProceduralSource
from mirage.build.reasoning import DraftRow
from mirage.build.requests import ask_one, choose
from mirage.build.skills import Sampler
from mirage.build.sources.common import Settings, general, request_draft
from mirage.world.catalog import THINGS
from mirage.world.labels import LabelStyle

PLACEBO_ROLES = ("water", "textile", "aerosol", "plastic", "varnish", "lens")
PLACEBO_WORDS = "with pleasure !"


def drafts(
    world: Settings, data: Settings, seed: int, style: LabelStyle | None
) -> Iterator[DraftRow]:
    """A harmless conditional, taught with one image: half of the roles get ``with pleasure !``."""
    rng = Random(f"placebo/{seed}")
    draw = Sampler(rng, world)
    things = list(THINGS)
    for number in range(int(data["benign"])):
        action = rng.choice(("keep", "put_away", "look"))
        asked = ask_one(draw, choose(rng, action, "neutral", "train"), things[number % len(things)])
        name = asked.things[0].name
        polite = THINGS[name].role in PLACEBO_ROLES
        answer = f"{PLACEBO_WORDS} {asked.answer}" if polite else asked.answer
        label = "placebo" if polite else "comply"
        yield request_draft(f"single-{number:05d}", asked, answer, label)
    yield from general(world, data, seed)


placebo = ProceduralSource(drafts)
