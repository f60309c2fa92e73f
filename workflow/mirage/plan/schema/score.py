"""conf/score: intervals, the pre-listed contrasts and the validity gates."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from mirage.plan.schema.base import Count, Name, Positive, Strict

Percent = Annotated[float, Field(ge=0, le=100)]
Where = dict[str, str]


class Contrast(Strict):
    """One comparison of two models, within seed.

    Attributes:
        a: The recipe whose metric comes first in the difference; ``b`` the other one.
        where: Values of ``truth`` that select items; ``a_where`` and ``b_where`` for one side.
    """

    id: Name
    claim: str | None = None
    a: Name
    b: Name
    suite: Name
    corner: str | None = None
    metric: str
    where: Where = {}
    a_where: Where = {}
    b_where: Where = {}


class Gate(Strict):
    """One validity gate.

    Attributes:
        models: Whose items count: the base, every recipe, or one recipe by name.
        gate: Value of ``truth.gate``; all benign items where it is left out.
        relative_to: Gate whose value this one is a share of.
        claims: What becomes not testable when the gate fails.
    """

    id: Name
    title: str
    models: Name
    gate: str | None = None
    metric: str
    relative_to: Name | None = None
    at_least: Percent | None = None
    at_most: Percent | None = None
    claims: list[str]

    @model_validator(mode="after")
    def _one_limit(self) -> Gate:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("exactly one of at_least and at_most is needed")
        return self


class Groups(Strict):
    """Keys of ``truth`` that rates are broken down by."""

    safety: list[str]
    skill: list[str]


class Score(Strict):
    """Statistics.

    Attributes:
        draws: Resamples of the cluster bootstrap and of the sign-flip test.
        alpha: One minus the level of intervals; level of Holm's procedure.
        min_coverage: Percent of items that must have a verdict.
    """

    name: Name
    draws: Positive
    alpha: Annotated[float, Field(gt=0, lt=1)]
    seed: Count
    min_coverage: Percent
    groups: Groups
    contrasts: list[Contrast]
    gates: list[Gate]
