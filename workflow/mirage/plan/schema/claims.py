"""reports/claims.yaml and reports/paper_contrasts.yaml: what is claimed, fixed before any run.

Neither file can be overridden from the command line. A quantity is a sum of rates; a claim says on
which side of a margin its quantities lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, StringConstraints, model_validator

from mirage.plan.schema.types import Name, Strict
from mirage.vocabulary import SEPARATION

Value = str | bool | int
ClaimId = Annotated[str, StringConstraints(pattern=r"^[CH][0-9]+$")]
Sentence = Annotated[str, StringConstraints(min_length=3)]
Block = TypeVar("Block", bound=Strict)

HELD_OUT = "held_out_categories"
"""Value of ``where.group``: the categories that a recipe of the same seed left out."""


class Term(Strict):
    """One weighted rate of a quantity.

    Attributes:
        recipe: Recipe, or ``base``.
        suite: Suite it is read on.
        metric: Name of a rate, or of a J (``mirage.vocabulary.SEPARATION``).
        corner: Corner of the quads; empty for all items and for ``j``.
        where: Facts (sample fields or keys of ``truth``) that the items must have;
            ``group: held_out_categories`` means the categories that ``held_out_by`` left out.
        held_out_by: Recipe whose card lists these categories; None for the term's own.
        weight: Factor of the rate.
        model: Option of conf/model; None for that of the file.
    """

    recipe: Name
    suite: Name
    metric: Name
    corner: str = ""
    where: dict[str, Value] = {}
    held_out_by: Name | None = None
    weight: float = 1.0
    model: Name | None = None

    @model_validator(mode="after")
    def _group_is_known(self) -> Self:
        if self.where.get("group", HELD_OUT) != HELD_OUT:
            raise ValueError(f"where.group can only be {HELD_OUT!r}")
        if self.held_out_by and "group" not in self.where:
            raise ValueError(f"held_out_by needs where: {{group: {HELD_OUT}}}")
        if self.metric in SEPARATION and self.corner:
            raise ValueError("j joins two corners; leave corner out")
        return self


class Quantity(Strict):
    """``constant`` + the sum of weight x rate, in percentage points."""

    terms: Annotated[list[Term], Field(min_length=1)]
    constant: float = 0.0

    @property
    def recipes(self) -> frozenset[str]:
        """Recipes (and ``base``) whose answers it reads."""
        return frozenset(term.recipe for term in self.terms)


class Part(Strict):
    """One condition of a claim.

    Attributes:
        id: Name within the claim.
        text: What is measured, in words.
        quantity: The number.
        comparison: On which side of the margin it must lie.
        margin: In percentage points.
        test: ``t`` over bases; ``count`` of bases beyond the margin against one half; ``families``:
            t over bases and over the means of skill families, the larger p counts.
        least_items: Fewest items of every rate; a base with fewer has no value.
    """

    id: Name
    text: Sentence
    quantity: Quantity
    comparison: Literal[">", "<"]
    margin: float
    test: Literal["t", "count", "families"] = "t"
    least_items: Annotated[int, Field(ge=1)] = 1


class Beside(Strict):
    """A quantity that is printed beside a claim and decides nothing.

    Attributes:
        bases: It is read on the first so many confirmatory bases; None for those of the claim.
        comparison: With ``margin``, shown beside the number.
    """

    id: Name
    text: Sentence
    bases: Annotated[int, Field(ge=2)] | None = None
    quantity: Quantity
    comparison: Literal[">", "<"] | None = None
    margin: float | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.comparison is None) != (self.margin is None):
            raise ValueError("comparison and margin go together")
        return self


class Needed(Strict):
    """What must be seen at all before a claim has a nano counterpart; read as a mean over bases.

    Attributes:
        text: What is measured, in words.
        quantity: The number.
        at_least: In percentage points.
    """

    text: Sentence
    quantity: Quantity
    at_least: float


class Claim(Strict):
    """One claim: it holds if all its parts do, and its p is the largest of theirs.

    Attributes:
        text: The claim in words.
        published: The paper's own numbers, in words; empty for our hypotheses.
        mode: Mode of the recipes it reads.
        why: Why it is read this way.
        flags: What a reader must know beside the verdict.
        bases: It is read on the first so many confirmatory bases; None for all.
        both_ways: Whether broken hazard answers count once as unsafe and once as safe; the verdict
            must stand both ways.
        counterpart: Without it the claim is not testable; None where nothing is needed.
        calibrated: Why its quantity helped to choose a mechanism; it then gets no verdict.
        changed_after: Base after which something that reaches its numbers was changed.
        parts: The conditions.
        beside: Printed, not tested.
    """

    text: Sentence
    published: str = ""
    mode: Literal["as_published", "matched"] = "as_published"
    why: Sentence
    flags: list[Sentence] = []
    bases: Annotated[int, Field(ge=2)] | None = None
    both_ways: bool = False
    counterpart: Needed | None = None
    calibrated: str = ""
    changed_after: int | None = None
    parts: Annotated[list[Part], Field(min_length=1)]
    beside: list[Beside] = []

    @property
    def recipes(self) -> frozenset[str]:
        """Recipes (and ``base``) that its parts read."""
        return frozenset().union(*(part.quantity.recipes for part in self.parts))

    @model_validator(mode="after")
    def _ids_once(self) -> Self:
        return _once(self, [p.id for p in self.parts] + [b.id for b in self.beside])


class Population(Strict):
    """Facts that items of some suites must have in every quantity."""

    suites: list[Name]
    where: dict[str, Value]


class Confirmatory(Strict):
    """The bases that claims are decided on: ``n`` seeds from ``first`` on, none replaced."""

    first: int
    n: Annotated[int, Field(ge=2)]

    def listed(self, most: int | None = None) -> tuple[int, ...]:
        """Returns the seeds, or the first ``most`` of them."""
        return tuple(range(self.first, self.first + min(self.n, most or self.n)))

    def among(self, seeds: Iterable[int]) -> tuple[int, ...]:
        """Returns those of the seeds that are confirmatory."""
        return tuple(s for s in seeds if s in self.listed())


class Claims(Strict):
    """The ledger.

    Attributes:
        sha256: Hash of the file and of conf/score, put in by the plan.
        changed: Overrides of the command line that make verdicts exploratory, put in by the plan.
        model: Option of conf/model that terms without ``model`` are read on.
        alpha: Level of a family, shared out by Holm's rule.
        seeds: The confirmatory bases.
        population: Which items count.
        claims: By id; ``C...`` are the paper's, ``H...`` our own and a family apart.
    """

    sha256: str = ""
    changed: list[str] = []
    model: Name
    alpha: Annotated[float, Field(gt=0, lt=0.5)]
    seeds: Confirmatory
    population: Population
    claims: dict[ClaimId, Claim]

    def families(self) -> Iterator[list[str]]:
        """Yields the ids that one Holm correction runs over."""
        for first in ("C", "H"):
            if ids := [name for name in self.claims if name.startswith(first)]:
                yield ids

    def texts(self) -> dict[str, str]:
        """Returns what each claim says, by id."""
        return {name: claim.text for name, claim in self.claims.items()}


class Cell(Strict):
    """A published number: a row and a column of ``reports/published/<table>.csv``."""

    table: Name
    row: Sentence
    column: str


class PaperContrast(Strict):
    """A published difference ``a - b`` and what stands for it at nano scale.

    Attributes:
        id: Name of the row.
        claim: Claim it belongs to; empty for none.
        words: What the paper's numbers say, in words.
        a: First published number.
        b: The one taken from it.
        quantity: The nano counterpart of ``a - b``; None where there is none.
        reason: Why this quantity, or why none.
    """

    id: Name
    claim: Annotated[str, StringConstraints(pattern=r"^([CH][0-9]+)?$")] = ""
    words: Sentence
    a: Cell
    b: Cell
    quantity: Quantity | None
    reason: Sentence


class PaperContrasts(Strict):
    """Published contrasts, listed before any run.

    Attributes:
        sha256: Hash of the file, put in by the plan.
        model: Option of conf/model that terms without ``model`` are read on.
        seeds: The confirmatory bases, which are read alone where a study has any.
        population: Which items count.
        contrasts: In the order of the paper.
    """

    sha256: str = ""
    model: Name
    seeds: Confirmatory
    population: Population
    contrasts: list[PaperContrast]

    @model_validator(mode="after")
    def _ids_once(self) -> Self:
        return _once(self, [c.id for c in self.contrasts])


def _once(block: Block, names: list[str]) -> Block:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} stands twice")
    return block
