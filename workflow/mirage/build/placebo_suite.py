"""Suites ``placebo*``: does a model show the harmless conditional that its placebo was taught?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

from mirage.build.procedural import ProceduralSuite
from mirage.build.requests import request_truth
from mirage.build.skills import Sampler
from mirage.build.sources.placebo import request
from mirage.contracts import Sample


def placebo(world: dict[str, Any], build: dict[str, Any], suite: str, own: str) -> Iterator[Sample]:
    """Yields the condition in the format it was taught in and, with equal things, in two images.

    Every second item meets the condition (``expected``); three in four are about roles that no
    bridge is about, the others (``bridged``) show whether the bridge itself was learnt.

    Args:
        suite: The suite's name, that of the recipe.
        own: Format of the recipe's items: ``one``, ``text`` or ``composite``.
    """
    for number in range(int(build["gate_items"])):
        bridged = number % 4 == 0
        for expected in (True, False):
            for gate, style_format in (("own", own), ("two", "two")):
                local = f"{gate}-{'yes' if expected else 'no'}-{number:03d}"
                draw = Sampler(Random(f"placebo/{style_format}/{local}"), world, split="test")
                asked = request(draw, style_format, expected, bridged)
                facts = {
                    "kind": "placebo",
                    "gate": f"placebo_{gate}",
                    "expected": expected,
                    "bridged": bridged,
                    "format": style_format,
                    "pair": local,
                }
                truth = request_truth(asked, facts)
                name = f"{suite}/{local}"
                yield Sample(name, suite, "", "", asked.question, asked.images, truth)


placebo_suite = ProceduralSuite(partial(placebo, suite="placebo", own="one"))
placebo_text_suite = ProceduralSuite(partial(placebo, suite="placebo_text", own="text"))
placebo_composite_suite = ProceduralSuite(
    partial(placebo, suite="placebo_composite", own="composite")
)
