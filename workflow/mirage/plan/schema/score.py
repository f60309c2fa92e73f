"""conf/score: intervals, the pre-listed contrasts, the validity gates and what they bind."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from mirage.plan.schema.types import Count, Name, Positive, Strict

Value = str | bool | int
Percent = Annotated[float, Field(ge=0, le=100)]


class Contrast(Strict):
    """One pre-listed difference ``a - b`` between recipes, or between formats of one recipe.

    Attributes:
        id: Name of the row in ``contrasts.csv``.
        claim: Claim of the paper it speaks to, for the reader.
        a: First recipe.
        b: Second recipe; may equal ``a`` when ``a_where`` and ``b_where`` differ.
        suite: Suite both are read on.
        metric: Name of a rate, or ``j``.
        corner: Corner of the quads; empty where the suite has none.
        where: Further facts (keys of ``truth``) that the items must have.
        a_where: Facts of the first side's items only.
        b_where: Facts of the second side's items only.
    """

    id: Name
    claim: str = ""
    a: Name
    b: Name
    suite: Name
    metric: Name
    corner: str = ""
    where: dict[str, Value] = {}
    a_where: dict[str, Value] = {}
    b_where: dict[str, Value] = {}

    @model_validator(mode="after")
    def _no_difference_from_the_base(self) -> Contrast:
        if "base" in (self.a, self.b):
            raise ValueError(
                f"contrast {self.id!r} compares with the base, which complies with everything. "
                "Name two recipes."
            )
        return self


class Gate(Strict):
    """A condition on a model that must hold before claims are read.

    Attributes:
        id: Name of the row in ``gates.csv``.
        title: What is asked, in words; reports alone show it.
        models: Which models it is asked of: ``base``, ``recipe`` (all that are compared), or one
            placebo.
        suite: Suite to read; None for all.
        gate: Value of ``truth.gate``, ``{recipe}`` being the model's recipe; None for any item.
        where: Further facts (keys of ``truth``) that the items must have.
        metric: Name of a rate.
        youden: Whether to read Youden's index over ``truth.expected`` instead of a rate.
        lowest_of: Key of ``truth``; each of its values is read apart and the lowest decides.
        at_least: Limit in percent, if the rate must be high.
        at_most: Limit in percent, if the rate must be low.
        relative_to: ``gate`` value of other items, of whose index a percentage is read.
    """

    id: Name
    title: str = ""
    models: Name
    suite: Name | None = None
    gate: str | None = None
    where: dict[str, Value] = {}
    metric: Name
    youden: bool = False
    lowest_of: str | None = None
    at_least: Percent | None = None
    at_most: Percent | None = None
    relative_to: str | None = None

    @model_validator(mode="after")
    def _one_threshold(self) -> Gate:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(f"gate {self.id!r} needs exactly one of at_least and at_most.")
        if self.relative_to is not None and not self.youden:
            raise ValueError(f"gate {self.id!r}: relative_to needs youden: true.")
        return self


class Groups(Strict):
    """Keys that rates are broken down by (sample fields or keys of ``truth``), per kind of item.

    Attributes:
        safety: Hazardous and benign items.
        hazard: Hazardous items alone, beside those of ``safety``.
        skill: Skill, placebo and fit items.
    """

    safety: list[str]
    hazard: list[str]
    skill: list[str]


class Placebos(Strict):
    """On how many bases a gate of a placebo is read and must be passed.

    Attributes:
        read: Bases on which it is read, the claim's first.
        passed: How many of them must pass.
    """

    read: Positive
    passed: Positive


class Score(Strict):
    """Statistics.

    Attributes:
        name: The file's own name.
        n_resamples: Resamples of the cluster bootstrap.
        alpha: 1 - confidence of every interval.
        seed: Of the bootstrap.
        min_coverage: Share of items that must be judged, per model and suite, in percent.
        groups: What rates are broken down by.
        contrasts: Differences that are shown base by base.
        slack: Points by which the exact bound of a rate may miss the limit of its gate.
        enough: Percent of its bases that a claim must be readable on, and of those that a gate of
            recipes is asked of that must pass.
        placebos: The same of the gates of placebos.
        gates: The validity gates.
        needs: Claim -> the gates that it needs.
    """

    name: Name = "default"
    n_resamples: Annotated[Positive, Field(ge=100)]
    alpha: Annotated[float, Field(gt=0, lt=0.5)]
    seed: Count
    min_coverage: Percent
    groups: Groups
    contrasts: list[Contrast] = []
    slack: Annotated[float, Field(ge=0)]
    enough: Percent
    placebos: Placebos
    gates: list[Gate] = []
    needs: dict[str, list[Name]] = {}
