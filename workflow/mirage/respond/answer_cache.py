"""The store of a model's answers: append-only files that outlive artifacts and kills."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from mirage.contracts import DataError
from mirage.stores import TokenStore


@dataclass(frozen=True)
class Entry:
    """One stored answer; ``key`` covers all that decides it."""

    key: str
    text: str
    n_tokens: int
    finish_reason: str


class AnswerStore:
    """The answers that some weights have given so far, by key; the first stored one is final."""

    def __init__(self, folder: Path) -> None:
        """Opens the store; nothing is written before the first batch.

        Args:
            folder: Where the files of all writers lie.
        """
        self.folder = folder
        self._rows = TokenStore(folder)

    def load(self) -> dict[str, Entry]:
        """Reads the answers of all writers.

        Raises:
            DataError: A broken line, or a row that is no answer: a file was edited.
        """
        return {key: self._entry(row) for key, row in self._rows.load().items()}

    def append(self, batch: Iterable[Entry]) -> dict[str, Entry]:
        """Adds a batch in one write, waits until the disk has it, and returns it by key."""
        made = list(batch)
        self._rows.append(asdict(entry) for entry in made)
        return {entry.key: entry for entry in made}

    def _entry(self, row: dict[str, object]) -> Entry:
        types = {"key": str, "text": str, "n_tokens": int, "finish_reason": str}
        good = row.keys() == types.keys() and all(
            isinstance(row[name], kind) for name, kind in types.items()
        )
        if (
            not good
            or row["finish_reason"] not in ("stop", "length")
            or int(str(row["n_tokens"])) < 0
        ):
            raise DataError(
                f"{self.folder}: the row {str(row.get('key'))[:16]!r} is no answer; a file was "
                f"edited. Remove {self.folder} and run snakemake again."
            )
        return Entry(**{f.name: row[f.name] for f in fields(Entry)})  # type: ignore[arg-type]
