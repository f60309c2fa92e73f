"""The paper's contrasts at nano scale: values with intervals; their signs, and who agrees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mirage.plan.schema.claims import PaperContrast, PaperContrasts
from mirage.plan.schema.score import Score
from mirage.score.claims.over_seeds import summarise
from mirage.score.claims.quantity import StudyAnswers, counted, in_words
from mirage.score.rates import rounded

AGREE, DISAGREE, UNCLEAR, NOTHING = "agree", "disagree", "unclear", "no nano counterpart"
NOT_RUN = "not run"


@dataclass(frozen=True)
class NanoContrast:
    """One row of ``paper_contrasts.csv``.

    Attributes:
        a: Published cell, ``table: row: column``; ``b`` the one taken from it.
        quantity: Formula of the nano counterpart; empty where there is none.
        value: In points, the mean over seeds.
        low: 95 % limits by t over seeds; by pairs where there is one seed.
        sign: ``+`` or ``-`` where the interval leaves 0 out, else ``unclear``; empty where nothing
            is measured.
        missing: Models or suites that were not run.
    """

    contrast: str
    claim: str
    words: str
    a: str
    b: str
    quantity: str
    reason: str
    seeds: str
    n_seeds: int
    n: int
    n_pairs: int
    value: float | None
    low: float | None
    high: float | None
    sign: str
    method: str
    missing: str
    sha256: str


def nano_contrasts(listed: PaperContrasts, study: StudyAnswers, score: Score) -> list[NanoContrast]:
    """Measures every listed contrast, in the order of the list.

    Confirmatory seeds are read alone where the study has any.

    Args:
        listed: The list.
        study: The study's answers.
        score: Settings of the stage.
    """
    there = study.seeds(listed.model)
    seeds = listed.seeds.among(there) or there
    return [_row(contrast, listed, study, score, seeds) for contrast in listed.contrasts]


def _row(
    contrast: PaperContrast,
    listed: PaperContrasts,
    study: StudyAnswers,
    score: Score,
    seeds: Sequence[int],
) -> NanoContrast:
    value = low = high = None
    used: tuple[int, ...] = ()
    n = n_pairs = 0
    method = missing = ""
    if contrast.quantity is not None:
        counts = counted(contrast.quantity, study, seeds, listed.model, listed.population)
        used, missing = counts.seeds, ", ".join(counts.missing)
        n, n_pairs = counts.n_items, counts.n_pairs
        if (summary := summarise(counts, score.n_resamples, score.seed)) is not None:
            value, method = rounded(summary.mean), summary.method
            low = rounded(summary.bound(score.alpha / 2, upper=False))
            high = rounded(summary.bound(score.alpha / 2, upper=True))
    return NanoContrast(
        contrast=contrast.id,
        claim=contrast.claim,
        words=contrast.words,
        a=": ".join((contrast.a.table, contrast.a.row, contrast.a.column)),
        b=": ".join((contrast.b.table, contrast.b.row, contrast.b.column)),
        quantity=in_words(contrast.quantity) if contrast.quantity else "",
        reason=contrast.reason,
        seeds=" ".join(map(str, used)),
        n_seeds=len(used),
        n=n,
        n_pairs=n_pairs,
        value=value,
        low=low,
        high=high,
        sign=""
        if low is None or high is None
        else "+"
        if low > 0
        else "-"
        if high < 0
        else UNCLEAR,
        method=method,
        missing=missing,
        sha256=listed.sha256,
    )


def agreement(published: float, row: NanoContrast) -> str:
    """Compares the published difference ``a - b`` with what the nano counterpart says.

    Returns:
        ``agree``, ``disagree``, ``unclear`` (the interval holds 0, or the paper shows no
        difference), ``no nano counterpart`` or ``not run``.
    """
    if not row.quantity:
        return NOTHING
    if not row.sign:
        return NOT_RUN
    if row.sign == UNCLEAR or published == 0:
        return UNCLEAR
    return AGREE if (row.sign == "+") == (published > 0) else DISAGREE


def agreement_rate(outcomes: Iterable[str]) -> tuple[int, int]:
    """Returns how many contrasts agree, and how many have a clear sign at nano scale."""
    listed = list(outcomes)
    agreeing = listed.count(AGREE)
    return agreeing, agreeing + listed.count(DISAGREE)
