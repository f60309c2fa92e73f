"""The verdict on each claim, by the rules that were fixed with the claims.

- *holds*: Holm's adjusted p of the claim (the largest of its parts') is below alpha and the crossed
  bootstrap's bound at the same adjusted level lies beyond every margin.
- *does not hold*: the unadjusted 95 % interval of a part lies wholly on the other side of its
  margin, by t and by the bootstrap.
- *not testable at nano scale*: a gate it rests on failed for at least one of the seeds. Leaving
  such seeds out afterwards would choose among replicates, so one failure holds the claim back; the
  mean over the seeds whose gates passed stands beside it.
- *undecided*: all else; also models not run, gates not measured, one seed alone.

A claim that cannot be tested (no p, a gate failed or not measured) keeps its place in the family
with p = 1, so that running or passing fewer claims never makes the others easier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirage.plan.schema.claims import Claims, Part
from mirage.plan.schema.score import Score
from mirage.score.claims import ClaimPart, Measured, measure, row
from mirage.score.gates import GateResult
from mirage.score.held import Held, gates_of
from mirage.score.intervals import holm
from mirage.score.quantity import Pool
from mirage.score.rates import rounded

HOLDS, FAILS, OPEN = "holds", "does not hold", "undecided"
UNTESTABLE = "not testable at nano scale"
DEVELOPMENT = "development seed: no verdict"


@dataclass(frozen=True)
class ClaimVerdict:
    """One row of ``claim_verdicts.csv``.

    Attributes:
        family: ``C`` (the paper's) or ``H`` (ours); Holm's rule runs within it.
        provisional: ``yes`` below the full number of confirmatory seeds.
        reason: Why, in words.
        gates: Gates that it rests on and that are not passed, with their seeds.
        p: Largest p of its parts; of alternatives, the smallest such times their number.
        n_seeds: Seeds it is read on; ``n_passed`` those whose gates all passed.
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
    p_holm: float
    level: float
    config: str
    seeds: str
    n_seeds: int
    n_passed: int
    passed_value: float | None
    sha256: str


def judge_claims(
    claims: Claims, pool: Pool, gates: Sequence[GateResult], score: Score
) -> tuple[list[ClaimPart], list[ClaimVerdict]]:
    """Measures all claims and gives each its verdict, in the order of the ledger.

    Args:
        claims: The ledger.
        pool: The study's answers.
        gates: What the gates said of the study's models.
        score: Settings of the stage.
    """
    there = pool.seeds(claims.model)
    chosen = claims.seeds.among(there)
    confirming = bool(chosen) or not there
    measured = measure(claims, pool, score, chosen or there)
    by_claim = {name: [m for m in measured if m.claim == name] for name in claims.claims}
    parts, verdicts = [], []
    for family in claims.families():
        p_values = {name: claim_p(by_claim[name]) for name in family}
        helds = {
            name: gates_of(name, claims.claims[name], gates, score, claims.model, chosen or there)
            for name in family
        }
        testable = {name: None if helds[name].seeds else p for name, p in p_values.items()}
        adjusted, levels = shared_out(testable, claims.alpha)
        for name in family:
            mine, claim, held = by_claim[name], claims.claims[name], helds[name]
            level = levels[name] / len(claim.alternatives)
            parts += [row(m, level if isinstance(m.part, Part) else claims.alpha) for m in mine]
            verdict, reason = decide(mine, held, adjusted[name] < claims.alpha, level)
            if not confirming:
                verdict, reason = DEVELOPMENT, "this study has no confirmatory seed"
            verdicts.append(
                _row(
                    name,
                    claims,
                    mine,
                    held,
                    verdict,
                    reason,
                    p_values[name],
                    adjusted[name],
                    levels[name],
                )
            )
    return parts, verdicts


def claim_p(parts: Sequence[Measured]) -> float | None:
    """The largest p of the parts; of several alternatives, the smallest such p times their number.

    None if a part of every alternative has no p.
    """
    groups: dict[str, list[float | None]] = {}
    for one in parts:
        if isinstance(one.part, Part):
            groups.setdefault(one.part.alternative, []).append(one.p)
    largest = [max(x for x in ps if x is not None) for ps in groups.values() if None not in ps]
    return min(1.0, min(largest) * len(groups)) if largest else None


def shared_out(
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


def decide(parts: Sequence[Measured], held: Held, small: bool, level: float) -> tuple[str, str]:
    """Returns verdict and reason.

    Args:
        parts: The claim's parts, and what stands beside them.
        held: Gates that are not passed.
        small: Whether Holm's adjusted p is below alpha.
        level: What Holm's rule leaves each part.
    """
    tested = [m for m in parts if isinstance(m.part, Part)]
    if obstacle := _obstacle(tested, held):
        return obstacle
    readings: dict[str, dict[str, str]] = {}
    for one in tested:
        if isinstance(one.part, Part):
            readings.setdefault(one.part.alternative, {})[one.part.id] = one.reading(level)
    whole = [name for name, found in readings.items() if set(found.values()) == {"holds"}]
    if small and whole:
        named = [name for name in whole if name]
        return HOLDS, f"by {', '.join(named)}" if named else "every part lies beyond its margin"
    against = [[p for p, r in found.items() if r == "other side"] for found in readings.values()]
    if all(against):
        parts_against = ", ".join(p for found in against for p in found)
        return FAILS, f"on the other side of the margin: {parts_against}"
    open_ = [p for found in readings.values() for p, r in found.items() if r != "holds"]
    return OPEN, f"not decided: {', '.join(open_)}" if open_ else "p is not small enough"


def _obstacle(tested: Sequence[Measured], held: Held) -> tuple[str, str] | None:
    """What keeps a claim from being tested at all, in the order in which it is told."""
    absent = [m for m in tested if not m.counts.seeds]
    empty = [m.part.id for m in tested if m.summary is None]
    if absent:
        names = dict.fromkeys(x for m in absent for x in m.counts.missing)
        found = OPEN, f"not run: {', '.join(names)}"
    elif held.failed:
        found = UNTESTABLE, f"gates: {held.words()}"
    elif held.unmeasured:
        found = OPEN, f"gates: {held.words()}"
    elif empty:
        found = OPEN, f"undefined for lack of items: {', '.join(empty)}"
    elif min(len(m.counts.seeds) for m in tested) == 1:
        found = OPEN, "one seed gives no test"
    else:
        return None
    return found


def _row(
    name: str,
    claims: Claims,
    parts: Sequence[Measured],
    held: Held,
    verdict: str,
    reason: str,
    p: float | None,
    p_holm: float,
    level: float,
) -> ClaimVerdict:
    claim, first = claims.claims[name], parts[0]
    seeds = sorted({s for m in parts if isinstance(m.part, Part) for s in m.counts.seeds})
    passed = [s for s in seeds if s not in held.seeds]
    kept = [v for s, v in zip(first.counts.seeds, first.counts.values, strict=True) if s in passed]
    return ClaimVerdict(
        claim=name,
        family=name[0],
        text=claim.text,
        published=claim.published,
        mode=claim.mode,
        why=claim.why,
        flags="; ".join(claim.flags),
        verdict=verdict,
        provisional=""
        if verdict == DEVELOPMENT
        else "yes"
        if len(seeds) < claims.seeds.full
        else "no",
        reason=reason,
        gates=held.words(),
        p=None if p is None else rounded(p),
        p_holm=rounded(p_holm),
        level=rounded(level),
        config=claims.model,
        seeds=" ".join(map(str, seeds)),
        n_seeds=len(seeds),
        n_passed=len(passed),
        passed_value=rounded(sum(kept) / len(kept)) if kept and first.summary else None,
        sha256=claims.sha256,
    )
