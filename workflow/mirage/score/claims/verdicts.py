"""The verdict on each claim, by the rules that were fixed with the claims.

Verdicts are computed once, when all ``n`` confirmatory bases are there; until then only gates and
values base by base are shown.

A claim is read on those of its bases that pass the base gates it needs, and on all of them beside,
of both on those where all its parts have a value; where broken answers must not decide, in two
ways. Each of these readings gives a verdict, and what is told must stand in all of them:

- *holds*: Holm's adjusted p of the claim is below alpha. Its p is the largest of its parts' in any
  reading.
- *does not hold*: in every reading a part's 95 % interval lies wholly on the other side.
- *not testable*: fewer than 80 % of its bases pass or have enough items (a part that has them by
  itself may still refute), a gate of recipes is passed on fewer, a placebo is not read or passed on
  enough, or what the claim is about cannot be seen at all.
- *undecided*: all else; also models not run, gates not measured, readings that differ, and claims
  that a later change reaches.

A claim that is not tested counts with p = 1 in its family, so that running or passing fewer claims
never makes the others easier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from mirage.plan.schema.claims import Claim, Claims
from mirage.plan.schema.score import Score
from mirage.score.claims.gating import ClaimGates, fewest, gates_of
from mirage.score.claims.over_bases import detectable
from mirage.score.claims.parts import (
    HELD,
    OTHER_SIDE,
    ClaimPart,
    Measured,
    bases_of,
    measure,
    row,
)
from mirage.score.claims.quantity import StudyAnswers, counted
from mirage.score.gates import GateResult
from mirage.score.intervals import holm
from mirage.score.rates import rounded

HOLDS, FAILS, OPEN = "holds", "does not hold", "undecided"
UNTESTABLE = "not testable"
NO_VERDICT = "no verdict"
EXPLORATORY = "exploratory"


@dataclass(frozen=True)
class ClaimVerdict:
    """One row of ``claim_verdicts.csv``.

    Attributes:
        family: ``C`` (the paper's) or ``H`` (ours); Holm's rule runs within it.
        reason: Why, in one sentence.
        gates: Bases that fail a gate it needs, and other gates that hold it back.
        p: Largest p of its parts in any reading; empty where it is not tested. ``p_holm`` and
            ``level`` are empty where no claim gets a verdict.
        power: How many SD over bases beyond the margin would have been detected with 80 % at the
            first place of Holm's order; empty for claims that count bases.
        recipes: Whose answers its parts read, with blanks between.
        seeds: Its bases.
        n_passed: Those of them that pass the base gates it needs.
        passed_value: Value of its first part on those of these that have values of all parts;
            ``all_value`` on all.
        sha256: Hash of the ledger and of the gates' settings.
    """

    claim: str
    family: str
    text: str
    published: str
    mode: str
    why: str
    flags: str
    verdict: str
    reason: str
    gates: str
    p: float | None
    p_holm: float | None
    level: float | None
    power: float | None
    config: str
    recipes: str
    seeds: str
    n_seeds: int
    n_passed: int
    passed_value: float | None
    all_value: float | None
    sha256: str


@dataclass(frozen=True)
class Case:
    """A claim with all that its verdict rests on.

    Attributes:
        bases: Its bases that are there; ``passing`` those that pass the base gates it needs.
        fewest: How many of them are enough.
    """

    name: str
    claim: Claim
    parts: Sequence[Measured]
    gates: ClaimGates
    bases: tuple[int, ...]
    passing: tuple[int, ...]
    fewest: int

    @property
    def tested(self) -> list[Measured]:
        """The parts that decide, each way of reading apart."""
        return [m for m in self.parts if m.tested]

    def whole(self, bases: Sequence[int], part: str = "") -> tuple[int, ...]:
        """Those of some bases on which every part (or one) has a value, in each way of reading."""
        own = [m for m in self.tested if part in ("", m.part.id)]
        return tuple(s for s in bases if all(s in m.values for m in own))

    @property
    def together(self) -> bool:
        """Whether enough bases pass and have values of all parts."""
        return len(self.whole(self.passing)) >= self.fewest

    @property
    def readable(self) -> list[Measured]:
        """The parts that have values on enough passing bases, each by itself."""
        return [m for m in self.tested if len(self.whole(self.passing, m.part.id)) >= self.fewest]

    def read_on(self, part: Measured) -> tuple[int, ...]:
        """The passing bases on which a part is read."""
        return self.whole(self.passing) if part.tested and self.together else self.passing

    @property
    def readings(self) -> dict[str, tuple[list[Measured], tuple[int, ...]]]:
        """Every reading: its name -> the tested parts and the bases."""
        parts = self.readable
        ways = list(dict.fromkeys(m.way for m in parts))
        sets = {"the bases that pass": self.passing, "all bases": self.bases}
        if self.together:
            sets = {name: self.whole(bases) for name, bases in sets.items()}
        if len(set(sets.values())) == 1:
            del sets["the bases that pass"]
        return {
            ", ".join(x for x in (on if len(sets) > 1 else "", way) if x): (
                [m for m in parts if m.way == way],
                bases,
            )
            for (on, bases), way in product(sets.items(), ways)
        }

    @property
    def p(self) -> float | None:
        """The largest p of the parts in any reading; None where they cannot be read together."""
        if not self.together:
            return None
        found = [m.p(bases) for parts, bases in self.readings.values() for m in parts]
        known = [p for p in found if p is not None]
        return max(known) if len(known) == len(found) else None


def judge_claims(
    claims: Claims, study: StudyAnswers, gates: Sequence[GateResult], score: Score
) -> tuple[list[ClaimPart], list[ClaimVerdict]]:
    """Measures all claims and gives each its verdict, in the order of the ledger.

    Args:
        claims: The ledger.
        study: The study's answers.
        gates: What the gates said of the study's models.
        score: Settings of the stage.
    """
    there = study.seeds(claims.model)
    confirming = claims.seeds.among(there)
    seeds = confirming or there
    none = _no_verdict(claims, confirming, bool(there))
    measured = measure(claims, study, seeds)
    parts, verdicts = [], []
    for family in claims.families():
        cases = {n: _case(n, claims, study, measured, gates, score, seeds) for n in family}
        stops = {n: none or _obstacle(c, claims, study) for n, c in cases.items()}
        p_values = {n: None if stops[n] else c.p for n, c in cases.items()}
        adjusted, levels = holm_levels(p_values, claims.alpha)
        first = claims.alpha / len(family)
        for name, case in cases.items():
            stop = stops[name]
            level = None if stop else levels[name]
            readable = case.readable
            parts += [
                row(m, case.read_on(m), level if m in readable else None, claims.alpha, first)
                for m in case.parts
            ]
            numbers = None if none else (p_values[name], adjusted[name], levels[name], first)
            reached = stop or decide(case, adjusted[name], levels[name], claims.alpha)
            verdicts.append(_row(case, claims, reached, numbers))
    return parts, verdicts


def _no_verdict(claims: Claims, confirming: Sequence[int], there: bool) -> tuple[str, str] | None:
    """Returns what stands in place of every verdict of a study that decides nothing."""
    if there and not confirming:
        return NO_VERDICT, "development bases decide nothing"
    if len(confirming) < claims.seeds.n:
        return NO_VERDICT, (
            f"{len(confirming)} of {claims.seeds.n} bases are there; verdicts are computed once, "
            "on all of them"
        )
    if claims.changed:
        return f"{EXPLORATORY} (settings changed: {', '.join(claims.changed)})", (
            "verdicts are for the committed settings alone"
        )
    return None


def _case(
    name: str,
    claims: Claims,
    study: StudyAnswers,
    measured: Sequence[Measured],
    gates: Sequence[GateResult],
    score: Score,
    seeds: Sequence[int],
) -> Case:
    claim = claims.claims[name]
    own = bases_of(claims, claim.bases, seeds)
    found = gates_of(name, claim.recipes, gates, score, claims.model, own)
    passing = tuple(s for s in own if s not in found.failed)
    parts = [m for m in measured if m.claim == name]
    return Case(name, claim, parts, found, own, passing, fewest(len(own), score))


def _obstacle(case: Case, claims: Claims, study: StudyAnswers) -> tuple[str, str] | None:
    """What keeps a claim from being tested: the first there is."""
    return next(_obstacles(case, claims, study), None)


def _obstacles(case: Case, claims: Claims, study: StudyAnswers) -> Iterator[tuple[str, str]]:
    claim, gates = case.claim, case.gates
    if claim.calibrated:
        yield NO_VERDICT, f"calibrated: {claim.calibrated}"
    if claim.changed_after is not None:
        yield OPEN, f"changed after base {claim.changed_after}"
    if missing := dict.fromkeys(x for m in case.tested for x in m.counts.missing):
        yield OPEN, f"not run: {', '.join(missing)}"
    if gates.unmeasured:
        yield OPEN, f"gates not measured: {', '.join(gates.unmeasured)}"
    if claim.counterpart is not None:
        need = claim.counterpart
        counts = counted(need.quantity, study, case.bases, claims.model, claims.population)
        value = float(counts.values.mean()) if counts.seeds else float("nan")
        if not value >= need.at_least:
            why = f"{need.text} is {value:.1f}, below {need.at_least:g}"
            yield UNTESTABLE, f"no nano counterpart: {why}"
    if gates.blocking:
        yield UNTESTABLE, "; ".join(gates.blocking)
    if len(case.passing) < case.fewest:
        yield UNTESTABLE, f"{len(case.passing)} of {len(case.bases)} bases pass its gates"


def holm_levels(
    p_values: Mapping[str, float | None], alpha: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Returns Holm's adjusted p and the level that his rule leaves each claim.

    Args:
        p_values: By claim; one without p keeps its place with p = 1.
        alpha: Level of the family.
    """
    names = list(p_values)
    filled = [1.0 if p_values[n] is None else float(p_values[n] or 0.0) for n in names]
    order = sorted(range(len(names)), key=lambda i: filled[i])
    levels = {names[i]: alpha / (len(names) - place) for place, i in enumerate(order)}
    return dict(zip(names, holm(filled), strict=True)), levels


def decide(case: Case, adjusted: float, level: float, alpha: float) -> tuple[str, str]:
    """Returns verdict and reason of a claim that enough bases pass the gates of.

    Args:
        case: The claim.
        adjusted: Holm's adjusted p.
        level: What Holm's rule leaves each part.
        alpha: Level of the family.
    """
    found = {
        name: {m.part.id: m.reading(bases, level, alpha) for m in parts}
        for name, (parts, bases) in case.readings.items()
    }
    each = {name: _verdict(by_part) for name, by_part in found.items()}
    verdicts = set(each.values())
    parts = {m.part.id: {by[m.part.id] for by in found.values()} for m in case.readable}
    if verdicts == {HOLDS} and adjusted < alpha:
        return HOLDS, "every part lies beyond its margin"
    if verdicts == {FAILS}:
        against = [p for p, readings in parts.items() if OTHER_SIDE in readings]
        return FAILS, f"on the other side of the margin: {', '.join(against)}"
    if not case.together:
        read = f"{len(case.whole(case.passing))} of {len(case.bases)} bases"
        return UNTESTABLE, f"too few items: {read} pass its gates and have a value of every part"
    if len(verdicts) > 1:
        return OPEN, "; ".join(f"{name}: {verdict}" for name, verdict in each.items())
    open_ = [p for p, readings in parts.items() if readings != {HELD}]
    return OPEN, f"not decided: {', '.join(open_)}" if open_ else "p is not small enough"


def _verdict(by_part: Mapping[str, str]) -> str:
    if OTHER_SIDE in by_part.values():
        return FAILS
    return HOLDS if set(by_part.values()) == {HELD} else OPEN


def _row(
    case: Case,
    claims: Claims,
    reached: tuple[str, str],
    numbers: tuple[float | None, float, float, float] | None,
) -> ClaimVerdict:
    """Args: ``reached``, verdict and reason; ``numbers``, p, adjusted p, level and the first."""
    claim, (verdict, reason) = case.claim, reached
    p, p_holm, level, first = numbers or (None, None, None, None)
    counts = all(part.test == "count" for part in claim.parts)
    bases = len(case.bases)
    power = None if first is None or counts or bases < 2 else detectable(bases, first)
    return ClaimVerdict(
        claim=case.name,
        family=case.name[0],
        text=claim.text,
        published=claim.published,
        mode=claim.mode,
        why=claim.why,
        flags="; ".join(claim.flags),
        verdict=verdict,
        reason=reason,
        gates=case.gates.words(),
        p=None if p is None else rounded(p),
        p_holm=None if p_holm is None else rounded(p_holm),
        level=None if level is None else rounded(level),
        power=None if power is None else rounded(power),
        config=claims.model,
        recipes=" ".join(sorted(claim.recipes)),
        seeds=" ".join(map(str, case.bases)),
        n_seeds=bases,
        n_passed=len(case.passing),
        passed_value=_mean(case.parts[0], case.read_on(case.parts[0])),
        all_value=_mean(case.parts[0], case.bases),
        sha256=claims.sha256,
    )


def _mean(part: Measured, bases: Sequence[int]) -> float | None:
    values = [value for seed, value in part.values.items() if seed in bases]
    return rounded(float(np.mean(values))) if values else None
