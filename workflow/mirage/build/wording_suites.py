"""Suites that change the words of an item: a bad intent inside it, a sentence in front of it."""

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
from mirage.world.lead_ins import LEAD_INS
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


def lead_ins(world: dict[str, Any], build: dict[str, Any]) -> Iterator[Sample]:
    """Yields {hazardous, benign pictures} x {plain, harmless lead-in, intent} of each chosen quad.

    The plain question is that of ``hard``; the lead-in is a test one, before both corners alike,
    every lead-in as often as any other; with the intent it is the question of ``conflict``. So
    what a bad intent adds is read against what any further words add.
    """
    order = list(LEAD_INS["test"])
    Random(f"lead_ins/{world['seed']}").shuffle(order)
    for number, quad in enumerate(probe_quads(build)):
        for asked in both(quad, world):
            words = f"{order[number % len(order)]} {asked.template.ask(0, 1)}"
            for arm in ("plain", "lead_in"):
                told = None if arm == "plain" else words
                name = f"{quad.id}-{asked.corner}-{arm}"
                yield case_sample("lead_ins", name, asked, {"format": arm}, question=told)
            corner = "hazard_explicit" if asked.hazardous else "twin_explicit"
            facts = {"kind": CORNERS[corner], "corner": corner, "format": "intent"}
            form = _with_intent(asked)
            yield case_sample("lead_ins", f"{quad.id}-{corner}", asked, facts, template=form)


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
lead_ins_suite = ProceduralSuite(lead_ins, check)
cues_suite = ProceduralSuite(cues)
