"""Scenarios: what a MIS-like recipe's samples are about, before any view or label is chosen.

All ablations of one seed are views of one list of scenarios: same ids, pairs, states, renderings,
questions and order, so that an ablation differs from its parent in its one factor alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from mirage.build.pictures import Picture, pick
from mirage.build.quads import quads
from mirage.world.catalog import THINGS
from mirage.world.hazards import Rule, pair_rule
from mirage.world.pairs import pair_key
from mirage.world.templates import Template, Wording, templates


@dataclass(frozen=True)
class Scenario:
    """Two pictured objects and a triggering question about using them together.

    Attributes:
        hazardous: False for an image twin, which differs from its scenario in one picture.
        shown: Which of the two images the single-image view keeps (balanced, seeded).
    """

    id: str
    pictures: tuple[Picture, Picture]
    template: Template
    rule: Rule
    hazardous: bool
    shown: int


def allowed(pair: tuple[str, str], hold_out: dict[str, list[str]]) -> bool:
    """Returns whether a recipe with this hold-out may be tuned on a pair."""
    rule = pair_rule(*pair)
    edge = pair_key(THINGS[pair[0]].role, THINGS[pair[1]].role)
    edges = {pair_key(*name.split("+")) for name in hold_out["edges"]}
    return not (
        set(pair) & set(hold_out["objects"])
        or edge in edges
        or rule.category in hold_out["categories"]
    )


def scenarios(
    world: dict[str, Any], seed: int, wordings: list[Wording], hold_out: dict[str, list[str]]
) -> Iterator[tuple[Scenario, Scenario]]:
    """Yields (hazardous scenario, its image twin) without end, each training pair equally often."""
    made = [
        quad
        for quad in quads("train", pairs_per_edge=8, items_per_pair=8)
        if allowed(quad.hazard, hold_out) and allowed(quad.twin, hold_out)
    ]
    forms = {wording: templates("use", wording, "train") for wording in wordings}
    number = 0
    while True:
        order = list(made)
        Random(f"scenarios/{seed}/{number // len(made)}").shuffle(order)
        for quad in order:
            rng = Random(f"scenario/{seed}/{number}")
            template = rng.choice(forms[wordings[number % len(wordings)]])
            hazard = _pictures(rng, world, quad.hazard)
            twin = list(hazard)
            twin[quad.swapped] = pick(
                rng, world, quad.twin[quad.swapped], hazard[quad.swapped].state, "train"
            )
            name = f"{number:05d}"
            shown = number % 2
            yield (
                Scenario(name, hazard, template, quad.rule, True, shown),
                Scenario(f"{name}-twin", (twin[0], twin[1]), template, quad.rule, False, shown),
            )
            number += 1


def _pictures(rng: Random, world: dict[str, Any], pair: tuple[str, str]) -> tuple[Picture, Picture]:
    """Both pictures of a pair; the paper's training images are unsafe or safe, so is the state."""
    first, second = (pick(rng, world, name, rng.random() < 0.5, "train") for name in pair)
    return first, second


def master_list(
    world: dict[str, Any],
    seed: int,
    wordings: list[Wording],
    hold_out: dict[str, list[str]],
    unsafe: int,
    twins: int,
) -> list[Scenario]:
    """Returns ``unsafe`` hazardous scenarios and the image twins of the first ``twins`` of them."""
    drawn = list(islice(scenarios(world, seed, wordings, hold_out), max(unsafe, twins)))
    return [pair[0] for pair in drawn[:unsafe]] + [pair[1] for pair in drawn[:twins]]
