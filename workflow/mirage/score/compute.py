"""From samples and verdicts in memory to scores: of one model, and of a whole study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mirage.contracts import DataError, Response, Verdict
from mirage.model_card import ModelCard
from mirage.plan.schema.claims import Claims, PaperContrasts
from mirage.plan.schema.score import Score
from mirage.score.answers import judged_suites, probes_of
from mirage.score.claims.parts import ClaimPart
from mirage.score.claims.quantity import StudyAnswers
from mirage.score.claims.verdicts import ClaimVerdict, judge_claims
from mirage.score.contrasts import Difference, contrasts
from mirage.score.factorial import Effect, effects
from mirage.score.frame import JudgedSuite, Suite
from mirage.score.gates import GateResult, KnownGate, bound, gates
from mirage.score.lengths import Length, lengths
from mirage.score.means import Mean
from mirage.score.pair_rates import joint_rates
from mirage.score.paper_contrasts import NanoContrast, nano_contrasts
from mirage.score.rate_table import RateFile
from mirage.score.rates import Rate, simple_rates

SHOWN = 20


class CoverageError(DataError):
    """Too many items of a suite are not judged.

    Attributes:
        ids: ``<model> <item id>`` of every item without a verdict.
    """

    def __init__(self, message: str, ids: list[str]) -> None:
        super().__init__(message)
        self.ids = ids


@dataclass(frozen=True)
class ModelScores:
    """What the scores of one model say by themselves.

    Attributes:
        answers: Its outcomes per suite, which contrasts and claims are counted on.
    """

    model: ModelCard
    rates: list[Rate]
    gates: list[GateResult]
    lengths: list[Length]
    answers: list[JudgedSuite]


@dataclass(frozen=True)
class Scores:
    """Everything the score stage computes for a study.

    Attributes:
        rates: In memory, or the file they lie in.
    """

    rates: list[Rate] | RateFile
    means: list[Mean]
    contrasts: list[Difference]
    gates: list[GateResult]
    claims: list[ClaimPart] = field(default_factory=list)
    claim_verdicts: list[ClaimVerdict] = field(default_factory=list)
    paper_contrasts: list[NanoContrast] = field(default_factory=list)
    factorial: list[Effect] = field(default_factory=list)
    lengths: list[Length] = field(default_factory=list)


def score_model(
    model: ModelCard,
    suites: Mapping[str, Suite],
    verdicts: Sequence[Verdict],
    score: Score,
    *,
    of_base: Iterable[Verdict] = (),
    unseen: tuple[str, ...] = (),
    responses: Iterable[Response] = (),
    known_gates: Mapping[str, KnownGate] | None = None,
) -> ModelScores:
    """Computes a model's rates, gates and answer lengths.

    Args:
        model: Who answered.
        suites: The suites it was asked, by name.
        verdicts: On its answers.
        score: Settings of the stage.
        of_base: Verdicts on the answers of its own base, which tell what that knew of each item.
        unseen: Categories that count as held out for it.
        responses: Its answers.
        known_gates: What a released base was said to be by gates, for those it was not asked here.

    Raises:
        DataError: Verdicts and samples do not fit together.
        CoverageError: A suite is judged below ``score.min_coverage``.
    """
    answers = judged_suites(model, verdicts, suites, probes_of(of_base, suites), unseen)
    check_coverage(answers, score.min_coverage)
    rates = [rate for a in answers for rate in (*simple_rates(a, score), *joint_rates(a, score))]
    sizes = list(lengths(model.name, responses, suites, score.alpha))
    return ModelScores(model, rates, gates(answers, score, known_gates or {}), sizes, answers)


def score_study(
    answers: Sequence[JudgedSuite],
    results: Sequence[GateResult],
    score: Score,
    claims: Claims | None = None,
    paper: PaperContrasts | None = None,
) -> Scores:
    """Compares the models of a study: contrasts, claims and effects; rates and means left empty.

    Args:
        answers: Outcomes per model and suite, models sorted.
        results: What the gates said of all models.
        score: Settings of the stage.
        claims: The ledger of claims, for studies that show it.
        paper: The paper's contrasts, for studies that show them.
    """
    study = StudyAnswers.of(answers)
    order = {gate.id: place for place, gate in enumerate(score.gates)}
    passed = bound(results, score.needs)
    passed.sort(key=lambda g: (order[g.gate], g.recipe, g.config, g.seed, g.model))
    parts, decided = judge_claims(claims, study, passed, score) if claims else ([], [])
    return Scores(
        rates=[],
        means=[],
        contrasts=contrasts(answers, score),
        gates=passed,
        claims=parts,
        claim_verdicts=decided,
        paper_contrasts=nano_contrasts(paper, study) if paper else [],
        factorial=effects(study),
    )


def check_coverage(answers: Iterable[JudgedSuite], least: float) -> None:
    """Stops when too few items are judged.

    Args:
        answers: Verdicts per model and suite.
        least: Percentage that must be judged in each.

    Raises:
        CoverageError: With the list of ids.
    """
    lines, ids = [], []
    for one in answers:
        asked = one.suite.column("kind") != ""  # without a kind there is nothing to judge
        share = 100 * one.judged[asked].mean() if asked.any() else 100.0
        if share < least:
            open_ids = one.suite.column("id")[asked & ~one.judged]
            ids += [f"{one.model} {name}" for name in open_ids]
            lines.append(f"{one.model} on {one.suite.name}: {share:.1f} %")
    if lines:
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        raise CoverageError(
            f"judged below score.min_coverage = {least:g} %: {'; '.join(lines)}. Not judged: "
            f"{', '.join(ids[:SHOWN])}{more}. Look at 'reason' in verdicts.jsonl, repair the "
            "judge, remove the folder of its verdicts and run snakemake again (what is judged "
            "stays judged), or lower score.min_coverage.",
            ids,
        )
