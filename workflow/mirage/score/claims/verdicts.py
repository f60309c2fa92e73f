"""The verdict on each claim, by the rules that were fixed with the claims.

- *holds*: Holm's adjusted p of the claim (the largest of its parts') is below alpha and the crossed
  bootstrap's bound at the same adjusted level lies beyond every margin.
- *does not hold*: the unadjusted 95 % interval of a part lies wholly on the other side of its
  margin, by t and by the bootstrap. One such part is enough, also where another could not be
  measured: no value of that one could make the claim hold.
- *not testable at nano scale*: a gate it rests on failed for at least one of the seeds. Leaving
  such seeds out afterwards would choose among replicates, so one failure holds the claim back; the
  mean over the seeds whose gates passed stands beside it.
- *undecided*: all else; also models not run, gates not measured, one seed alone.
- *exploratory*: settings were changed on the command line; nothing is decided.

Of several alternatives each has gates of its own: one whose gate is not passed drops out and still
counts in the number that multiplies p. The claim cannot fail then, since that alternative is open;
it is *not testable* if all drop out.

A claim that cannot be tested (no p, a gate failed or not measured) keeps its place in the family
with p = 1, so that running or passing fewer claims never makes the others easier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirage.plan.schema.claims import Claim, Claims, Part
from mirage.plan.schema.score import Score
from mirage.score.claims.gating import BlockingGates, gates_of
from mirage.score.claims.parts import ClaimPart, Measured, measure, row
from mirage.score.claims.quantity import StudyAnswers
from mirage.score.gates import GateResult
from mirage.score.intervals import holm
from mirage.score.rates import rounded

HOLDS, FAILS, OPEN = "holds", "does not hold", "undecided"
UNTESTABLE = "not testable at nano scale"
DEVELOPMENT = "development seed: no verdict"
EXPLORATORY = "exploratory"


@dataclass(frozen=True)
class ClaimVerdict:
    """One row of ``claim_verdicts.csv``.

    Attributes:
        family: ``C`` (the paper's) or ``H`` (ours); Holm's rule runs within it.
        provisional: ``yes`` below the full number of confirmatory seeds.
        reason: Why, in words.
        gates: Gates that it rests on and that are not passed, with their seeds.
        p: Largest p of its parts; of alternatives, the smallest such times their number. Empty
            where no verdict is given, as are ``p_holm`` and ``level`` on development seeds and
            under changed settings.
        n_seeds: Seeds that all its measured parts are read on; ``n_passed`` those of them whose
            gates all passed.
        passed_value: Value of its first part over the seeds whose gates all passed.
        sha256: Hash of the ledger.
    """

    claim: str
    family: str
    text: str
    published: str
    mode: str
    why: str
    flags: str
    verdict: str
    provisional: str
    reason: str
    gates: str
    p: float | None
    p_holm: float | None
    level: float | None
    config: str
    seeds: str
    n_seeds: int
    n_passed: int
    passed_value: float | None
    sha256: str


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
    chosen = claims.seeds.among(there)
    open_ = _no_verdict(claims, bool(chosen) or not there)
    measured = measure(claims, study, score, chosen or there)
    by_claim = {name: [m for m in measured if m.claim == name] for name in claims.claims}
    parts, verdicts = [], []
    for family in claims.families():
        helds = {
            name: {
                alternative: gates_of(name, recipes, gates, score, claims.model, chosen or there)
                for alternative, recipes in _recipes(claims.claims[name]).items()
            }
            for name in family
        }
        p_values = {
            name: None if open_ else claim_p(by_claim[name], helds[name]) for name in family
        }
        adjusted, levels = holm_levels(p_values, claims.alpha)
        for name in family:
            claim_parts, held = by_claim[name], helds[name]
            level = levels[name] / len(held)
            read = []
            for one in claim_parts:
                own = gates_of(
                    name, one.part.quantity.recipes, gates, score, claims.model, chosen or there
                )
                part_level = level if isinstance(one.part, Part) else claims.alpha
                clear = not own.seeds and not _failed(one, held)
                parts.append(row(one, part_level if clear and not open_ else None))
                read += [one] if clear else []
            small = adjusted[name] < claims.alpha
            verdict = open_ or decide(claim_parts, read, held, small, level)
            numbers = None if open_ else (p_values[name], adjusted[name], levels[name])
            verdicts.append(
                _row(
                    name, claims, claim_parts, BlockingGates.joined(held.values()), verdict, numbers
                )
            )
    return parts, verdicts


def _no_verdict(claims: Claims, confirming: bool) -> tuple[str, str] | None:
    """Returns what stands in place of every verdict of a study that decides nothing."""
    if not confirming:
        return DEVELOPMENT, "this study has no confirmatory seed"
    if claims.changed:
        verdict = f"{EXPLORATORY} (settings changed: {', '.join(claims.changed)})"
        return verdict, "verdicts are for the committed settings alone"
    return None


def _recipes(claim: Claim) -> dict[str, frozenset[str]]:
    """Returns the recipes that each alternative of a claim reads."""
    return {
        name: frozenset().union(*(p.quantity.recipes for p in claim.parts if p.alternative == name))
        for name in claim.alternatives
    }


def _failed(one: Measured, held: Mapping[str, BlockingGates]) -> bool:
    """Whether a failed gate keeps a part from being read; what stands beside goes with them all."""
    if isinstance(one.part, Part):
        return bool(held[one.part.alternative].failed)
    return all(each.failed for each in held.values())


def claim_p(parts: Sequence[Measured], held: Mapping[str, BlockingGates]) -> float | None:
    """The largest p of the parts; of several alternatives, the smallest such p times their number.

    None if a part of every alternative has no p or rests on a gate that is not passed.
    """
    groups: dict[str, list[float | None]] = {}
    for one in parts:
        if isinstance(one.part, Part):
            p = None if held[one.part.alternative].seeds else one.p
            groups.setdefault(one.part.alternative, []).append(p)
    largest = [max(x for x in ps if x is not None) for ps in groups.values() if None not in ps]
    return min(1.0, min(largest) * len(groups)) if largest else None


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


def decide(
    parts: Sequence[Measured],
    read: Sequence[Measured],
    held: Mapping[str, BlockingGates],
    small: bool,
    level: float,
) -> tuple[str, str]:
    """Returns verdict and reason.

    Args:
        parts: The claim's parts, and what stands beside them.
        read: Those of them whose own gates are all passed, none of their alternative failing.
        held: Alternative -> gates that are not passed.
        small: Whether Holm's adjusted p is below alpha.
        level: What Holm's rule leaves each part.
    """
    tested = [m for m in parts if isinstance(m.part, Part)]
    readings: dict[str, dict[str, str]] = {name: {} for name in held}
    for one in read:
        if isinstance(one.part, Part):
            readings[one.part.alternative][one.part.id] = one.reading(level)
    against = [
        [p for p, r in readings_of.items() if r == "other side"]
        for readings_of in readings.values()
    ]
    if all(against):
        parts_against = ", ".join(p for readings_of in against for p in readings_of)
        return FAILS, f"on the other side of the margin: {parts_against}"
    testable = {name: readings_of for name, readings_of in readings.items() if not held[name].seeds}
    whole = [
        name for name, readings_of in testable.items() if set(readings_of.values()) == {"holds"}
    ]
    if small and whole:
        named = [name for name in whole if name]
        return HOLDS, f"by {', '.join(named)}" if named else "every part lies beyond its margin"
    if obstacle := _obstacle(tested, held):
        return obstacle
    open_ = [p for readings_of in testable.values() for p, r in readings_of.items() if r != "holds"]
    out = [name for name, each in held.items() if each.seeds]
    reasons = [f"not decided: {', '.join(open_)}"] if open_ else []
    reasons += [f"held back by gates: {', '.join(out)}"] if out else []
    return OPEN, "; ".join(reasons) or "p is not small enough"


def _obstacle(
    tested: Sequence[Measured], held: Mapping[str, BlockingGates]
) -> tuple[str, str] | None:
    """What keeps a claim from being tested at all, in the order in which it is told."""
    absent = [m for m in tested if not m.counts.seeds]
    empty = [m.part.id for m in tested if m.summary is None]
    every = BlockingGates.joined(held.values())
    if absent:
        names = dict.fromkeys(x for m in absent for x in m.counts.missing)
        obstacle = OPEN, f"not run: {', '.join(names)}"
    elif all(each.failed for each in held.values()):
        obstacle = UNTESTABLE, f"gates: {every.words()}"
    elif all(each.seeds for each in held.values()):
        obstacle = OPEN, f"gates: {every.words()}"
    elif empty:
        obstacle = OPEN, f"undefined for lack of items: {', '.join(empty)}"
    elif min(len(m.counts.seeds) for m in tested) == 1:
        obstacle = OPEN, "one seed gives no test"
    else:
        return None
    return obstacle


def _row(
    name: str,
    claims: Claims,
    parts: Sequence[Measured],
    held: BlockingGates,
    reached: tuple[str, str],
    numbers: tuple[float | None, float, float] | None,
) -> ClaimVerdict:
    """Args: ``reached``, verdict and reason; ``numbers``, p, adjusted p and level, if given."""
    claim, first, (verdict, reason) = claims.claims[name], parts[0], reached
    read = [set(m.counts.seeds) for m in parts if isinstance(m.part, Part) and m.counts.seeds]
    seeds = sorted(set.intersection(*read)) if read else []
    passed = [s for s in seeds if s not in held.seeds]
    passed_values = [
        v for s, v in zip(first.counts.seeds, first.counts.values, strict=True) if s in passed
    ]
    p, p_holm, level = numbers or (None, None, None)
    provisional = "" if numbers is None else "yes" if len(seeds) < claims.seeds.full else "no"
    return ClaimVerdict(
        claim=name,
        family=name[0],
        text=claim.text,
        published=claim.published,
        mode=claim.mode,
        why=claim.why,
        flags="; ".join(claim.flags),
        verdict=verdict,
        provisional=provisional,
        reason=reason,
        gates=held.words(),
        p=None if p is None else rounded(p),
        p_holm=None if p_holm is None else rounded(p_holm),
        level=None if level is None else rounded(level),
        config=claims.model,
        seeds=" ".join(map(str, seeds)),
        n_seeds=len(seeds),
        n_passed=len(passed),
        passed_value=rounded(sum(passed_values) / len(passed_values))
        if passed_values and first.summary
        else None,
        sha256=claims.sha256,
    )
