"""What a finished artifact says of itself to the tracking store: its ``record.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mirage.context import DAMAGED
from mirage.contracts import DataError

RECORD: Final = "record.json"

Curves = dict[str, list[tuple[int, float]]]
"""Name -> (step, value) pairs."""


@dataclass(frozen=True)
class Record:
    """A record.

    Attributes:
        metrics: What the stage measured.
        curves: Name and phase of training, ``loss/vision``, -> points.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    curves: Curves = field(default_factory=dict)


def read_record(folder: Path) -> Record:
    """Reads an artifact's record; one without has nothing to show.

    Raises:
        DataError: A broken ``record.json``.
    """
    path = folder / RECORD
    if not path.is_file():
        return Record()
    try:
        plain: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Record(
            {str(name): float(value) for name, value in plain.get("metrics", {}).items()},
            {
                str(name): [(int(step), float(value)) for step, value in pairs]
                for name, pairs in plain.get("curves", {}).items()
            },
        )
    except DAMAGED as broken:
        raise DataError(
            f"{path} cannot be read ({broken}). Remove {folder} and run snakemake again."
        ) from None
