"""What a running job says of itself: the last progress line of its log."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

TAIL_BYTES = 16_384
"""More than twenty long lines; a log is never read whole."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.?)", re.DOTALL)
_TRAINING = re.compile(r"step (\d+)/(\d+), loss (\S+), ([\d,]+) tokens/s, .*?(\d+) s left")
_REASON = re.compile(r"error: |Stopped by SIG|[\w.]*(?:Error|Exception|Interrupt)\b")
"""How the line begins that says why a job failed: its own sentence, or the last of a traceback."""
_ANSWERING = re.compile(r"(\d+)/(\d+) answers, .*?(\d+) tokens/s, about (\d+) s left")


@dataclass(frozen=True)
class Told:
    """Where a job stands.

    Attributes:
        line: Its last line.
        done: Steps, or answers, so far.
        total: Of how many; 0 where it counts nothing.
        loss: As the log prints it; empty for a job that has none.
        rate: Tokens a second.
        left: Seconds until the last step, by its own reckoning.
    """

    line: str = ""
    done: int = 0
    total: int = 0
    loss: str = ""
    rate: int = 0
    left: float | None = None


class JobLog:
    """The log of one try at a job; what an earlier try left there is not read.

    Args:
        path: Where the job's rule sends its output.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told = Told()
        self._before = self._seen = _state(path)

    @property
    def begun(self) -> bool:
        """Whether this try has written anything, or emptied what was there."""
        return _state(self.path) != self._before

    def read(self) -> Told:
        """Returns where the job stands; reads only what changed."""
        now = _state(self.path)
        if now is not None and now != self._seen:
            self._seen = now
            self.told = tell(last_lines(self.path, 40))
        return self.told


def tell(lines: list[str]) -> Told:
    """Returns what the lines of a log say of progress, the last one that does."""
    last = next((line for line in reversed(lines) if line.strip()), "")
    for line in reversed(lines):
        if found := _TRAINING.search(line):
            done, total, loss, rate, left = found.groups()
            return Told(
                last, int(done), int(total), loss[:9], int(rate.replace(",", "")), float(left)
            )
        if found := _ANSWERING.search(line):
            done, total, rate, left = found.groups()
            return Told(last, int(done), int(total), "", int(rate), float(left))
    return Told(last)


def folder_of(log: Path) -> str:
    """Returns the job that a log is of, ``<stage>/<name>-<id>``."""
    return f"{log.parent.name}/{log.name.removesuffix('.log')}"


def last_lines(path: Path, count: int) -> list[str]:
    """Returns the last lines of a log, made inert; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            text = file.read(TAIL_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return []
    return [inert(line) for line in re.split(r"[\r\n]+", text) if line.strip()][-count:]


def until_reason(lines: list[str]) -> list[str]:
    """Returns the lines of a failed job's log without what follows the reason of its failure.

    Libraries warn while their process ends, of memory that nobody gave back, say. A sentence of the
    job's own comes before other reasons, unless a traceback follows. All lines where none is given.
    """
    reasons = [number for number, line in enumerate(lines, 1) if _REASON.match(line)]
    begin = max((n for n, line in enumerate(lines) if line.startswith("Traceback ")), default=0)
    own = [n for n in reasons if n > begin and lines[n - 1].startswith("error: ")]
    return lines[: (own or reasons or [len(lines)])[-1]]


def inert(text: str) -> str:
    """Returns a line that no terminal obeys: without escapes, controls and changes of direction."""
    plain = _ESCAPES.sub("", text).expandtabs(4)
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in plain)


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
