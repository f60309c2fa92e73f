"""Append-only stores that several processes and hosts may write: one file per writer.

A writer has a token of its own and appends to ``<token>.jsonl`` alone; readers take the union of
all files. So no lock is needed, a killed writer can tear only the last line of its own file, and
a process that was thought dead and wakes up cannot damage what its successor stored.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mirage.contracts import DataError
from mirage.files import sync

ENDING = ".jsonl"
_ORDER = "order"
"""Field of a line, beside the row's own: bytes that the store held when the row was added. Files
only grow, so this number orders the rows of all writers in time without any clock."""


class TokenStore:
    """Rows by key; of several rows with one key, the one stored first is final."""

    def __init__(self, folder: Path, token: str | None = None) -> None:
        """Opens a store; nothing is made before the first row is added.

        Args:
            folder: Where the files lie; nothing else may lie there.
            token: Name of this writer's file, used by no other writer; a random one by default.
        """
        self.folder = folder
        self.token = token or uuid.uuid4().hex

    def load(self) -> dict[str, dict[str, Any]]:
        """Reads the rows of all writers.

        Returns:
            Key -> row, in the order they were stored.

        Raises:
            DataError: A broken line that is not the last of its file: the file was edited.
        """
        rows: list[tuple[int, dict[str, Any]]] = []
        for path in self._files():
            lines = path.read_bytes().split(b"\n")
            # What follows the last newline is empty, or a line that a killed writer tore or that a
            # living one is writing now.
            for number, line in enumerate(lines[:-1], 1):
                parsed = _parse(line)
                if parsed is not None:
                    rows.append(parsed)
                elif number < len(lines) - 1:
                    raise DataError(
                        f"{path}, line {number}: not a stored row; the file was edited or damaged. "
                        f"Remove {path} and run snakemake again."
                    )
        stored: dict[str, dict[str, Any]] = {}
        for _, row in sorted(rows, key=lambda pair: pair[0]):
            stored.setdefault(row["key"], row)
        return stored

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds rows in one write and waits until the disk has them.

        Args:
            rows: Plain JSON objects, each with a string ``key``.

        Raises:
            OSError: The disk is full or cannot be written; this writer then starts a new file, as
                its last line may be torn.
        """
        rows = list(rows)
        if not rows:
            return
        if wrong := [row for row in rows if not isinstance(row.get("key"), str) or _ORDER in row]:
            raise ValueError(f"A row needs a string 'key' and no {_ORDER!r}: {wrong[0]!r}")
        self.folder.mkdir(parents=True, exist_ok=True)
        order = sum(path.stat().st_size for path in self._files())
        text = "".join(json.dumps({_ORDER: order, **row}) + "\n" for row in rows)
        path = self.folder / (self.token + ENDING)
        new = not path.exists()
        try:
            with path.open("ab", buffering=0) as file:
                rest = memoryview(text.encode("ascii"))
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
        except OSError:
            self.token = uuid.uuid4().hex
            raise
        if new:
            sync(self.folder)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*" + ENDING))


def _parse(line: bytes) -> tuple[int, dict[str, Any]] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or not isinstance(row.get("key"), str):
        return None
    order = row.pop(_ORDER, None)
    return (order, row) if isinstance(order, int) else None
