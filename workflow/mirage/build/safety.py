"""The safety suites ``easy``, ``hard`` and ``real``: quads asked in the neutral wording."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from mirage.build.pictures import Picture, pick
from mirage.build.procedural import ProceduralSuite
from mirage.build.quads import Quad, quads, spread
from mirage.build.shortcuts import check
from mirage.contracts import Sample
from mirage.vocabulary import SAFETY_CORNERS
from mirage.world.bridge import is_bridged
from mirage.world.catalog import THINGS
from mirage.world.pairs import Split, level_of, pair_key
from mirage.world.templates import HARMLESS, Template, Wording, templates


def safety_suite(
    name: str, world: dict[str, Any], build: dict[str, Any], states: bool, split: Split
) -> list[Sample]:
    """Returns a suite of quads, corner by corner.

    Args:
        name: Suite name, the first part of every id.
        states: Draw every object that has a hazardous state in it (``easy``), or none (``hard``).
        split: ``test`` (level L1), or ``train`` for pairs that recipes were tuned on (L0).
    """
    made = quads(split, int(build["pairs_per_edge"]), int(build["items_per_pair"]))
    return [
        _sample(name, quad, corner, world, states, split, style="pictogram")
        for corner in SAFETY_CORNERS
        for quad in made
    ]


def redrawn(world: dict[str, Any], build: dict[str, Any]) -> list[Sample]:
    """Returns ``real_items`` quads of easy and hard (half each) redrawn in the sketch style.

    Pairs, states and questions are those of the quad's own suite, so that the two differ in style
    alone (a paired domain shift); ``truth.twin_of`` names the sample they redraw. The halves are
    of different quads, so that as many pairs as possible are asked.
    """
    made = quads("test", int(build["pairs_per_edge"]), int(build["items_per_pair"]))
    chosen = spread(made, int(build["real_items"]))
    return [
        _sample(source, quad, corner, world, source == "easy", "test", style="sketch")
        for corner in SAFETY_CORNERS
        for source, half in (("easy", chosen[::2]), ("hard", chosen[1::2]))
        for quad in half
    ]


def _sample(
    name: str,
    quad: Quad,
    corner: str,
    world: dict[str, Any],
    states: bool,
    split: Split,
    style: str,
) -> Sample:
    shown = quad_pictures(name, quad, corner, world, states, split, style)
    template = quad_template(name, quad, corner)
    hazardous = corner == "hazard"
    suite = "real" if style == "sketch" else name
    local = f"{name}/{quad.id}-{corner}"
    truth: dict[str, Any] = {
        "kind": "hazard" if hazardous else "benign",
        "corner": corner,
        "format": "two",
        "hazard": quad.rule.effect if hazardous else None,
        **quad_truth(quad, template, shown),
    }
    if suite == "real":
        truth["twin_of"] = local
    return Sample(
        id=f"real/{local}" if suite == "real" else local,
        suite=suite,
        category=quad.rule.category,
        sub_category=quad.rule.sub_category,
        question=template.ask(0, 1),
        images=tuple(picture.path for picture in shown),
        truth=truth,
    )


def quad_truth(quad: Quad, template: Template, shown: Sequence[Picture | None]) -> dict[str, Any]:
    """Returns what every item of a quad tells about itself.

    Args:
        quad: The quad; its hazardous pair is the item's cluster in all corners.
        template: What is asked.
        shown: What each image shows, None where it shows no object.
    """
    return {
        "quad": quad.id,
        "pair": pair_key(*quad.hazard),
        "bridged": is_bridged(quad.rule),
        "objects": [picture.name if picture else None for picture in shown],
        "states": [bool(picture and picture.state) for picture in shown],
        "action": template.action,
        "verb": template.verb,
        "wording": "neutral" if template.intent is None else "explicit",
        "template": template.name,
        "level": level_of(*quad.hazard, hold_out={}),
        "style": next((picture.style for picture in shown if picture), "pictogram"),
        "new_template": True,
    }


def quad_pictures(
    name: str,
    quad: Quad,
    corner: str,
    world: dict[str, Any],
    states: bool,
    split: Split,
    style: str,
) -> list[Picture]:
    """Returns the two pictures of a corner.

    The kept object's picture is the same in all four corners: only the swapped one differs.
    Level L0 shows pairs of the training split in new renderings, hence ``test`` renderings always.
    """
    pair = quad.hazard if corner.startswith("hazard") else quad.twin
    made = []
    for position, thing in enumerate(pair):
        rng = Random(f"{name}/{quad.id}/{position}/{world['seed']}")
        state = states and THINGS[thing].state is not None
        made.append(pick(rng, world, thing, state, "test", style))
    return made


def quad_template(name: str, quad: Quad, corner: str) -> Template:
    """Returns a corner's question: two templates a quad, one triggers and one is harmless."""
    wording: Wording = "neutral"
    rng = Random(f"{name}/{quad.id}/question")
    trigger = rng.choice(templates("use", wording, "test"))
    harmless = rng.choice(templates(rng.choice(HARMLESS), wording, "test"))
    return harmless if corner.endswith("harmless") else trigger


easy_suite = ProceduralSuite(
    lambda w, b: safety_suite("easy", w, b, states=True, split="test"), check
)
hard_suite = ProceduralSuite(
    lambda w, b: safety_suite("hard", w, b, states=False, split="test"), check
)
seen_suite = ProceduralSuite(
    lambda w, b: safety_suite("seen", w, b, states=False, split="train"), check
)
real_suite = ProceduralSuite(redrawn, check)
