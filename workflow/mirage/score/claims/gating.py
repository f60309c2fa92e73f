"""Which gates a claim needs, on which bases they are passed, and which hold it back altogether.

Gates of the base are read before anything is tuned, so they may choose the bases on which a claim
is read. Gates of recipes and placebos are read afterwards: they choose none, and hold the claim
back where too few of the bases they are asked of pass. How many are enough, conf/score says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from mirage.model_card import BASE
from mirage.plan.schema.score import Gate, Score
from mirage.score.gates import PLACEBO, RECIPE, GateResult


def fewest(of: int, score: Score) -> int:
    """Returns how many of some bases are enough to read a claim on: eight of ten at 80 %."""
    return max(1, math.ceil(score.enough * of / 100))


@dataclass(frozen=True)
class ClaimGates:
    """What the gates of one claim said.

    Attributes:
        failed: Base -> gates of the base that it fails.
        unmeasured: Gates that nothing was measured of, with their seeds.
        blocking: Gates of recipes and placebos that too few bases pass, and of placebos that were
            read on too few, in words.
    """

    failed: dict[int, list[str]] = field(default_factory=dict)
    unmeasured: list[str] = field(default_factory=list)
    blocking: list[str] = field(default_factory=list)

    def words(self) -> str:
        """Returns the bases that fail by their seeds, and what else is not passed."""
        told = [f"base {seed} fails {', '.join(names)}" for seed, names in self.failed.items()]
        told += [f"not measured: {', '.join(self.unmeasured)}"] if self.unmeasured else []
        return "; ".join(told + self.blocking)


def gates_of(
    name: str,
    recipes: frozenset[str],
    gates: Sequence[GateResult],
    score: Score,
    config: str,
    seeds: Sequence[int],
) -> ClaimGates:
    """Returns what the gates that a claim needs (``score.needs``) say on its bases.

    A placebo is read on the claim's first bases (``score.placebos``); a gate of recipes is asked
    of those the claim reads.

    Args:
        name: The claim.
        recipes: Whose answers it reads.
        gates: What the gates said.
        score: Settings of the stage.
        config: Option of conf/model.
        seeds: Its bases.
    """
    results = {(g.gate, g.recipe, g.seed): g.passed for g in gates if g.config == config}
    listed = {gate.id: gate for gate in score.gates}
    failed: dict[int, list[str]] = {}
    unmeasured, blocking = [], []
    for needed in score.needs.get(name, []):
        for recipe in _asked(listed.get(needed), recipes):
            title = f"{needed} of {recipe}" if recipe in recipes - {BASE} else needed
            placebo = score.placebos if recipe.startswith(PLACEBO) else None
            asked = seeds[: placebo.read] if placebo else seeds
            found = {s: results.get((needed, recipe, s), "not measured") for s in asked}
            lacking = [s for s, passed in found.items() if passed == "not measured"]
            read, passing = len(found) - len(lacking), sum(p == "yes" for p in found.values())
            if placebo and read < placebo.read:
                blocking.append(f"{title} read on {_bases(read)}, {placebo.read} are needed")
            elif lacking:
                unmeasured.append(f"{title} ({', '.join(map(str, lacking))})")
            elif recipe == BASE:
                for seed in (s for s, passed in found.items() if passed == "no"):
                    failed.setdefault(seed, []).append(needed)
            elif passing < (placebo.passed if placebo else fewest(read, score)):
                blocking.append(f"{title} passed on {passing} of {read} bases")
    return ClaimGates(dict(sorted(failed.items())), unmeasured, blocking)


def _bases(count: int) -> str:
    return f"{count} base" if count == 1 else f"{count} bases"


def _asked(gate: Gate | None, recipes: frozenset[str]) -> list[str]:
    if gate is None:
        return [BASE]  # the list has no such gate: it is measured nowhere
    return sorted(recipes - {BASE}) if gate.models == RECIPE else [gate.models]
