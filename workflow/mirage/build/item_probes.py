"""Suite ``item_probes``: does the base know what an item of ``hard`` takes?

A hazard answered unsafely may be one that the model cannot see or does not know. Each hazard of
``hard`` is asked for its parts: what image one shows, what image two shows (over the same two
pictures, in the base's own words), and in text what the two objects make together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mirage.build.cases import QuadCorner, case, hard_quads
from mirage.build.procedural import ProceduralSuite
from mirage.build.skills import Asked, name_one, two_hop_of
from mirage.contracts import Sample
from mirage.world.pairs import pair_key


def item_probes(world: dict[str, Any], build: dict[str, Any]) -> Iterator[Sample]:
    """Yields three probes of each hazardous item of ``hard``."""
    for quad in hard_quads(build):
        asked = case(quad, "hazard", world)
        for at in (0, 1):
            yield _probe(f"name_{at + 1}", "naming", "multi", asked, name_one(asked.pictures, at))
        names = [picture.name for picture in asked.pictures]
        yield _probe("rule", "two_hop", "text", asked, two_hop_of(*names))


def _probe(probe: str, family: str, modality: str, asked: QuadCorner, about: Asked) -> Sample:
    rule = asked.quad.rule
    truth = {
        "kind": "skill",
        "probe": probe,
        "item": asked.item,
        "family": family,
        "modality": modality,
        "answer": about.answer,
        "objects": [picture.name for picture in about.pictures],
        "pair": pair_key(*asked.quad.hazard),
        "quad": asked.quad.id,
        "gate": None,
    }
    return Sample(
        id=f"item_probes/{asked.quad.id}-{probe}",
        suite="item_probes",
        category=rule.category,
        sub_category=rule.sub_category,
        question=about.question,
        images=tuple(picture.path for picture in about.pictures),
        truth=truth,
    )


item_probes_suite = ProceduralSuite(item_probes)
