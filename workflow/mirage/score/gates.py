"""Validity gates: what must hold of a model before any claim that rests on it is read.

A rate passes by its exact one-sided bound, so that a model is not failed by the luck of a few
items: at a limit of 98 % and n = 480 the bound of 95 % asks for 465 right answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np

from mirage.model_card import BASE, ModelCard
from mirage.plan.schema.score import Gate, Score
from mirage.score.frame import JudgedSuite
from mirage.score.intervals import exact_binomial
from mirage.score.metrics import applies, holds
from mirage.score.rates import rounded

RECIPE = "recipe"
PLACEBO = "placebo"
"""How the recipes begin that a gate alone needs."""


@dataclass(frozen=True)
class GateResult:
    """One row of ``gates.csv``.

    Attributes:
        passed: ``yes``, ``no``, or ``not measured`` where no judged item answers the question.
        value: The rate in percent, of the lowest class where each is read; Youden's index in
            points, or as a percentage of the other format's.
        slack: Points by which the exact bound of a rate may miss the threshold.
        n: Items that the value is read on.
        low: Exact one-sided limits at 1 - alpha (Clopper and Pearson 1934); none for an index.
        claims: Claims that it binds, by the map; filled in when a study's models are compared.
    """

    gate: str
    model: str
    recipe: str
    config: str
    seed: int
    comparison: str
    threshold: float
    slack: float
    value: float | None
    n: int
    low: float | None
    high: float | None
    passed: str
    claims: str = ""


class KnownGate(TypedDict):
    """What a gate said where its items were asked: a rate in percent, and their number."""

    value: float
    n: int


def gates(
    answers: Sequence[JudgedSuite], score: Score, known: Mapping[str, KnownGate]
) -> list[GateResult]:
    """Reads every gate on every model it is asked of, in the order of the list.

    Args:
        answers: Outcomes per model and suite.
        score: Settings of the stage.
        known: What gates said of a model elsewhere, used for those that no answer here tells.
    """
    models = sorted({a.model for a in answers})
    return [
        _result(gate, model, [a for a in answers if a.model == model], score, known.get(gate.id))
        for gate in score.gates
        for model in models
        if asked_of(gate, model)
    ]


def asked_of(gate: Gate, model: ModelCard) -> bool:
    """Tells whether a gate applies to a model: the base, one placebo, or any other recipe."""
    if gate.models == RECIPE:
        return model.recipe != BASE and not model.recipe.startswith(PLACEBO)
    return model.recipe == gate.models


def bound(results: Iterable[GateResult], needs: Mapping[str, Sequence[str]]) -> list[GateResult]:
    """Returns the results with the claims that each gate binds.

    Args:
        results: What the gates said.
        needs: Claim -> the gates that it needs.
    """
    by_gate: dict[str, list[str]] = {}
    for claim, names in needs.items():
        for name in names:
            by_gate.setdefault(name, []).append(claim)
    return [replace(row, claims=" ".join(by_gate.get(row.gate, []))) for row in results]


def missed_by(result: GateResult) -> float:
    """Returns by how many points a gate is missed: its exact bound and slack, or its index."""
    sign = 1 if result.comparison == "at least" else -1
    decisive = result.low if sign > 0 else result.high
    reached = result.value if decisive is None else decisive + sign * result.slack
    return 0.0 if reached is None else max(0.0, rounded(sign * (result.threshold - reached)))


Counts = tuple[int, int]
"""Hits and items."""


def _counts(
    gate: Gate, tag: str | None, model: ModelCard, answers: Sequence[JudgedSuite]
) -> dict[str, Counts]:
    """Hits and items over every suite the gate reads, by class (one, unless each is read)."""
    facts = dict(gate.where)
    if tag is not None:
        facts["gate"] = tag.replace("{recipe}", model.recipe)
    found: dict[str, Counts] = {}
    for one in answers:
        if gate.suite not in (None, one.suite.name):
            continue
        read = one.suite.having(facts) & applies(gate.metric, one) & one.judged
        hit = read & holds(gate.metric, one)
        classes = one.suite.column(gate.lowest_of) if gate.lowest_of else None
        names = [""] if classes is None else sorted(set(map(str, classes[read])))
        for name in names:
            own = read if classes is None else read & (classes == name)
            hits, items = found.get(name, (0, 0))
            found[name] = hits + int((hit & own).sum()), items + int(own.sum())
    return {name: counts for name, counts in found.items() if counts[1]}


def _result(
    gate: Gate,
    model: ModelCard,
    answers: Sequence[JudgedSuite],
    score: Score,
    known: KnownGate | None,
) -> GateResult:
    read = _youden if gate.youden else _rate
    value, n, low, high = read(gate, model, answers, score)
    if value is None and known is not None:
        hits = round(known["value"] * known["n"] / 100)
        value, n, low, high = _limited(hits, known["n"], score.alpha)
    at_least = gate.at_least is not None
    threshold = gate.at_least if gate.at_least is not None else gate.at_most
    assert threshold is not None
    row = GateResult(
        gate=gate.id,
        model=str(model),
        recipe=model.recipe,
        config=model.config,
        seed=model.seed,
        comparison="at least" if at_least else "at most",
        threshold=threshold,
        slack=score.slack,
        value=value,
        n=n,
        low=low,
        high=high,
        passed="not measured",
    )
    return row if value is None else replace(row, passed="no" if missed_by(row) else "yes")


Reading = tuple[float | None, int, float | None, float | None]
"""Value, items, and the limits where they are known."""


def _rate(gate: Gate, model: ModelCard, answers: Sequence[JudgedSuite], score: Score) -> Reading:
    """A rate with its exact limits; of several classes the one that passes least easily."""
    counts = _counts(gate, gate.gate, model, answers).values()
    limits = [_limited(hits, items, score.alpha) for hits, items in counts]
    if not limits:
        return None, 0, None, None
    if gate.at_least is not None:
        return min(limits, key=lambda each: each[2])
    return max(limits, key=lambda each: each[3])


def _limited(hits: int, items: int, alpha: float) -> tuple[float, int, float, float]:
    below, above = exact_binomial(np.array([float(hits)]), np.array([float(items)]), 2 * alpha)
    low, high = rounded(100 * float(below[0])), rounded(100 * float(above[0]))
    return rounded(100 * hits / items), items, low, high


def _youden(gate: Gate, model: ModelCard, answers: Sequence[JudgedSuite], _: Score) -> Reading:
    """Hits minus false alarms in points, or that as a percentage of the index elsewhere.

    Items say in ``truth.expected`` whether the behaviour is due; ``correct`` is to show it there
    and to leave it out elsewhere, so the index is the sum of both accuracies minus 100
    (Youden 1950). Where the behaviour does not hold elsewhere, nothing carries over: 0 %.
    """
    index, n = _index(gate, gate.gate, model, answers)
    if index is None or gate.relative_to is None:
        return index, n, None, None
    own, _n = _index(gate.model_copy(update={"where": {}}), gate.relative_to, model, answers)
    if own is None:
        return None, n, None, None
    return rounded(100 * index / own) if own > 0 else 0.0, n, None, None


def _index(
    gate: Gate, tag: str | None, model: ModelCard, answers: Sequence[JudgedSuite]
) -> tuple[float | None, int]:
    split = gate.model_copy(update={"lowest_of": "expected"})
    counts = _counts(split, tag, model, answers)
    if set(counts) != {"True", "False"}:
        return None, 0
    shares = [100 * hits / items for hits, items in counts.values()]
    return rounded(sum(shares) - 100), sum(items for _, items in counts.values())
