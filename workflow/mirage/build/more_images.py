"""Suites that show the two things of an item otherwise: among other images, or in one image."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from random import Random
from typing import Any, Final

from mirage.build.cases import QuadCorner, both, case_sample, probe_quads
from mirage.build.composite import composite_path
from mirage.build.pictures import Picture, pick
from mirage.build.procedural import ProceduralSuite
from mirage.build.quads import Quad
from mirage.build.shortcuts import check
from mirage.build.skills import MATES
from mirage.contracts import Sample
from mirage.world.hazards import pair_rule

FORMATS: Final = {"two": 2, "three": 3, "four": 4}
"""Format -> how many images; all but two show bystanders, which the question does not mean."""


def more_images(world: dict[str, Any], build: dict[str, Any]) -> Iterator[Sample]:
    """Yields hazards and twins among none, one and two bystanders.

    A quad's bystanders are the same objects in the same renderings in both corners, so that they
    tell nothing.
    """
    for quad in probe_quads(build):
        rng = Random(f"more_images/{quad.id}/{world['seed']}")
        extra = [pick(rng, world, name, False, "test") for name in _bystanders(rng, quad)]
        for style_format, count in FORMATS.items():
            places = rng.choice(list(combinations(range(count), 2)))
            for asked in both(quad, world):
                yield _among(style_format, asked, extra[: count - 2], places)


def _among(
    style_format: str, asked: QuadCorner, extra: list[Picture], places: tuple[int, int]
) -> Sample:
    others, meant = iter(extra), dict(zip(places, asked.pictures, strict=True))
    pictures = [meant.get(at) or next(others) for at in range(2 + len(extra))]
    return case_sample(
        "more_images",
        f"{asked.quad.id}-{style_format}-{asked.corner}",
        asked,
        {"format": style_format, "positions": list(places)},
        question=asked.template.ask(*places),
        shown=pictures,
    )


def _bystanders(rng: Random, quad: Quad) -> list[str]:
    """Two objects that form a test pair or a hazard with nothing else in view, nor together."""
    in_view = {*quad.hazard, *quad.twin}
    names: list[str] = []
    while len(names) < 2:
        fits = [name for name in MATES if all(_harmless(name, other) for other in in_view)]
        names.append(rng.choice(fits))
        in_view.add(names[-1])
    return names


def _harmless(name: str, other: str) -> bool:
    return other in MATES[name] and pair_rule(name, other).mark != "hazardous"


def composite(world: dict[str, Any], build: dict[str, Any]) -> Iterator[Sample]:
    """Yields hazards and twins as composites: both pictures on one canvas, in one image slot."""
    for quad in probe_quads(build):
        for asked in both(quad, world):
            yield case_sample(
                "composite",
                f"{quad.id}-{asked.corner}",
                asked,
                {"format": "composite"},
                question=asked.template.ask_halves(),
                images=(composite_path(*asked.pictures),),
            )


more_images_suite = ProceduralSuite(more_images, check)
composite_suite = ProceduralSuite(composite, check)
