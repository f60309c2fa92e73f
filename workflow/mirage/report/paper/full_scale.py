"""What the paper claims, on the models of a study at full scale: which model measures what.

``reports/paper_contrasts.yaml`` lists what the paper's text draws conclusions from, for one base,
``reports/claims.yaml`` has the ledger's claims; ``reports/full_scale.yaml`` says which model and
suite measure each of their cells, and how the paper names other bases. Of a published number only
the direction of a difference comes out of here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Literal

from pydantic import Field

from mirage.model_card import BASE
from mirage.plan.schema.claims import Cell, PaperContrasts
from mirage.plan.schema.types import Name, Strict
from mirage.report.captions import source, validated
from mirage.report.data import StudyInfo
from mirage.report.paper.published import Paper, Printed, heading, is_number, paper

DATA_FILES = (
    "../../../../reports/claims.yaml",
    "../../../../reports/full_scale.yaml",
    "../../../../reports/paper_contrasts.yaml",
)


class Theirs(Strict):
    """A checkpoint of the authors: a recipe's model of theirs, without training here."""

    base: Name
    recipe: Name


class Measured(Strict):
    """What measures a column: the mean of a rate, ``metric corner``, over suites or categories."""

    suites: list[Name]
    rate: str
    categories: list[str] = Field(default=[])


class Part(Strict):
    """One thing that a claim asks for.

    Attributes:
        terms: Recipe -> weight.
        less: A second column, whose terms are taken away.
        margin: In points, as in the ledger.
    """

    terms: dict[Name, int]
    column: str
    less: str = ""
    comparison: Literal["<", ">"]
    margin: float


class FullClaim(Strict):
    """A claim of the ledger, and which of the paper's tables print its numbers."""

    of: list[Name]
    parts: list[Part]


class FullScale(Strict):
    """``reports/full_scale.yaml``; its comments say what each key maps to what."""

    bases: dict[Name, list[str]]
    unnamed: str
    checkpoints: dict[Name, Theirs]
    methods: dict[Name, list[str]]
    columns: dict[str, Measured]
    claims: dict[str, FullClaim]
    unread: dict[str, str]

    def recipe(self, row: str) -> str | None:
        """Returns the recipe of a printed row, ``base`` for a base; None if it is no such row."""
        for name in (*(n for names in self.bases.values() for n in names), self.unnamed):
            if row == name:
                return BASE
            words = row.removeprefix(f"{name} + ")
            for recipe, known in self.methods.items():
                if words != row and words in known:
                    return recipe
        return None

    def heads(self, config: str) -> list[str]:
        """Returns how the paper may name a base, Tables 9 and 17 among the others."""
        return [*self.bases[config], self.unnamed]

    def rows(self, config: str, recipe: str) -> list[str]:
        """Returns how the paper may name the row of a recipe on a base."""
        if recipe == BASE:
            return self.heads(config)
        return [f"{head} + {word}" for head in self.heads(config) for word in self.methods[recipe]]

    def here(self, study: StudyInfo) -> list[str]:
        """Returns the paper's bases of a study, the bases of its checkpoints among them."""
        theirs = [self.checkpoints[c].base for c in study.configs if c in self.checkpoints]
        return [config for config in self.bases if config in (*study.configs, *theirs)]

    def checkpoint(self, study: StudyInfo, config: str, recipe: str) -> str | None:
        """Returns the option of conf/model that is the authors' model of a recipe, if asked."""
        wanted = Theirs(base=config, recipe=recipe)
        return next((c for c in study.configs if self.checkpoints.get(c) == wanted), None)

    def words(self, recipe: str) -> str:
        """Returns how the paper calls a recipe."""
        return BASE if recipe == BASE else self.methods[recipe][0]


@dataclass(frozen=True)
class Term:
    """A rate of a model, and how often it counts in a quantity."""

    recipe: str
    column: str
    weight: int


@dataclass(frozen=True)
class Contrast:
    """A difference that the paper prints for a base.

    Attributes:
        tables: Ids of the tables that the two cells stand in.
        claim: Id in ``claims.yaml``; may be empty.
        config: The base.
        terms: What is compared, the second taken away.
        printed: The printed difference; its sign is what counts.
    """

    tables: tuple[str, ...]
    claim: str
    config: str
    terms: tuple[Term, Term]
    printed: float

    @property
    def words(self) -> str:
        """Names the difference: ``MSS Safe: MIRage - VLGuard-R``."""
        return in_words(self.terms)


