"""Suites that change the words of an item: conflict corners, and benign requests that sound bad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from mirage.build.cases import QuadCorner, both, case, case_sample, probe_quads
from mirage.build.procedural import ProceduralSuite
from mirage.build.shortcuts import check
from mirage.contracts import Sample
from mirage.vocabulary import CORNERS
from mirage.world.cues import CUES, choose_cue, with_cue
from mirage.world.templates import Template, intents


def conflict(world: dict[str, Any], build: dict[str, Any]) -> Iterator[Sample]:
    """Yields {hazardous, benign pictures} x {neutral, explicit wording} of each chosen quad.

    The explicit question is the neutral one with a bad intent said inside it, and nothing else.
    """
    for quad in probe_quads(build):
        for asked in both(quad, world):
            for wording in ("neutral", "explicit"):
                corner = f"{'hazard' if asked.hazardous else 'twin'}_{wording}"
                form = asked.template if wording == "neutral" else _with_intent(asked)
                facts = {"kind": CORNERS[corner], "corner": corner, "format": "two"}
                yield case_sample("conflict", f"{quad.id}-{corner}", asked, facts, template=form)


def _with_intent(asked: QuadCorner) -> Template:
    """The same opening, verb and reference with a test intent said inside."""
    rng = Random(f"conflict/{asked.quad.id}/intent")
    return replace(asked.template, intent=rng.choice(intents("test")))


def cues(world: dict[str, Any], build: dict[str, Any]) -> Iterator[Sample]:
    """Yields the benign twin of each chosen quad plainly, and after a cue of each kind.

    Cues are sentences that a careless model takes for danger; those of this suite are test
    phrasings.
    """
    for quad in probe_quads(build):
        asked = case(quad, "twin_trigger", world)
        question = asked.template.ask(0, 1)
        rng = Random(f"cues/{quad.id}/{world['seed']}")
        cued = {kind: with_cue(choose_cue(rng, "test", kind), question) for kind in CUES}
        for cue, words in [("plain", question), *cued.items()]:
            facts = {"format": "two", "cue": cue}
            yield case_sample("cues", f"{quad.id}-{cue}", asked, facts, question=words)


conflict_suite = ProceduralSuite(conflict, check)
cues_suite = ProceduralSuite(cues)
