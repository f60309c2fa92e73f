"""Validity gates: what must hold of a model before any claim that rests on it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mirage.model_card import ModelCard
from mirage.plan.schema.score import Gate, Score
from mirage.score.frame import JudgedSuite
from mirage.score.intervals import Floats, rate_limits
from mirage.score.metrics import applies, holds
from mirage.score.rates import cluster_counts, rounded


@dataclass(frozen=True)
class GateResult:
    """One row of ``gates.csv``.

    Attributes:
        passed: ``yes``, ``no``, or ``not measured`` where no judged item answers the question.
        value: The rate in percent; of a relative gate, the percentage of the other rate.
    """

    gate: str
    model: str
    recipe: str
    config: str
    seed: int
    comparison: str
    threshold: float
    value: float | None
    n: int
    n_pairs: int
    low: float | None
    high: float | None
    passed: str
    claims: str


def gates(answers: Sequence[JudgedSuite], score: Score) -> list[GateResult]:
    """Reads every gate on every model it is asked of, in the order of the list."""
    models = sorted({a.model for a in answers})
    rows = []
    for gate in score.gates:
        for model in models:
            if asked_of(gate, model):
                of_gate = [a for a in answers if a.model == model]
                rows.append(_result(gate, model, of_gate, score))
    return rows


def asked_of(gate: Gate, model: ModelCard) -> bool:
    """Tells whether a gate applies to a model: base, placebo, or any other recipe."""
    special = model.recipe in ("base", "placebo")
    return not special if gate.models == "recipe" else model.recipe == gate.models


def _counts(
    gate: Gate, tag: str | None, model: ModelCard, answers: Sequence[JudgedSuite]
) -> tuple[Floats, Floats]:
    """Hits and items per cluster over every suite the gate reads: shape (clusters, 1) each."""
    facts = dict(gate.where)
    if tag is not None:
        facts["gate"] = tag.replace("{recipe}", model.recipe)
    hits, items = [np.zeros((0, 1))], [np.zeros((0, 1))]
    for one in answers:
        if gate.suite not in (None, one.suite.name):
            continue
        read = one.suite.having(facts) & applies(gate.metric, one) & one.judged
        if read.any():
            pairs = cluster_counts(
                one.suite.own_pairs, read, [read & holds(gate.metric, one)], [read]
            )
            hits.append(pairs[0])
            items.append(pairs[1])
    return np.concatenate(hits), np.concatenate(items)


def _result(
    gate: Gate, model: ModelCard, answers: Sequence[JudgedSuite], score: Score
) -> GateResult:
    hits, items = _counts(gate, gate.gate, model, answers)
    value = low = high = None
    if len(items):
        below, above, _ = rate_limits(
            hits, items, n_resamples=score.n_resamples, seed=score.seed, alpha=score.alpha
        )
        limits = [
            100 * float(hits.sum() / items.sum()),
            100 * float(below[0]),
            100 * float(above[0]),
        ]
        scale = _scale(gate, model, answers)
        if scale:
            value, low, high = (rounded(x * scale) for x in limits)
    at_least = gate.at_least is not None
    threshold = gate.at_least if gate.at_least is not None else gate.at_most
    assert threshold is not None
    if value is None:
        passed = "not measured"
    else:
        passed = "yes" if (value >= threshold if at_least else value <= threshold) else "no"
    return GateResult(
        gate=gate.id,
        model=str(model),
        recipe=model.recipe,
        config=model.config,
        seed=model.seed,
        comparison="at least" if at_least else "at most",
        threshold=threshold,
        value=value,
        n=int(items.sum()),
        n_pairs=len(items),
        low=low,
        high=high,
        passed=passed,
        claims=" ".join(gate.claims),
    )


def _scale(gate: Gate, model: ModelCard, answers: Sequence[JudgedSuite]) -> float:
    """1, or 1 / the rate that a relative gate refers to; 0 if that rate is zero or not measured."""
    if gate.relative_to is None:
        return 1.0
    hits, items = _counts(gate, gate.relative_to, model, answers)
    return float(items.sum() / hits.sum()) if hits.sum() else 0.0
