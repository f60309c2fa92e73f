"""The paper's contrasts at nano scale: values base by base; their signs, and who agrees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mirage.plan.schema.claims import PaperContrast, PaperContrasts
from mirage.score.claims.quantity import StudyAnswers, counted, in_words
from mirage.score.rates import rounded

AGREE, DISAGREE, MIXED, NOTHING = "agree", "disagree", "mixed", "no nano counterpart"
NOT_RUN = "not run"


@dataclass(frozen=True)
class NanoContrast:
    """One row of ``paper_contrasts.csv``.

    Attributes:
        a: Published cell, ``table: row: column``; ``b`` the one taken from it.
        quantity: Formula of the nano counterpart; empty where there is none.
        per_seed: Values in points, in the order of the seeds; ``value`` their mean.
        low: Lowest value of a base, ``high`` the highest.
        above: On how many bases the value lies above 0, ``below`` below it.
        sign: ``+`` or ``-`` where all bases say so, else ``mixed``; empty where nothing is
            measured.
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
    per_seed: str
    value: float | None
    low: float | None
    high: float | None
    above: int
    below: int
    sign: str
    missing: str
    sha256: str


def nano_contrasts(listed: PaperContrasts, study: StudyAnswers) -> list[NanoContrast]:
    """Measures every listed contrast, in the order of the list.

    Confirmatory bases are read alone where the study has any.

    Args:
        listed: The list.
        study: The study's answers.
    """
    there = study.seeds(listed.model)
    seeds = listed.seeds.among(there) or there
    return [_row(contrast, listed, study, seeds) for contrast in listed.contrasts]


def _row(
    contrast: PaperContrast,
    listed: PaperContrasts,
    study: StudyAnswers,
    seeds: Sequence[int],
) -> NanoContrast:
    values: list[float] = []
    used: tuple[int, ...] = ()
    n, missing = 0, ""
    if contrast.quantity is not None:
        counts = counted(contrast.quantity, study, seeds, listed.model, listed.population)
        used, missing, n = counts.seeds, ", ".join(counts.missing), counts.n_items
        values = [] if np.isnan(counts.values).any() else [rounded(v) for v in counts.values]
    above, below = sum(v > 0 for v in values), sum(v < 0 for v in values)
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
        per_seed=" ".join(f"{v:.2f}" for v in values),
        value=rounded(float(np.mean(values))) if values else None,
        low=min(values, default=None),
        high=max(values, default=None),
        above=above,
        below=below,
        sign=_sign(above, below, len(values)),
        missing=missing,
        sha256=listed.sha256,
    )


def _sign(above: int, below: int, bases: int) -> str:
    if not bases:
        return ""
    return "+" if above == bases else "-" if below == bases else MIXED


def agreement(published: float, row: NanoContrast) -> str:
    """Compares the published difference ``a - b`` with what the nano counterpart says.

    Returns:
        ``agree``, ``disagree``, ``mixed`` (the bases do not share a sign, or the paper shows no
        difference), ``no nano counterpart`` or ``not run``.
    """
    if not row.quantity:
        return NOTHING
    if not row.sign:
        return NOT_RUN
    if row.sign == MIXED or published == 0:
        return MIXED
    return AGREE if (row.sign == "+") == (published > 0) else DISAGREE


def agreement_rate(outcomes: Iterable[str]) -> tuple[int, int]:
    """Returns how many contrasts agree, and how many have one sign on every base."""
    listed = list(outcomes)
    agreeing = listed.count(AGREE)
    return agreeing, agreeing + listed.count(DISAGREE)
