"""Every part of every claim measured: numbers, bounds and p, before any verdict.

Values come from the confirmatory seeds; a study that has none shows its development seeds instead,
which never decide anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mirage.plan.schema.claims import Beside, Claims, Part
from mirage.plan.schema.score import Score
from mirage.score.claims.over_seeds import Summary, summarise
from mirage.score.claims.quantity import Counted, StudyAnswers, counted, in_words
from mirage.score.rates import rounded


@dataclass(frozen=True)
class ClaimPart:
    """One row of ``claims.csv``; values, limits and margin in percentage points.

    Attributes:
        role: ``tested``, or ``beside`` for numbers that decide nothing.
        alternative: Parts of one alternative must all hold.
        quantity: Formula.
        seeds: Seeds it is read on; ``per_seed`` their values in that order.
        n: Items of the smallest rate and seed.
        low: 95 % limits by t over seeds (by pairs where ``method`` says so).
        p: One-sided, that the value lies on the claimed side of the margin.
        level: What Holm's rule leaves the part; like p, bounds and reading empty where no verdict
            is given: on development seeds, under changed settings, behind a gate.
        bound: One-sided bound at that level; ``boot_bound`` that of the crossed bootstrap.
        boot_low: 95 % limits of the crossed bootstrap.
        reading: ``holds``, ``other side``, ``undecided``; empty where nothing is measured.
        missing: Models or suites that were not run.
    """

    claim: str
    part: str
    role: str
    alternative: str
    text: str
    quantity: str
    comparison: str
    margin: float | None
    unit: str
    seeds: str
    per_seed: str
    n_seeds: int
    n: int
    n_pairs: int
    value: float | None
    low: float | None
    high: float | None
    boot_low: float | None
    boot_high: float | None
    p: float | None
    level: float | None
    bound: float | None
    boot_bound: float | None
    reading: str
    method: str
    missing: str


@dataclass(frozen=True)
class Measured:
    """A part of a claim with its summary; None where no seed has it all."""

    claim: str
    part: Part | Beside
    counts: Counted
    summary: Summary | None
    alpha: float

    @property
    def missing(self) -> str:
        """Models and suites that were not run."""
        return ", ".join(self.counts.missing)

    @property
    def p(self) -> float | None:
        """One-sided p; None where there is nothing to test."""
        if self.summary is None or self.part.margin is None:
            return None
        return self.summary.p_beyond(self.part.margin, above=self.part.comparison == ">")

    def reading(self, level: float) -> str:
        """Where the part stands when tested at a level.

        ``holds``: both one-sided bounds lie beyond the margin. ``other side``: both two-sided
        intervals at ``alpha`` lie wholly on the other side. One seed decides nothing.
        """
        if self.summary is None or self.part.margin is None:
            return ""
        if self.summary.one_seed:
            return "undecided"
        s, above, margin = self.summary, self.part.comparison == ">", self.part.margin
        near = (s.bound(level, upper=not above), s.resampled(level, upper=not above))
        far = (s.bound(self.alpha / 2, upper=above), s.resampled(self.alpha / 2, upper=above))
        if all(x > margin if above else x < margin for x in near):
            return "holds"
        return (
            "other side" if all(x < margin if above else x > margin for x in far) else "undecided"
        )


def measure(
    claims: Claims, study: StudyAnswers, score: Score, seeds: Sequence[int]
) -> list[Measured]:
    """Measures every part and every number beside, in the order of the file.

    Args:
        claims: The ledger.
        study: The study's answers.
        score: Settings of the stage.
        seeds: Seeds to read.
    """
    measured = []
    for name, claim in claims.claims.items():
        listed: list[Part | Beside] = [*claim.parts, *claim.beside]
        for part in listed:
            counts = counted(part.quantity, study, seeds, claims.model, claims.population)
            summary = summarise(counts, score.n_resamples, score.seed)
            measured.append(Measured(name, part, counts, summary, claims.alpha))
    return measured


def row(one: Measured, level: float | None) -> ClaimPart:
    """Returns a part as a row.

    Args:
        one: The part.
        level: What Holm's rule leaves its claim; None where it gets no verdict.
    """
    part, counts, s = one.part, one.counts, one.summary
    above, tested = part.comparison == ">", isinstance(part, Part)
    p = None if level is None else one.p
    reported_level = level if s is not None and part.margin is not None else None
    return ClaimPart(
        claim=one.claim,
        part=part.id,
        role="tested" if tested else "beside",
        alternative=part.alternative if isinstance(part, Part) else "",
        text=part.text,
        quantity=in_words(part.quantity),
        comparison=part.comparison or "",
        margin=part.margin,
        unit=part.unit if isinstance(part, Part) else "points",
        seeds=" ".join(map(str, counts.seeds)),
        per_seed=" ".join(f"{v:.2f}" for v in counts.values),
        n_seeds=len(counts.seeds),
        n=counts.n_items,
        n_pairs=counts.n_pairs,
        value=None if s is None else rounded(s.mean),
        low=None if s is None else rounded(s.bound(one.alpha / 2, upper=False)),
        high=None if s is None else rounded(s.bound(one.alpha / 2, upper=True)),
        boot_low=None if s is None else rounded(s.resampled(one.alpha / 2, upper=False)),
        boot_high=None if s is None else rounded(s.resampled(one.alpha / 2, upper=True)),
        p=None if p is None else rounded(p),
        level=None if reported_level is None else rounded(reported_level),
        bound=rounded(s.bound(reported_level, upper=not above)) if s and reported_level else None,
        boot_bound=rounded(s.resampled(reported_level, upper=not above))
        if s and reported_level
        else None,
        reading="" if level is None else one.reading(level),
        method="" if s is None else s.method,
        missing=one.missing,
    )
