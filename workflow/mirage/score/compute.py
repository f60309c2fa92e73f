"""From samples and verdicts in memory to all scores: what files and the MLflow rebuild share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mirage.contracts import DataError, Sample, Verdict
from mirage.model_card import ModelCard
from mirage.plan.schema.claims import Claims, PaperContrasts
from mirage.plan.schema.score import Score
from mirage.score.answers import answers_of, probes_of
from mirage.score.claims.parts import ClaimPart
from mirage.score.claims.quantity import Pool
from mirage.score.claims.verdicts import ClaimVerdict, judge_claims
from mirage.score.contrasts import Difference, contrasts
from mirage.score.factorial import Effect, effects
from mirage.score.frame import Answers, Suite, suites_of
from mirage.score.gates import GateResult, gates
from mirage.score.means import Mean, means
from mirage.score.pair_rates import joint_rates
from mirage.score.paper_contrasts import NanoContrast, nano_contrasts
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
class Scores:
    """Everything the score stage finds out."""

    rates: list[Rate]
    means: list[Mean]
    contrasts: list[Difference]
    gates: list[GateResult]
    claims: list[ClaimPart] = field(default_factory=list)
    claim_verdicts: list[ClaimVerdict] = field(default_factory=list)
    paper_contrasts: list[NanoContrast] = field(default_factory=list)
    factorial: list[Effect] = field(default_factory=list)


def score_all(
    samples: Iterable[Sample],
    verdicts: Mapping[str, Iterable[Verdict]],
    score: Score,
    models: Iterable[ModelCard],
    claims: Claims | None = None,
    paper: PaperContrasts | None = None,
) -> Scores:
    """Computes all rates, contrasts, gates, claims and effects.

    Args:
        samples: Samples of all suites.
        verdicts: Model name -> its verdicts.
        score: Settings of the stage.
        models: The models of the study.
        claims: The ledger of claims, for studies that show it.
        paper: The paper's contrasts, for studies that show them.

    Raises:
        DataError: Verdicts, samples and models do not fit together.
        CoverageError: A model and suite are judged below ``score.min_coverage``.
    """
    suites = suites_of(samples)
    models = sorted(models)
    if strays := {m.name for m in models} ^ set(verdicts):
        raise DataError(
            f"{', '.join(sorted(strays))}: either a model of the study without verdicts, or "
            "verdicts of a model that is not of the study. Judge again with: snakemake"
        )
    answers = _answers(models, verdicts, suites)
    check_coverage(answers, score.min_coverage)
    rates = [rate for a in answers for rate in (*simple_rates(a, score), *joint_rates(a, score))]
    pool, passed = Pool.of(answers), gates(answers, score)
    parts, decided = judge_claims(claims, pool, passed, score) if claims else ([], [])
    return Scores(
        rates,
        means(rates, score.alpha),
        contrasts(answers, score),
        passed,
        parts,
        decided,
        nano_contrasts(paper, pool, score) if paper else [],
        effects(pool, score),
    )


def _answers(
    models: list[ModelCard], verdicts: Mapping[str, Iterable[Verdict]], suites: Mapping[str, Suite]
) -> list[Answers]:
    """Joins each model's verdicts, with what its own base knew of the hard hazards."""
    given = {m.name: list(verdicts[m.name]) for m in models}
    knew = {
        (m.config, m.seed): probes_of(given[m.name], suites) for m in models if m.recipe == "base"
    }
    left_out: dict[tuple[str, int], set[tuple[str, ...]]] = {}
    for m in models:
        if m.held_out:
            left_out.setdefault((m.config, m.seed), set()).add(m.held_out)
    return [
        answers
        for m in models
        for answers in answers_of(
            m,
            given[m.name],
            suites,
            knew.get((m.config, m.seed), {}),
            left_out.get((m.config, m.seed), set()),
        )
    ]


def check_coverage(answers: Iterable[Answers], least: float) -> None:
    """Stops when too few items are judged.

    Args:
        answers: Verdicts per model and suite.
        least: Percentage that must be judged in each.

    Raises:
        CoverageError: With the list of ids.
    """
    lines, ids = [], []
    for one in answers:
        share = 100 * one.judged.mean()
        if share < least:
            open_ids = one.suite.column("id")[~one.judged]
            ids += [f"{one.model} {name}" for name in open_ids]
            lines.append(f"{one.model} on {one.suite.name}: {share:.1f} %")
    if lines:
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        raise CoverageError(
            f"judged below score.min_coverage = {least:g} %: {'; '.join(lines)}. Not judged: "
            f"{', '.join(ids[:SHOWN])}{more}. Look at 'reason' in verdicts/, repair the judge and "
            "run snakemake again, or lower score.min_coverage.",
            ids,
        )