def in_words(terms: tuple[Term, ...]) -> str:
    """Names a sum or difference of rates by what its terms share."""
    known, columns = full_scale(), {t.column for t in terms}
    recipes = {t.recipe for t in terms}
    if len(terms) > 1 and len(recipes) == 1:
        shared, said = known.words(terms[0].recipe), [t.column for t in terms]
    elif len(columns) == 1:
        shared, said = terms[0].column, [known.words(t.recipe) for t in terms]
    else:
        firsts = [t for t in terms if t.column == terms[0].column]
        shared = " − ".join(dict.fromkeys(t.column for t in terms))
        said = [known.words(t.recipe) for t in firsts]
    return f"{shared}: {' − '.join(said)}"


@cache
def full_scale() -> FullScale:
    """Reads ``reports/full_scale.yaml``.

    Raises:
        DataError: The file is gone or broken.
    """
    return validated(FullScale, source("full_scale.yaml"), "reports/full_scale.yaml")


@cache
def _listed() -> PaperContrasts:
    plain = source("paper_contrasts.yaml")
    return validated(PaperContrasts, plain, "reports/paper_contrasts.yaml")


def claim_texts() -> dict[str, str]:
    """Returns the id of every claim of the ledger -> what it says."""
    return {key: str(claim["text"]) for key, claim in source("claims.yaml")["claims"].items()}


def terms_of(part: Part) -> tuple[Term, ...]:
    """Returns what a part of a claim adds up."""
    own = [Term(recipe, part.column, weight) for recipe, weight in part.terms.items()]
    less = [Term(recipe, part.less, -weight) for recipe, weight in part.terms.items()]
    return (*own, *(less if part.less else ()))


def contrasts(study: StudyInfo) -> Iterator[Contrast]:
    """Yields the pre-listed contrasts that the paper prints for a base of the study."""
    known, published = full_scale(), paper()
    for config in known.here(study):
        for listed in _listed().contrasts:
            pairs = product(
                _on_base(known, published, listed.a, config),
                _on_base(known, published, listed.b, config),
            )
            # In one table, if there is one; else in the listed ones.
            a, b = min(
                pairs,
                key=lambda two: (two[0].table != two[1].table, two[0].table != listed.a.table),
                default=(None, None),
            )
            if a is None or b is None:
                continue
            recipes = known.recipe(listed.a.row), known.recipe(listed.b.row)
            terms = (
                Term(str(recipes[0]), listed.a.column, 1),
                Term(str(recipes[1]), listed.b.column, -1),
            )
            tables = sorted({a.table, b.table}, key=[*published.entries].index)
            difference = float(a.value) - float(b.value)
            yield Contrast(tuple(tables), listed.claim, config, terms, difference)


def _on_base(known: FullScale, published: Paper, cell: Cell, config: str) -> list[Printed]:
    """Returns the counterparts of a listed cell on a base, of all tables that print one."""
    recipe, about = known.recipe(cell.row), known.columns.get(cell.column)
    if recipe is None or about is None:
        return []
    rows = known.rows(config, recipe)
    return [
        p
        for p in published.cells
        if p.row in rows and known.columns.get(p.column) == about and _printed(p)
    ]


def _printed(cell: Printed) -> bool:
    """Whether a cell is a number of the paper itself; rebuttals and first versions are not."""
    return is_number(cell.value) and bool(heading(cell.table))


def is_own(study: StudyInfo, row: str) -> bool:
    """Tells whether the paper prints a row for one of the study's bases, or names no base."""
    known = full_scale()
    heads = [head for config in known.here(study) for head in known.heads(config)]
    return any(row == head or row.startswith(f"{head} + ") for head in heads)


def measured_tables(study: StudyInfo) -> list[str]:
    """Returns the ids of the paper's tables with a cell that the study measures, in order."""
    known, published = full_scale(), paper()
    recipes = {m.recipe for m in study.trained}
    found = {
        p.table
        for p in published.cells
        if _printed(p)
        and is_own(study, p.row)
        and known.recipe(p.row) in recipes
        and p.column in known.columns
        and not set(known.columns[p.column].suites).isdisjoint(study.suites)
    }
    return [key for key in published.entries if key in found]
