"""Errors that no further attempt can mend: the rest of a run's attempts end at once with them.

Snakemake and Slurm start a failed job again, and each attempt may wait hours in a queue and then
find a machine that happens to fit. So the first attempt leaves a note; a new run tries again.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from mirage.context import DAMAGED
from mirage.files import canonical, write_atomic
from mirage.final_error import FinalError

RUN = "MIRAGE_RUN"
"""Environment variable: the run that a job belongs to; not set for jobs by hand."""
NOTES = "plan/final"


def leave_note(store: Path, folder: str, error: FinalError) -> None:
    """Keeps the error for further attempts at the job in this run.

    Args:
        store: Root of all artifacts.
        folder: The job's artifact, relative to the store.
        error: What ended the job.
    """
    if run := os.environ.get(RUN):
        # A store that cannot be written must not hide what is wrong with the job.
        with suppress(OSError):
            write_atomic(_note(store, folder), canonical({"run": run, "error": str(error)}))


def check_notes(store: Path, folder: str) -> None:
    """Ends a job at which an attempt of the same run has ended with a final error.

    Raises:
        FinalError: The same as then.
    """
    run = os.environ.get(RUN)
    try:
        note = json.loads(_note(store, folder).read_text(encoding="utf-8"))
        same, error = run is not None and note["run"] == run, str(note["error"])
    except (OSError, *DAMAGED):
        return
    if same:
        raise FinalError(error)


def _note(store: Path, folder: str) -> Path:
    return store / NOTES / f"{folder}.json"
