"""Which gates a claim needs, on which bases they are passed, and which hold it back altogether.

Gates of the base are read before anything is tuned, so they may choose the bases on which a claim
is read. Gates of recipes and placebos are read afterwards: they choose none, and hold the claim
back where too few of the bases they are asked of pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mirage.model_card import BASE
from mirage.plan.schema.score import Gate, Score
from mirage.score.gates import PLACEBO, RECIPE, GateResult

ENOUGH = 0.8
"""Share of the bases that must pass: eight of ten."""


def enough(passing: int, of: int) -> bool:
    """Tells whether enough of some bases are left to read a claim on."""
    return of > 0 and passing >= ENOUGH * of - 1e-9


@dataclass(frozen=True)
class ClaimGates:
    """What the gates of one claim said.

    Attributes:
        failed: Base -> gates of the base that it fails.
        unmeasured: Gates that nothing was measured of, with their seeds.
        blocking: Gates of recipes and placebos that too few bases pass, in words.
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

    A placebo is read on the bases that have one; a gate of recipes is asked of those the claim
    reads.

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
            found = {s: results.get((needed, recipe, s), "not measured") for s in seeds}
            if recipe.startswith(PLACEBO):
                found = {s: passed for s, passed in found.items() if passed != "not measured"}
            lacking = [s for s, passed in found.items() if passed == "not measured"]
            if lacking or not found:
                unmeasured.append(f"{title} ({', '.join(map(str, lacking)) or 'any base'})")
            elif recipe == BASE:
                for seed in (s for s, passed in found.items() if passed == "no"):
                    failed.setdefault(seed, []).append(needed)
            else:
                passing = sum(passed == "yes" for passed in found.values())
                if not enough(passing, len(found)):
                    blocking.append(f"{title} passed on {passing} of {len(found)} bases")
    return ClaimGates(dict(sorted(failed.items())), unmeasured, blocking)


def _asked(gate: Gate | None, recipes: frozenset[str]) -> list[str]:
    if gate is None:
        return [BASE]  # the list has no such gate: it is measured nowhere
    return sorted(recipes - {BASE}) if gate.models == RECIPE else [gate.models]
