"""All scores of a study in memory, in one call, as the jobs of the stage make them one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mirage.contracts import Response, Sample, Verdict
from mirage.model_card import ModelCard, unseen_categories
from mirage.plan.schema.claims import Claims, PaperContrasts
from mirage.plan.schema.score import Score
from mirage.score.compute import Scores, score_model, score_study
from mirage.score.frame import suites_of
from mirage.score.means import means
from mirage.score.rate_table import rate_table


def score_all(
    samples: Iterable[Sample],
    verdicts: Mapping[str, Iterable[Verdict]],
    score: Score,
    models: Iterable[ModelCard],
    claims: Claims | None = None,
    paper: PaperContrasts | None = None,
    responses: Mapping[str, Iterable[Response]] | None = None,
) -> Scores:
    """Computes all scores of a study in memory, as the jobs of the stage do one by one.

    Args:
        samples: Samples of all suites.
        verdicts: Model name -> its verdicts.
        score: Settings of the stage.
        models: The models of the study.
        claims: The ledger of claims, for studies that show it.
        paper: The paper's contrasts, for studies that show them.
        responses: Model name -> its answers.

    Raises:
        CoverageError: A model and suite are judged below ``score.min_coverage``.
    """
    suites = suites_of(samples)
    models = sorted(models)
    given = {name: list(rows) for name, rows in verdicts.items()}
    bases = {(m.config, m.seed): m.name for m in models if m.is_base}
    unseen = unseen_categories(models)
    scored = [
        score_model(
            m,
            suites,
            given[m.name],
            score,
            of_base=given.get(bases.get((m.config, m.seed), ""), ()),
            unseen=unseen[m.name],
            responses=(responses or {}).get(m.name, ()),
        )
        for m in models
    ]
    answers = [a for one in scored for a in one.answers]
    compared = score_study(answers, [g for one in scored for g in one.gates], score, claims, paper)
    return replace(
        compared,
        rates=[rate for one in scored for rate in one.rates],
        means=means(rate_table(one.rates) for one in scored),
        lengths=[length for one in scored for length in one.lengths],
    )
