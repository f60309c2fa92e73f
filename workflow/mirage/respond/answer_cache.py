"""The store of a model's answers: an append-only file that outlives artifacts and kills."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from mirage.contracts import DataError


@dataclass(frozen=True)
class Entry:
    """One stored answer; ``key`` covers all that decides it."""

    key: str
    text: str
    n_tokens: int
    finish_reason: str


class EntryStore:
    """The answers one model has given so far, by key."""

    def __init__(self, path: Path) -> None:
        """Opens the store; the file is made at the first batch.

        Args:
            path: The JSON-lines file.
        """
        self.path = path

    def load(self) -> dict[str, Entry]:
        """Reads all entries and cuts off a last line that a killed writer left behind.

        Raises:
            DataError: A broken line that is not the last: the file was edited.
        """
        if not self.path.is_file():
            return {}
        with self._locked() as handle:
            data = self.path.read_bytes()
            lines = data.splitlines(keepends=True)
            entries: dict[str, Entry] = {}
            good = 0
            for number, line in enumerate(lines, 1):
                entry = _parse(line)
                if entry is None and number < len(lines):
                    raise DataError(
                        f"{self.path}, line {number}: not an answer of this version; the file was "
                        f"edited or damaged. Remove {self.path.parent} and run snakemake again."
                    )
                if entry is not None:
                    entries[entry.key] = entry
                    good += len(line)
            if good < len(data):
                os.ftruncate(handle, good)
        return entries

    def append(self, batch: Iterable[Entry]) -> None:
        """Adds a batch in one write and waits until the disk has it."""
        text = "".join(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in batch)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked() as handle:
            _cut_torn_tail(handle)
            os.lseek(handle, 0, os.SEEK_END)
            rest = memoryview(text.encode())
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)


def _parse(line: bytes) -> Entry | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return Entry(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _cut_torn_tail(handle: int) -> None:
    """Another process may have been killed while it wrote, after this one loaded."""
    size = os.lseek(handle, 0, os.SEEK_END)
    if not size or os.pread(handle, 1, size - 1) == b"\n":
        return
    tail = os.pread(handle, size, 0)
    os.ftruncate(handle, tail.rfind(b"\n") + 1)
