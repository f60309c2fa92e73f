"""Runs a tune task in a process that kills itself at a chosen moment: for test_resume.

``python dying_job.py <task.json> step <n>``   after the n-th optimizer step of this process
``python dying_job.py <task.json> write <n>``  inside the n-th checkpoint: files there, no seal
``python dying_job.py <task.json> seal <n>``   inside the n-th checkpoint's manifest
``python dying_job.py <task.json> never 0``    not at all
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mirage.tune import checkpoint
from mirage.tune.perform import perform
from mirage.tune.progress import Progress
from mirage.tune.task import Task


def die_at(count: int, then: Callable[..., Any]) -> Callable[..., Any]:
    calls = 0

    def counted(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return then(*args, **named)

    return counted


def main(task: str, moment: str, count: int) -> None:
    if moment == "step":
        Progress.step = die_at(count, Progress.step)  # type: ignore[method-assign]
    if moment == "write":
        checkpoint.seal = die_at(count, checkpoint.seal)
    if moment == "seal":
        Path.replace = die_at(count, Path.replace)  # type: ignore[method-assign]
    perform(Task(**json.loads(Path(task).read_text())), print)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
