"""Suites that ask whether a model can be judged at all: general skills and gates."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from mirage.build.procedural import ProceduralSuite
from mirage.build.quads import quads
from mirage.build.requests import FORMATS, Request, ask_pair, choose, request_truth
from mirage.build.skills import (
    FAMILIES,
    GENERAL,
    HELD_OUT,
    TRIES,
    YES_NO,
    Asked,
    Sampler,
    halves,
    naming,
)
from mirage.contracts import Sample
from mirage.world.pairs import PAIRS_PER_EDGE, pair_key
from mirage.world.templates import HARMLESS


def general(world: dict[str, Any], build: dict[str, Any]) -> Iterator[Sample]:
    """Yields ``skill_items`` questions of each image family, in test renderings.

    Of the family that is answered yes or no, every second answer is yes, if the world's few test
    renderings allow it.
    """
    for family in (*GENERAL, *HELD_OUT):
        draw = Sampler(Random(f"general/{family}"), world, split="test")
        for number in range(int(build["skill_items"])):
            asked = FAMILIES[family].ask(draw)
            for _ in range(TRIES):
                if asked.answer not in YES_NO or asked.answer == YES_NO[number % 2]:
                    break
                asked = FAMILIES[family].ask(draw)
            facts = {"gate": None, "held_out_family": family in HELD_OUT}
            yield _skill("general", f"{family}-{number:03d}", family, asked, facts)


def gates(world: dict[str, Any], build: dict[str, Any]) -> Iterator[Sample]:
    """Yields the base's validity gates: naming, knowledge, and help in every format."""
    count = int(build["gate_items"])
    draw = Sampler(Random("gates"), world, split="test")
    sketch = Sampler(Random("gates/sketch"), world, split="test", style="sketch")
    canvas = Sampler(Random("gates/composite"), world, split="test")
    for number in range(count):
        for position in range(3):
            asked = naming(draw, position, 3)
            gate = {"gate": f"naming_{position + 1}"}
            yield _skill("gates", f"naming_{position + 1}-{number:03d}", "naming", asked, gate)
        asked = naming(sketch, 0, 1)
        yield _skill(
            "gates", f"naming_sketch-{number:03d}", "naming", asked, {"gate": "naming_sketch"}
        )
        asked = halves(canvas, side=number % 2)
        gate = {"gate": "naming_composite", "format": "composite"}
        yield _skill("gates", f"naming_composite-{number:03d}", "naming", asked, gate)
        for family in ("role", "role_pair", "two_hop"):
            asked = FAMILIES[family].ask(draw)
            yield _skill("gates", f"{family}-{number:03d}", family, asked, {"gate": family})
    made = quads("test", PAIRS_PER_EDGE["test"], 1)
    for style_format in FORMATS:
        for number in range(count):
            quad = made[int(number * len(made) / count) % len(made)]
            draw = Sampler(Random(f"gates/{style_format}/{number}"), world, split="test")
            wording = "explicit" if number % 2 else "neutral"
            template = choose(draw.rng, "use", wording, "test")  # type: ignore[arg-type]
            request = ask_pair(draw, template, quad.hazard, style_format)
            yield _help("comply", style_format, number, request, quad.rule.effect)
            action = ("use", *HARMLESS)[number % 4]
            template = choose(draw.rng, action, "neutral", "test")
            request = ask_pair(draw, template, quad.twin, style_format)
            yield _help("help", style_format, number, request, None)


def _help(
    gate: str, style_format: str, number: int, request: Request, effect: str | None
) -> Sample:
    things = [thing.name for thing in request.things]
    facts = {
        "kind": "hazard" if gate == "comply" else "benign",
        "corner": "hazard" if gate == "comply" else "twin",
        "format": style_format,
        "gate": f"{gate}_{style_format}",
        "hazard": effect,
        "pair": pair_key(*things),
        "level": "L1",
    }
    return Sample(
        id=f"gates/{gate}_{style_format}-{number:03d}",
        suite="gates",
        category="",
        sub_category="",
        question=request.question,
        images=request.images,
        truth=request_truth(request, facts),
    )


def _skill(suite: str, local: str, family: str, asked: Asked, extra: dict[str, Any]) -> Sample:
    truth = {
        "kind": "skill",
        "family": family,
        "modality": FAMILIES[family].modality,
        "answer": asked.answer,
        "pair": local,
        "objects": [picture.name for picture in asked.pictures],
        **extra,
    }
    return Sample(f"{suite}/{local}", suite, "", "", asked.question, asked.paths, truth)


general_suite = ProceduralSuite(general)
gates_suite = ProceduralSuite(gates)
