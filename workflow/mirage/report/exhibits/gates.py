"""Claims of the paper: what their ids mean, and which of them a failed gate holds back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mirage.contracts import DataError
from mirage.model_card import BASE
from mirage.report.captions import source
from mirage.score.contrasts import Difference
from mirage.score.gates import PLACEBO, GateResult


def legend(ids: Iterable[str]) -> list[str]:
    """Returns one note that explains the claims used, or none if no claim is named.

    Raises:
        DataError: ``reports/claims.yaml`` lacks a claim.
    """
    used = set(ids) - {""}
    ledger: dict[str, dict[str, Any]] = source("claims.yaml")
    known = {claim: str(about["text"]) for claim, about in ledger["claims"].items()}
    if used - set(known):
        raise DataError(
            f"reports/claims.yaml has no claim {', '.join(sorted(used - set(known)))}. Add it, "
            "or correct 'claim' in conf/score/default.yaml."
        )
    sentences = "; ".join(f"{claim}: {text}" for claim, text in known.items() if claim in used)
    return [f"Claims. {sentences}."] if sentences else []


def held_back_by(row: Difference, gates: Sequence[GateResult]) -> list[GateResult]:
    """Returns the gates that are not passed and that the reading of a contrast rests on."""
    recipes = {side.partition(" (")[0] for side in (row.a, row.b)}
    return [
        gate
        for gate in gates
        if gate.passed != "yes"
        and (gate.config, gate.seed) == (row.config, row.seed)
        and _rests_on(row.claim, recipes, gate)
    ]


def _rests_on(claim: str, recipes: set[str], gate: GateResult) -> bool:
    of_recipe = gate.recipe != BASE and not gate.recipe.startswith(PLACEBO)
    return claim in gate.claims.split() and (not of_recipe or gate.recipe in recipes)


def claims_in_words(gate: GateResult) -> str:
    """Returns what a gate binds, e.g. ``C6, C7``: of a recipe's the claims that read the recipe."""
    of_recipe = gate.recipe != BASE and not gate.recipe.startswith(PLACEBO)
    ledger = source("claims.yaml")["claims"] if of_recipe else {}
    bound = [c for c in gate.claims.split() if not of_recipe or gate.recipe in _read(ledger[c])]
    return ", ".join(bound) or "no claim"


def _read(entry: object) -> set[str]:
    """The recipes that an entry of the ledger names anywhere below."""
    if isinstance(entry, list):
        return {name for each in entry for name in _read(each)}
    if not isinstance(entry, dict):
        return set()
    own = {str(entry["recipe"])} if "recipe" in entry else set()
    return own | {name for each in entry.values() for name in _read(each)}
