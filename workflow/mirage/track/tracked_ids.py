"""What a tracking store has already, asked without importing MLflow where that is possible."""

from __future__ import annotations

import sqlite3
from pathlib import Path

HOLDS = "mirage.holds"
"""Tag of a run, set when all is there: when its numbers were made, and the digest of what it holds.

One tag for both, as every tag is a row where a person compares two runs."""

_HOLDS = f"""
    SELECT tags.value FROM tags JOIN runs ON runs.run_uuid = tags.run_uuid
    JOIN experiments ON experiments.experiment_id = runs.experiment_id
    WHERE tags.key = '{HOLDS}' AND runs.lifecycle_stage = 'active' AND experiments.name = ?
"""


def held(tag: str) -> tuple[float, str]:
    """Returns when the numbers of a run were made, in seconds, and the digest of what it holds."""
    made, _, digest = tag.partition(" ")
    return float(made), digest


def brought(database: Path, experiment: str) -> set[str]:
    """Returns the digests of what the runs of a sqlite tracking store hold.

    Importing MLflow takes longer than everything else a replay with nothing new does, so its tables
    are read directly. A file that is missing, empty or of another layout knows nothing, and then
    MLflow itself is asked.
    """
    if not database.is_file():
        return set()
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return {held(str(row[0]))[1] for row in connection.execute(_HOLDS, (experiment,))}
    except sqlite3.Error:
        return set()
    finally:
        connection.close()
