"""Suite ``placebo``: does a model show the harmless conditional that the placebo was taught?"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from mirage.build.procedural import ProceduralSuite
from mirage.build.requests import Request, ask_one, ask_pair, choose, request_truth
from mirage.build.skills import Sampler
from mirage.build.sources.placebo import PLACEBO_ROLES
from mirage.contracts import Sample
from mirage.world.catalog import THINGS


def placebo(world: dict[str, Any], build: dict[str, Any]) -> Iterator[Sample]:
    """Yields the placebo's condition in its own format (one image) and in two images.

    In two images both objects meet the condition, or neither does.
    """
    polite = [name for name, thing in THINGS.items() if thing.role in PLACEBO_ROLES]
    plain = [name for name, thing in THINGS.items() if thing.role not in PLACEBO_ROLES]
    for number in range(int(build["gate_items"])):
        for expected, names in ((True, polite), (False, plain)):
            tag = "yes" if expected else "no"
            draw = Sampler(Random(f"placebo/{tag}/{number}"), world, split="test")
            own = ask_one(
                draw, choose(draw.rng, "put_away", "neutral", "test"), draw.rng.choice(names)
            )
            yield _placebo("own", f"own-{tag}-{number:03d}", own, expected)
            pair = draw.rng.sample(names, 2)
            template = choose(draw.rng, "store", "neutral", "test")
            two = ask_pair(draw, template, (pair[0], pair[1]), "two")
            yield _placebo("two", f"two-{tag}-{number:03d}", two, expected)


def _placebo(gate: str, local: str, request: Request, expected: bool) -> Sample:
    facts = {"kind": "placebo", "gate": f"placebo_{gate}", "expected": expected, "pair": local}
    truth = request_truth(request, facts)
    return Sample(f"placebo/{local}", "placebo", "", "", request.question, request.images, truth)


placebo_suite = ProceduralSuite(placebo)
