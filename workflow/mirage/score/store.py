"""The score stage's files: samples in, tables and the tracking record out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mirage.contracts import Sample, read_rows
from mirage.score.claims.parts import ClaimPart
from mirage.score.claims.verdicts import ClaimVerdict
from mirage.score.compute import ModelScores, Scores
from mirage.score.contrasts import Difference
from mirage.score.csv_rows import Row, from_csv, to_csv
from mirage.score.factorial import Effect
from mirage.score.frame import without_kind
from mirage.score.gates import GateResult
from mirage.score.lengths import Length
from mirage.score.means import Mean
from mirage.score.outcomes import write_outcomes
from mirage.score.paper_contrasts import NanoContrast
from mirage.score.rate_table import RateFile, rate_table, write_rate_table

HEADLINES = frozenset(
    {"asr", "rsr", "over_refusal", "useful", "pair_accuracy", "j", "accuracy", "reject"}
)
"""Metrics that the tracking store shows; the rest stands in the tables."""

RATES = "rates.parquet"


def read_samples(folders: Iterable[Path]) -> list[Sample]:
    """Reads the samples of several suites, in the order given."""
    return [s for folder in folders for s in read_rows(folder / "samples.jsonl", Sample)]


FILES: dict[str, type[Row]] = {
    "means": Mean,
    "contrasts": Difference,
    "gates": GateResult,
    "claims": ClaimPart,
    "claim_verdicts": ClaimVerdict,
    "paper_contrasts": NanoContrast,
    "factorial": Effect,
    "lengths": Length,
}
"""Field of a study's scores (and name of its CSV file) -> what its rows are; rates lie apart."""


def write_model_scores(scores: ModelScores, judge: str, out: Path) -> None:
    """Writes what is scored of one model.

    Args:
        scores: Its scores.
        judge: Who gave the verdicts.
        out: Where to write.
    """
    table = rate_table(scores.rates, judge, scores.model.platform or "")
    write_rate_table(table, out / RATES)
    write_outcomes(scores.answers, out / "outcomes.parquet")
    _write_csv(out / "gates.csv", to_csv(scores.gates, GateResult))
    _write_csv(out / "lengths.csv", to_csv(scores.lengths, Length))


def write_study_scores(scores: Scores, out: Path) -> None:
    """Writes one CSV file per field of a study's scores but its rates."""
    for name, kind in FILES.items():
        _write_csv(out / f"{name}.csv", to_csv(getattr(scores, name), kind))


def _write_csv(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def read_scores(folder: Path) -> Scores:
    """Opens the scores of a study; rates are read when asked for.

    Raises:
        DataError: A file is missing or broken.
    """
    rows: dict[str, Any] = {n: from_csv(folder / f"{n}.csv", kind) for n, kind in FILES.items()}
    return Scores(rates=RateFile(folder / RATES), **rows)


def model_record(scores: ModelScores) -> dict[str, object]:
    """Returns what the tracking store shows of a model: headline rates, gates, items in no rate."""
    metrics: dict[str, float] = {}
    for rate in scores.rates:
        if rate.group_by == "all" and rate.metric in HEADLINES and rate.value is not None:
            metrics["/".join(x for x in (rate.suite, rate.corner, rate.metric) if x)] = rate.value
    for gate in scores.gates:
        if gate.value is not None:
            metrics[f"gate/{gate.gate}"] = gate.value
    for name, count in without_kind(one.suite for one in scores.answers).items():
        metrics[f"{name}/items_without_kind"] = count
    return {"params": {}, "metrics": metrics, "curves": {}}


def study_record(scores: Scores) -> dict[str, object]:
    """Returns what the tracking store shows of a study: its claims, and who fails a gate."""
    metrics: dict[str, float] = {}
    for part in scores.claims:
        if part.value is not None:
            metrics[f"claim/{part.claim}/{part.part}"] = part.value
    params = {f"claim {v.claim}": v.verdict for v in scores.claim_verdicts}
    return {"params": params, "metrics": metrics, "curves": {}}
