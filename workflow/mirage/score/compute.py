"""From samples and verdicts in memory to all scores: what files and the MLflow rebuild share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mirage.contracts import DataError, Sample, Verdict
from mirage.plan.schema.score import Score
from mirage.score.contrasts import Difference, contrasts
from mirage.score.frame import Answers, Model, answers_of, suites_of
from mirage.score.gates import GateResult, gates
from mirage.score.joint import joint_rates
from mirage.score.means import Mean, means
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


def score_all(
    samples: Iterable[Sample],
    verdicts: Mapping[str, Iterable[Verdict]],
    score: Score,
    models: Iterable[Model],
) -> Scores:
    """Computes all rates, contrasts and gates.

    Args:
        samples: Samples of all suites.
        verdicts: Model name -> its verdicts.
        score: Settings of the stage.
        models: The models of the study.

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
    answers = [a for m in models for a in answers_of(m, verdicts[m.name], suites)]
    check_coverage(answers, score.min_coverage)
    rates = [rate for a in answers for rate in (*simple_rates(a, score), *joint_rates(a, score))]
    return Scores(
        rates, means(rates, score.alpha), contrasts(answers, score), gates(answers, score)
    )


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
