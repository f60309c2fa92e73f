"""``python -m mirage.respond.lmms.marks``: which answers lmms-eval counts as right, item by item.

Its files of samples hold what each task's own aggregation reads, in a form of each task's own, and
not every form says right or wrong. So the aggregation itself is asked: of one item alone it gives
all or nothing. Of all items together it must give the score that the run reported.

This is the only code that imports lmms-eval.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mirage.contracts import DataError
from mirage.files import canonical, sha256

PACKAGE = "lmms-eval"
CLOSE = 1e-4
"""Share of a task's best score within which two aggregations agree: some round to five digits."""

Aggregation = Callable[[list[Any]], float]


def aggregation_of(task: str, metric: str) -> Aggregation:
    """Returns a task's own aggregation of a metric, read from its file; no data are loaded.

    Raises:
        DataError: lmms-eval has no such task, or the task no such metric.
    """
    manager = importlib.import_module("lmms_eval.tasks").TaskManager("ERROR")
    if task not in manager.all_tasks:
        raise DataError(f"{PACKAGE} {version(PACKAGE)} has no task {task!r}. Correct conf/suite.")
    listed = {each["metric"]: each for each in manager._get_config(task)["metric_list"]}
    if metric not in listed:
        raise DataError(f"{task} has no metric {metric!r}, only {', '.join(listed)}.")
    named = listed[metric]["aggregation"]
    if isinstance(named, str):
        named = importlib.import_module("lmms_eval.api.registry").get_aggregation(named)
    found: Aggregation = named
    return found


def marked(
    samples: Path, results: Path, harness: Mapping[str, Any], aggregation: Aggregation
) -> dict[str, Any]:
    """Reads what a run left and marks each item.

    Args:
        samples: JSON lines of the items.
        results: The aggregated scores.
        harness: Settings of the suite: ``task``, ``metric`` and ``out_of``.
        aggregation: The metric's.

    Returns:
        ``rows`` (``doc_id``, ``text``, ``tokens``, ``correct``, and where that is None ``why``),
        ``score`` and ``versions``.

    Raises:
        DataError: A file is broken, no item was answered, one has a part of a score, or the marks
            do not give the score that lmms-eval reported.
    """
    task, metric, best = harness["task"], harness["metric"], float(harness["out_of"])
    lines = samples.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    said = json.loads(results.read_text(encoding="utf-8"))
    values = {int(row["doc_id"]): row.get(metric) for row in rows}
    if len(values) != len(rows):
        raise DataError(f"{samples}: a doc_id stands twice. Remove the file, run snakemake again.")
    known = [value for value in values.values() if value is not None]
    with redirect_stdout(sys.stderr):  # some aggregations print
        marks = {at: _mark(value, aggregation, best, at) for at, value in values.items()}
        again = float(aggregation(known)) if known else math.nan
    if not any(map(_text, rows)):
        raise DataError(
            f"{samples}: lmms-eval answered none of {len(rows)} items; its log says why."
        )
    counts = any(map(_tokens, rows))
    score = _reported(said["results"][task], metric)
    if not math.isclose(again, score, rel_tol=0, abs_tol=CLOSE * best):
        raise DataError(
            f"{samples}: its items give a {metric} of {again}, but lmms-eval reported {score}. "
            f"Files of two runs? Remove {samples.parent}, run snakemake again."
        )
    return {
        "rows": [
            {
                "doc_id": int(row["doc_id"]),
                "text": _text(row),
                "tokens": _tokens(row),
                **_outcome(row, marks[int(row["doc_id"])], counts=counts),
            }
            for row in rows
        ],
        "score": score / best,
        "versions": {
            "lmms_eval": version(PACKAGE),
            "task": task,
            "task_version": str(said.get("versions", {}).get(task, "")),
            "questions": _digest(rows),
        },
    }


def _outcome(row: Mapping[str, Any], mark: bool | None, *, counts: bool) -> dict[str, Any]:
    """What an item counts as.

    Some classes of lmms-eval log an error (memory that ran out, say) and hand on an empty answer,
    which its tasks then mark as wrong. A model that says nothing ends with a token, so where a
    class counts tokens (``counts``) an empty answer of none was never given.
    """
    if counts and not _text(row) and not _tokens(row):
        return {"correct": None, "why": "the model failed in lmms-eval"}
    return {"correct": mark, "why": "lmms-eval gave no score" if mark is None else ""}


def _mark(value: Any, aggregation: Aggregation, best: float, at: int) -> bool | None:
    if value is None:
        return None
    share = float(aggregation([value])) / best
    if not any(math.isclose(share, whole, abs_tol=CLOSE) for whole in (0.0, 1.0)):
        raise DataError(
            f"item {at} has {share:.3f} of a score: it is neither right nor wrong. Name another "
            "metric or out_of in conf/suite."
        )
    return share > 0.5


def _reported(scores: Mapping[str, Any], metric: str) -> float:
    """A metric stands under its name and that of the filter that answers went through."""
    found = [
        value
        for key, value in scores.items()
        if key.partition(",")[0] == metric and isinstance(value, (int, float))
    ]
    if len(found) != 1:
        raise DataError(f"lmms-eval reports {len(found)} values of {metric}, where one is due.")
    return float(found[0])


def _digest(rows: list[dict[str, Any]]) -> str:
    """Tells editions of a benchmark apart by prompts and right answers.

    lmms-eval's own ``task_hashes`` do not: in 0.7.3 they are equal for all tasks of one size.
    """
    asked = sorted((int(row["doc_id"]), row.get("input"), row.get("target")) for row in rows)
    return sha256(canonical(asked).encode())


def _text(row: Mapping[str, Any]) -> str:
    """The raw answer; the file leaves it out where it is equal to the filtered one."""
    answer = row.get("resps", row.get("filtered_resps"))
    while isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def _tokens(row: Mapping[str, Any]) -> int:
    """Tokens of the answer, 0 where the model's class does not count them."""
    counts = [each for each in row.get("token_counts") or [] if each]
    return int(counts[0].get("output_tokens") or 0) if counts else 0


def main(arguments: list[str]) -> None:
    """Writes the marks of a run: ``samples results harness-as-JSON out``."""
    samples, results, harness, out = arguments
    about = json.loads(harness)
    made = marked(
        Path(samples), Path(results), about, aggregation_of(about["task"], about["metric"])
    )
    Path(out).write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
