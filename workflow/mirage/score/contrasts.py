"""Pre-listed differences between recipes: values, base by base."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from mirage.plan.schema.score import Contrast, Score
from mirage.score.frame import JudgedSuite, Mask
from mirage.score.metrics import applies, holds
from mirage.score.rates import rounded
from mirage.vocabulary import SEPARATION


@dataclass(frozen=True)
class Difference:
    """One row of ``contrasts.csv``: ``a - b`` in percentage points, of one base.

    Attributes:
        config: Option of conf/model that both sides are tuned from.
        n: Items read on side a (side b has as many unless the formats differ).
    """

    contrast: str
    claim: str
    config: str
    seed: int
    a: str
    b: str
    suite: str
    corner: str
    metric: str
    items: str
    value_a: float
    value_b: float
    difference: float
    n: int


Parts = tuple[tuple[float, str, str], ...]
"""Signed rates that add up to a measure: (sign, metric, corner)."""


def parts_of(contrast: Contrast) -> tuple[float, Parts]:
    """Returns a measure as a constant (in percent) and its signed parts."""
    single = (0.0, ((1.0, contrast.metric, contrast.corner),))
    return SEPARATION.get(contrast.metric, single)


def contrasts(answers: Iterable[JudgedSuite], score: Score) -> list[Difference]:
    """Computes every contrast whose recipes and suite are there, model by model, base by base.

    Args:
        answers: Verdicts per model and suite.
        score: Settings of the stage.

    Returns:
        Differences in the order of the list, seeds ascending.
    """
    bases: dict[tuple[str, int], dict[tuple[str, str], JudgedSuite]] = {}
    for one in answers:
        of_base = bases.setdefault((one.model.config, one.model.seed), {})
        of_base[one.model.recipe, one.suite.name] = one
    rows = [
        _difference(c, known[c.a, c.suite], known[c.b, c.suite])
        for _, known in sorted(bases.items(), key=lambda item: item[0])
        for c in score.contrasts
        if (c.a, c.suite) in known and (c.b, c.suite) in known
    ]
    return [row for row in rows if row is not None]


def _items(contrast: Contrast, answers: JudgedSuite, facts: Mapping[str, object]) -> Mask:
    return answers.suite.having({**contrast.where, **facts}) & answers.judged


def _difference(c: Contrast, a: JudgedSuite, b: JudgedSuite) -> Difference | None:
    """One contrast, or None if a side has no item (a suite without that format, say)."""
    constant, parts = parts_of(c)
    of_a, of_b = _items(c, a, c.a_where), _items(c, b, c.b_where)
    if c.a_where == c.b_where:
        of_a = of_b = of_a & of_b
    values, sizes = [], []
    for side, items in ((a, of_a), (b, of_b)):
        value, size = constant, 0
        for sign, metric, corner in parts:
            read = items & applies(metric, side)
            if corner:
                read = read & (side.suite.corner == corner)
            if not read.any():
                return None
            value += sign * 100 * float(np.mean(holds(metric, side)[read]))
            size += int(read.sum())
        values.append(value)
        sizes.append(size)
    return Difference(
        contrast=c.id,
        claim=c.claim,
        config=a.model.config,
        seed=a.model.seed,
        a=_side(c.a, c.a_where),
        b=_side(c.b, c.b_where),
        suite=c.suite,
        corner="pair" if len(parts) > 1 else c.corner,
        metric=c.metric,
        items=_facts(c.where),
        value_a=rounded(values[0]),
        value_b=rounded(values[1]),
        difference=rounded(values[0] - values[1]),
        n=sizes[0],
    )


def _facts(where: Mapping[str, object]) -> str:
    return ", ".join(f"{key}={value}" for key, value in where.items())


def _side(recipe: str, where: Mapping[str, object]) -> str:
    return f"{recipe} ({_facts(where)})" if where else recipe
