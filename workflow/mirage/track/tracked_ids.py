"""What a tracking store has already, asked without importing MLflow where that is possible."""

from __future__ import annotations

import sqlite3
from pathlib import Path

BROUGHT = "mirage.brought"
"""Tag of a run: the digest of all that it holds, set when all of it is there."""

_BROUGHT = f"""
    SELECT tags.value FROM tags JOIN runs ON runs.run_uuid = tags.run_uuid
    JOIN experiments ON experiments.experiment_id = runs.experiment_id
    WHERE tags.key = '{BROUGHT}' AND runs.lifecycle_stage = 'active' AND experiments.name = ?
"""


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
        return {str(row[0]) for row in connection.execute(_BROUGHT, (experiment,))}
    except sqlite3.Error:
        return set()
    finally:
        connection.close()
