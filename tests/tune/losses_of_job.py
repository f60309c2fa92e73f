"""Runs a tune task and prints the losses of its steps: ``python losses_of_job.py <task.json>``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mirage.tune.perform import perform
from mirage.tune.task import Task

if __name__ == "__main__":
    task = Task(**json.loads(Path(sys.argv[1]).read_text()))
    Path(task.work, "recipe").mkdir(parents=True, exist_ok=True)
    perform(task, lambda line: print(line, file=sys.stderr))
    rows = map(json.loads, Path(task.out, "curve.jsonl").read_text().splitlines())
    print(json.dumps([row["loss"] for row in rows]))
