"""The score stage's files: samples and verdicts in, CSV and the tracking record out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from mirage.contracts import DataError, Sample, Verdict, read_rows
from mirage.score.compute import Scores
from mirage.score.contrasts import Difference
from mirage.score.files import from_csv, to_csv
from mirage.score.gates import GateResult
from mirage.score.means import Mean
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


def write_scores(scores: Scores, out: Path) -> None:
    """Writes the four CSV files and ``record.json``."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "rates.csv": to_csv(scores.rates, Rate),
        "means.csv": to_csv(scores.means, Mean),
        "contrasts.csv": to_csv(scores.contrasts, Difference),
        "gates.csv": to_csv(scores.gates, GateResult),
        "record.json": json.dumps(record(scores), indent=1, sort_keys=True) + "\n",
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="")


def read_scores(folder: Path) -> Scores:
    """Reads what ``write_scores`` wrote.

    Raises:
        DataError: A file is missing or broken.
    """
    return Scores(
        from_csv(folder / "rates.csv", Rate),
        from_csv(folder / "means.csv", Mean),
        from_csv(folder / "contrasts.csv", Difference),
        from_csv(folder / "gates.csv", GateResult),
    )


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
    return {"params": {}, "metrics": metrics, "curves": {}}
