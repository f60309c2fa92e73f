"""Scores as tidy CSV files and back; reading what was written gives equal rows."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from mirage.contracts import DataError
from mirage.score.claims.parts import ClaimPart
from mirage.score.claims.verdicts import ClaimVerdict
from mirage.score.contrasts import Difference
from mirage.score.factorial import Effect
from mirage.score.gates import GateResult
from mirage.score.lengths import Length
from mirage.score.means import Mean
from mirage.score.paper_contrasts import NanoContrast

Row = Mean | Difference | GateResult | ClaimPart | ClaimVerdict | NanoContrast | Effect | Length
AnyRow = TypeVar("AnyRow", bound=Row)


def to_csv(rows: Sequence[AnyRow], kind: type[AnyRow]) -> str:
    """Returns rows as CSV text: one column per field, empty where a value is None."""
    text = io.StringIO()
    names = [f.name for f in dataclasses.fields(kind)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    # The writer gives None as an empty cell and a float as its shortest exact text.
    writer.writerows(map(attrgetter(*names), rows))
    return text.getvalue()


def from_csv(path: Path, kind: type[AnyRow]) -> list[AnyRow]:
    """Reads what ``to_csv`` wrote.

    Raises:
        DataError: Missing file, other columns, a value of the wrong type.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist. Score again with: snakemake")
    fields = {f.name: READERS[str(f.type)] for f in dataclasses.fields(kind)}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if next(reader, []) != list(fields):
            raise DataError(f"{path}, line 1: expected the columns {', '.join(fields)}.")
        rows = []
        for number, cells in enumerate(reader, 2):
            try:
                values = [read(c) for read, c in zip(fields.values(), cells, strict=True)]
            except ValueError as broken:
                raise DataError(
                    f"{path}, line {number}: {broken}. Remove its folder and run snakemake again."
                ) from None
            rows.append(kind(*values))
    return rows


def _number_or_none(text: str) -> float | None:
    return float(text) if text else None


READERS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "float | None": _number_or_none,
}
"""Type of a field -> how its cells are read."""
