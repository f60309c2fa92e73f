"""Starts the ranks of a tune task as a job does: ``python asked_job.py <task.json>``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mirage.plan.process import stop_with_a_sentence
from mirage.tune.ranks import launch
from mirage.tune.task import Task

if __name__ == "__main__":
    stop_with_a_sentence()
    launch(Task(**json.loads(Path(sys.argv[1]).read_text())))
