"""A program with lmms-eval's command line and files, and tasks of three items that it makes up.

Forms of files as lmms-eval 0.7.3 writes them (``loggers/evaluation_tracker.py``); what stands under
a task's metric, and how it is aggregated, as in its ``mmstar``, ``mmmu`` and ``mmt``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSION = "0.7.3"
STAMP = "20261123_031500"
SAID = "FAKE_LMMS_EVAL"
"""Variable with what should go wrong, as JSON."""

ITEMS = [("A", "A", "one"), ("B", "A", "one"), ("C", "C", "two")]
"""Answer, right answer and category."""


def by_category(results: list[dict[str, Any]]) -> float:
    print("by category")
    scores = defaultdict(list)
    for result in results:
        scores[result["l2_category"]].append(result["score"])
    return sum(sum(each) / len(each) for each in scores.values()) / len(scores)


def by_answer(results: list[dict[str, Any]]) -> float:
    right = [result["answer"] in result["parsed_pred"] for result in results]
    return round(sum(right) / len(right), 5)


def in_percent(results: list[dict[str, Any]]) -> float:
    return round(100 * sum(result["overall"] for result in results) / len(results), 5)


def _star(answer: str, right: str, category: str) -> Any:
    return {"question_id": 0, "l2_category": category, "score": float(answer == right)}


def _mmmu(answer: str, right: str, category: str) -> Any:
    return {"id": "x", "subdomain": category, "answer": right, "parsed_pred": [answer]}


def _mmt(answer: str, right: str, category: str) -> Any:
    return {"overall": float(answer == right), category: float(answer == right)}


TASKS: dict[str, tuple[str, Callable[..., Any], Callable[..., float]]] = {
    "mmstar": ("average", _star, by_category),
    "mmmu_val": ("mmmu_acc", _mmmu, by_answer),
    "mmt_mi_val": ("accuracy", _mmt, in_percent),
}


class TaskManager:
    """As ``lmms_eval.tasks.TaskManager``, of which three tasks are asked."""

    def __init__(self, verbosity: str = "INFO") -> None:
        self.all_tasks = sorted(TASKS)

    def _get_config(self, name: str) -> dict[str, Any]:
        metric, _, aggregation = TASKS[name]
        return {"metric_list": [{"metric": metric, "aggregation": aggregation}]}


def parsed(words: list[str]) -> argparse.Namespace:
    """The options that are used of its command line; others end it."""
    parser = argparse.ArgumentParser()
    for name in ("model", "model_args", "tasks", "batch_size", "output_path"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--process_docs_parallel", type=int, default=4)
    parser.add_argument("--limit", type=float, default=None)
    parser.add_argument("--log_samples", action="store_true")
    return parser.parse_args(words)


def main() -> None:
    """Writes the two files of a task; like lmms-eval it ends with 0 where the evaluation fails."""
    wrong = json.loads(os.environ.get(SAID, "{}"))
    options = parsed(sys.argv[1:])
    print("options", json.dumps(vars(options)))
    offline = os.environ.get("HF_HUB_OFFLINE"), os.environ.get("HF_DATASETS_OFFLINE")
    if offline != ("1", "1") or "HF_TOKEN" in os.environ:
        raise SystemExit("not offline")
    if options.tasks == wrong.get("fails"):
        print("ConnectionError: Couldn't reach 'Lin-Chen/MMStar' on the Hub (offline)")
        return
    metric, form, aggregation = TASKS[options.tasks]
    items = ITEMS[: int(options.limit)] if options.limit else ITEMS
    folder = Path(options.output_path, "toys__model")
    folder.mkdir(parents=True)
    rows = []
    for at, (answer, right, category) in enumerate(items):
        value = None if at == wrong.get("unscored") else form(answer, right, category)
        row = {"doc_id": at, "target": right, "filtered_resps": answer, metric: value}
        failed = wrong.get("silent") in (at, "all")  # an error that its class only logs
        row |= {"filtered_resps": ""} if failed else {}
        row |= {
            "token_counts": [None if failed else {"output_tokens": 2}],
            "doc_hash": "0",
            "input": f"{options.tasks}?",
        }
        rows += [] if at == wrong.get("dropped") else [row]
    known = [row[metric] for row in rows if row[metric] is not None]
    score = aggregation(known) + float(wrong.get("more", 0.0))
    results = {
        "results": {options.tasks: {f"{metric},none": score, f"{metric}_stderr,none": "N/A"}},
        "versions": {options.tasks: 0.0},
    }
    (folder / f"{STAMP}_results.json").write_text(json.dumps(results))
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{STAMP}_samples_{options.tasks}.jsonl").write_text(lines)


def install(folder: Path) -> list[Path]:
    """Writes a package ``lmms_eval`` that is this program; returns what PYTHONPATH needs."""
    package = folder / "lmms_eval"
    (package / "tasks").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("from fake_lmms_eval import main\n\nmain()\n")
    (package / "tasks/__init__.py").write_text("from fake_lmms_eval import TaskManager\n")
    about = folder / f"lmms_eval-{VERSION}.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: lmms_eval\nVersion: {VERSION}\n"
    )
    return [folder, Path(__file__).parent]
