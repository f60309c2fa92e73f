"""The score stage's files: samples and verdicts in, CSV and the tracking record out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mirage.contracts import DataError, Sample, Verdict, read_rows
from mirage.score.claims.parts import ClaimPart
from mirage.score.claims.verdicts import ClaimVerdict
from mirage.score.compute import Scores
from mirage.score.contrasts import Difference
from mirage.score.csv_rows import Row, from_csv, to_csv
from mirage.score.factorial import Effect
from mirage.score.gates import GateResult
from mirage.score.means import Mean
from mirage.score.paper_contrasts import NanoContrast
from mirage.score.rates import Rate

HEADLINES = frozenset(
    {"asr", "rsr", "over_refusal", "useful", "pair_accuracy", "j", "accuracy", "reject"}
)
"""Metrics that the tracking store shows; the rest stands in the CSV."""


def read_samples(folders: Iterable[Path]) -> list[Sample]:
    """Reads the samples of several suites, in the order given."""
    return [s for folder in folders for s in read_rows(folder / "samples.jsonl", Sample)]


def read_verdicts(folders: Iterable[Path]) -> dict[str, list[Verdict]]:
    """Reads verdict files by model name.

    Raises:
        DataError: No file, a model in two folders, or a broken line.
    """
    found: dict[str, list[Verdict]] = {}
    for folder in folders:
        paths = sorted((folder / "verdicts").glob("*.jsonl"))
        if not paths:
            raise DataError(f"{folder / 'verdicts'} holds no *.jsonl. Judge with: snakemake")
        for path in paths:
            if path.stem in found:
                raise DataError(f"{path}: model {path.stem} was judged in another folder already.")
            found[path.stem] = read_rows(path, Verdict)
    return found


FILES: dict[str, type[Row]] = {
    "rates": Rate,
    "means": Mean,
    "contrasts": Difference,
    "gates": GateResult,
    "claims": ClaimPart,
    "claim_verdicts": ClaimVerdict,
    "paper_contrasts": NanoContrast,
    "factorial": Effect,
}
"""Field of the scores (and name of its CSV file) -> what its rows are."""


def write_scores(scores: Scores, out: Path) -> None:
    """Writes one CSV file per field of the scores, and ``record.json``."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {f"{name}.csv": to_csv(getattr(scores, name), kind) for name, kind in FILES.items()}
    texts["record.json"] = json.dumps(record(scores), indent=1, sort_keys=True) + "\n"
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="")


def read_scores(folder: Path) -> Scores:
    """Reads what ``write_scores`` wrote.

    Raises:
        DataError: A file is missing or broken.
    """
    rows: dict[str, Any] = {n: from_csv(folder / f"{n}.csv", kind) for n, kind in FILES.items()}
    return Scores(**rows)


def record(scores: Scores) -> dict[str, object]:
    """Returns what the tracking store shows: headline rates of every model, gates as 0 and 1."""
    metrics: dict[str, float] = {}
    for rate in scores.rates:
        if rate.group_by == "all" and rate.metric in HEADLINES and rate.value is not None:
            place = "/".join(x for x in (rate.model, rate.suite, rate.corner, rate.metric) if x)
            metrics[place] = rate.value
    for gate in scores.gates:
        if gate.value is not None:
            metrics[f"{gate.model}/gate/{gate.gate}"] = gate.value
    for part in scores.claims:
        if part.value is not None:
            metrics[f"claim/{part.claim}/{part.part}"] = part.value
    params = {f"claim {v.claim}": v.verdict for v in scores.claim_verdicts}
    return {"params": params, "metrics": metrics, "curves": {}}
