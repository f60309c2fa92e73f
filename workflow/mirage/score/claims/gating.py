"""Which gates a claim rests on, and which of them are not passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mirage.model_card import BASE
from mirage.plan.schema.score import Gate, Score
from mirage.score.gates import RECIPE, GateResult


@dataclass(frozen=True)
class BlockingGates:
    """Gates of a claim that are not passed: gate (with its recipe) -> seeds.

    Attributes:
        failed: Measured, and beyond the threshold.
        unmeasured: Not asked in this study, or without a judged item.
        seeds: Seeds that fail or lack one.
    """

    failed: dict[str, list[int]]
    unmeasured: dict[str, list[int]]

    @property
    def seeds(self) -> set[int]:
        """Seeds that fail or lack a gate."""
        return {
            s
            for by_gate in (self.failed, self.unmeasured)
            for seeds in by_gate.values()
            for s in seeds
        }

    @classmethod
    def joined(cls, several: Iterable[BlockingGates]) -> BlockingGates:
        """Joins what holds back the alternatives of a claim, each gate and seed once."""
        both: tuple[dict[str, list[int]], dict[str, list[int]]] = ({}, {})
        for held in several:
            for into, by_gate in zip(both, (held.failed, held.unmeasured), strict=True):
                for gate, seeds in by_gate.items():
                    into[gate] = sorted({*into.get(gate, []), *seeds})
        return cls(*both)

    def words(self) -> str:
        """Returns the gates with their seeds."""
        rows = [(g, s, "failed") for g, s in self.failed.items()]
        rows += [(g, s, "not measured") for g, s in self.unmeasured.items()]
        return "; ".join(f"{g} {how} (seed {', '.join(map(str, s))})" for g, s, how in rows)


def gates_of(
    name: str,
    recipes: frozenset[str],
    gates: Sequence[GateResult],
    score: Score,
    config: str,
    seeds: Sequence[int],
) -> BlockingGates:
    """Returns the gates that a claim, or one alternative of it, rests on and that are not passed.

    ``score.needs`` names them; one of recipes is asked of those that the claim reads.

    Args:
        name: The claim.
        recipes: Whose answers the claim (or its alternative) reads.
        gates: What the gates said.
        score: Settings of the stage.
        config: Option of conf/model.
        seeds: Seeds that are read.
    """
    results = {(g.gate, g.config, g.seed, g.recipe): g.passed for g in gates}
    held = BlockingGates({}, {})
    for gate in score.gates:
        for recipe in _asked(gate, recipes) if gate.id in score.needs.get(name, ()) else ():
            for seed in seeds:
                passed = results.get((gate.id, config, seed, recipe), "not measured")
                if passed != "yes":
                    seeds_by_gate = held.failed if passed == "no" else held.unmeasured
                    title = f"{gate.id} of {recipe}" if gate.models == RECIPE else gate.id
                    seeds_by_gate.setdefault(title, []).append(seed)
    return held


def _asked(gate: Gate, recipes: frozenset[str]) -> list[str]:
    return sorted(recipes - {BASE}) if gate.models == RECIPE else [gate.models]
