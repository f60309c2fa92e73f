"""Every part of every claim measured: values base by base, before any verdict."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mirage.plan.schema.claims import Beside, Claim, Claims, Part, Quantity
from mirage.score.claims.over_bases import Sample, count_needed, detectable
from mirage.score.claims.quantity import (
    BOTH_WAYS,
    Counted,
    StudyAnswers,
    by_family,
    counted,
    in_words,
    read_as,
)
from mirage.score.rates import rounded

HELD, OTHER_SIDE, OPEN = "holds", "other side", "undecided"


@dataclass(frozen=True)
class ClaimPart:
    """One row of ``claims.csv``; values, limits and margin in percentage points.

    Attributes:
        role: ``tested``, or ``beside`` for numbers that decide nothing.
        way: How broken answers count, where the verdict must stand both ways.
        quantity: Formula.
        seeds: Its bases that have a value; ``per_seed`` their values in that order, ``read_on``
            those of them that it is read on: they pass the claim's gates and have values of all
            its parts. ``all_value`` is the mean over all, everything else is of these.
        n: Items of the smallest rate and base.
        low: 95 % limits by t over bases.
        p: One-sided, that the value lies on the claimed side of the margin.
        level: What Holm's rule leaves the claim; like p, limits, reading and detectable empty where
            no verdict is given, and of what stands beside.
        reading: ``holds``, ``other side`` or ``undecided``.
        detectable: Points beyond the margin that would have been detected with 80 % at the first
            place of Holm's order, given the spread over these bases; empty for counts.
        method: The test, and of counts how many bases lie beyond the margin and how many are needed
            at the first place.
        missing: Models or suites that were not run.
    """

    claim: str
    part: str
    role: str
    way: str
    text: str
    quantity: str
    comparison: str
    margin: float | None
    seeds: str
    per_seed: str
    read_on: str
    n_seeds: int
    n: int
    n_pairs: int
    value: float | None
    all_value: float | None
    low: float | None
    high: float | None
    p: float | None
    level: float | None
    reading: str
    detectable: float | None
    method: str
    missing: str


@dataclass(frozen=True, eq=False)
class Measured:
    """A part of a claim, read in one way, with its counts on all bases of the claim."""

    claim: str
    part: Part | Beside
    way: str
    counts: Counted
    study: StudyAnswers
    config: str

    @property
    def tested(self) -> bool:
        """Whether it decides anything."""
        return isinstance(self.part, Part)

    @cached_property
    def values(self) -> dict[int, float]:
        """Base -> value, of the bases that have every term and enough items."""
        least = self.part.least_items if isinstance(self.part, Part) else 1
        rows = zip(self.counts.seeds, self.counts.values, self.counts.least, strict=True)
        return {s: float(v) for s, v, n in rows if n >= least and not np.isnan(v)}

    def on(self, bases: Collection[int]) -> Sample | None:
        """Returns the part on those of some bases that have a value; None if none has."""
        seeds = [s for s in self.values if s in bases]
        if not seeds:
            return None
        part, counts = self.part, self.counts
        test = part.test if isinstance(part, Part) else "t"
        alone = counts.weights.tolist() == [1.0] and not counts.constant and test == "t"
        values = np.array([self.values[s] for s in seeds])
        families = (
            by_family(part.quantity, self.study, seeds, self.config) if test == "families" else ()
        )
        rate, pairs = (float(values.mean()), int(counts.pairs_read[0])) if alone else (None, 0)
        least = min(n for s, n in zip(counts.seeds, counts.least, strict=True) if s in seeds)
        return Sample(values, test, 100 / least, rate, pairs, families)

    def p(self, bases: Collection[int]) -> float | None:
        """One-sided p on some bases; None where there is nothing to test."""
        sample, part = self.on(bases), self.part
        if sample is None or not isinstance(part, Part):
            return None
        return sample.p(part.margin, above=part.comparison == ">")

    def reading(self, bases: Collection[int], level: float, alpha: float) -> str:
        """Where the part stands on some bases when tested at a level.

        ``other side``: the two-sided interval at 1 - ``alpha`` lies wholly there, that is, the
        opposite is significant at alpha / 2.
        """
        sample, part = self.on(bases), self.part
        if sample is None or not isinstance(part, Part):
            return ""
        above = part.comparison == ">"
        if sample.p(part.margin, above=above) < level:
            return HELD
        opposite = sample.p(part.margin, above=not above)
        return OTHER_SIDE if opposite < alpha / 2 else OPEN


def measure(claims: Claims, study: StudyAnswers, seeds: Sequence[int]) -> list[Measured]:
    """Measures every part and every number beside, in the order of the file.

    Args:
        claims: The ledger.
        study: The study's answers.
        seeds: Seeds to read.
    """
    return [
        Measured(name, part, way, counts, study, claims.model)
        for name, claim in claims.claims.items()
        for part, way, quantity in _listed(claim)
        for counts in [
            counted(
                quantity,
                study,
                bases_of(claims, _own_bases(part) or claim.bases, seeds),
                claims.model,
                claims.population,
            )
        ]
    ]


def _own_bases(part: Part | Beside) -> int | None:
    return part.bases if isinstance(part, Beside) else None


def bases_of(claims: Claims, most: int | None, seeds: Sequence[int]) -> tuple[int, ...]:
    """Returns the seeds to read: all, or of confirmatory ones the first ``most`` of the ledger."""
    confirming = claims.seeds.among(seeds)
    own = claims.seeds.listed(most)
    return tuple(s for s in confirming if s in own) if confirming else tuple(seeds)


def _listed(claim: Claim) -> list[tuple[Part | Beside, str, Quantity]]:
    ways = BOTH_WAYS if claim.both_ways else {"": {}}
    tested: list[tuple[Part | Beside, str, Quantity]] = [
        (part, way, read_as(part.quantity, metrics))
        for part in claim.parts
        for way, metrics in ways.items()
    ]
    return [*tested, *((part, "", part.quantity) for part in claim.beside)]


def row(
    one: Measured, bases: Collection[int], level: float | None, alpha: float, first: float
) -> ClaimPart:
    """Returns a part as a row.

    Args:
        one: The part.
        bases: Bases that the claim is read on.
        level: What Holm's rule leaves its claim; None where it gets no verdict.
        alpha: Level of the family.
        first: Level at the first place of Holm's order.
    """
    part, sample = one.part, one.on(bases)
    shown = sample if level is not None and isinstance(part, Part) else None
    limits = shown.limits(alpha) if shown is not None and shown.test != "count" else None
    p = one.p(bases) if shown is not None else None
    return ClaimPart(
        claim=one.claim,
        part=part.id,
        role="tested" if one.tested else "beside",
        way=one.way,
        text=part.text,
        quantity=in_words(part.quantity),
        comparison=part.comparison or "",
        margin=part.margin,
        seeds=" ".join(map(str, one.values)),
        per_seed=" ".join(f"{value:.2f}" for value in one.values.values()),
        read_on=" ".join(str(s) for s in one.values if s in bases),
        n_seeds=0 if sample is None else len(sample.values),
        n=one.counts.n_items,
        n_pairs=one.counts.n_pairs,
        value=None if sample is None else rounded(sample.mean),
        all_value=rounded(float(np.mean([*one.values.values()]))) if one.values else None,
        low=None if limits is None else rounded(limits[0]),
        high=None if limits is None else rounded(limits[1]),
        p=None if p is None else rounded(p),
        level=rounded(level) if shown is not None and level is not None else None,
        reading="" if shown is None or level is None else one.reading(bases, level, alpha),
        detectable=None if shown is None else _detectable(shown, first),
        method="" if sample is None else _method(sample, part, first),
        missing=", ".join(one.counts.missing),
    )


def _detectable(sample: Sample, first: float) -> float | None:
    if sample.test == "count" or len(sample.values) < 2:
        return None
    return rounded(detectable(len(sample.values), first) * sample.spread)


def _method(sample: Sample, part: Part | Beside, first: float) -> str:
    if sample.test != "count" or not isinstance(part, Part):
        return sample.test + (" and exact_pairs" if sample.rate is not None else "")
    beyond, of = sample.beyond(part.margin, above=part.comparison == ">"), len(sample.values)
    needed = count_needed(of, first)
    at_first = f"{needed} needed" if needed is not None else "not even all are enough"
    return f"count: {beyond} of {of}, {at_first} at the first place"
