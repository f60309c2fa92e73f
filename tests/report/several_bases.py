"""The made-up study on several bases."""

from __future__ import annotations

from dataclasses import replace

from mirage.report.data import ReportData
from mirage.score.means import means
from mirage.score.rate_table import rate_table

JS = (97.5, -3.0, 40.0, 12.0, 9.9)
"""MIRage's J on hard, seed by seed."""


def over(data: ReportData, seeds: int) -> ReportData:
    """The study on several bases, which differ in the J of MIRage alone."""
    rates = [
        replace(
            r,
            seed=seed,
            model=f"{r.recipe}-s{seed}",
            value=JS[seed] if (r.recipe, r.suite, r.metric) == ("mirage", "hard", "j") else r.value,
        )
        for seed in range(seeds)
        for r in data.scores.rates
    ]
    trained = tuple(
        replace(m, seed=seed, name=f"{m.recipe}-s{seed}")
        for m in data.study.trained
        for seed in range(seeds)
    )
    scores = replace(data.scores, rates=rates, means=means([rate_table(rates)]))
    return replace(data, study=replace(data.study, trained=trained), scores=scores)
