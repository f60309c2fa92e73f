"""What a judge was told for money, kept by content the moment it comes in, with what it cost.

Several jobs of one judge may write at once, each a file of its own (``mirage.stores``); each reads
what the others added, so that no reply is paid for twice and all count against one budget.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from mirage.contracts import DataError
from mirage.stores import ENDING, TokenStore


@dataclass(frozen=True)
class Reply:
    """What came back from one call that was answered.

    Attributes:
        text: What the model said; empty where nothing could be read.
        problem: Why nothing could be read; empty otherwise.
        refused: The model, or the provider's filter, declined to judge.
        model: What the server says has answered.
        tokens_in: As billed, or as estimated where the server does not say.
        tokens_out: As billed.
        usd: What it cost; 0 where no price is known.
    """

    text: str
    problem: str
    refused: bool
    model: str
    tokens_in: int
    tokens_out: int
    usd: float


class Replies:
    """Replies by request, in the order they were paid for."""

    def __init__(self, folder: Path) -> None:
        """Reads what there is.

        Raises:
            DataError: A damaged file.
        """
        self._store = TokenStore(folder)
        self._lock = Lock()
        self._read: dict[Path, int] = {}
        self._known: dict[str, list[Reply]] = {}
        self.spent = 0.0
        self.refresh()

    def of(self, key: str) -> list[Reply]:
        """Returns all replies to a request, oldest first."""
        with self._lock:
            return list(self._known.get(key, ()))

    def keep(self, key: str, reply: Reply) -> None:
        """Stores a reply; it is on the disk when this returns."""
        with self._lock:
            self._store.append([{"key": key, "reply": asdict(reply)}])
        self.refresh()

    def refresh(self) -> None:
        """Reads what this and other jobs have added since.

        Raises:
            DataError: A damaged file.
        """
        with self._lock:
            for path in sorted(self._store.folder.glob("*" + ENDING)):
                start = self._read.get(path, 0)
                if path.stat().st_size > start:
                    with path.open("rb") as file:
                        file.seek(start)
                        # What follows the last line end is torn, or being written now.
                        whole = file.read().rpartition(b"\n")[0]
                    for line in whole.splitlines():
                        self._add(path, line)
                    self._read[path] = start + len(whole) + 1 if whole else start

    def _add(self, path: Path, line: bytes) -> None:
        try:
            row: dict[str, Any] = json.loads(line)
            key, reply = str(row["key"]), Reply(**row["reply"])
            self.spent += reply.usd
        except (ValueError, TypeError, KeyError, RecursionError) as broken:
            raise DataError(
                f"{path} holds a line that is no kept reply ({type(broken).__name__}): it was "
                "edited or damaged. What it holds was paid for: mend that line, or remove the file."
            ) from None
        self._known.setdefault(key, []).append(reply)
