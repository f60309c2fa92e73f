"""Where a view is drawn: a live table on a terminal, plain lines wherever they are kept."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol, TextIO

from mirage.view.board import Board, Running, about, duration, stands_at
from mirage.view.told import inert

PLAIN_SECONDS, LIVE_SECONDS = 30.0, 0.5
"""How often the state of a run is shown."""
LONG_SECONDS = 20.0
"""A job that runs for longer gets lines of progress among plain ones."""
MOST_LINES = 6
STYLES = {"failed": "bold red", "warning": "yellow", "more": "default", "note": "dim"}


class Screen(Protocol):
    """What a view is drawn on."""

    every: float

    def say(self, text: str, kind: str = "more") -> None:
        """Shows a line that stays."""

    def started(self, job: Running) -> None:
        """Shows that a job starts."""

    def finished(self, job: str, board: Board, now: float) -> None:
        """Shows that a job is done."""

    def show(self, board: Board, now: float) -> None:
        """Shows the state of the run."""

    def close(self) -> None:
        """Leaves the terminal as it was."""


def wants_live(stream: TextIO, nocolor: bool = False) -> bool:
    """Whether a stream is a terminal that can be drawn on, and nobody asked for plain text."""
    plain = nocolor or os.environ.get("TERM", "dumb") in ("dumb", "unknown")
    plain = plain or any(os.environ.get(name) for name in ("CI", "NO_COLOR"))
    return not plain and stream.isatty()


class PlainLines:
    """A line when a job starts and ends, and now and then how far the long ones are."""

    every = PLAIN_SECONDS

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, text: str, kind: str = "more") -> None:
        """Shows a line."""
        with suppress(BrokenPipeError):
            print(text, file=self._stream, flush=True)

    def started(self, job: Running) -> None:
        """Shows what a job runs, to be pasted."""
        self.say(f"{_clock()} {inert(job.command)}")

    def finished(self, job: str, board: Board, now: float) -> None:
        """Shows what is done, of how many, and the time left."""
        took = duration(60 * board.done[job])
        self.say(f"{_clock()} done in {took}: {job} ({_overall(board, now)})")

    def show(self, board: Board, now: float) -> None:
        """Shows how far long jobs are, and the whole."""
        long = [job for job in board.running.values() if now - job.since > LONG_SECONDS]
        for job in long[:MOST_LINES]:
            said = stands_at(job.log.told)
            ago = f"for {duration(now - job.since)}"
            self.say(f"{_clock()}   {job.stage} {job.name}: {said or 'running'} ({ago})")
        more = f", {len(long) - MOST_LINES} more jobs" if len(long) > MOST_LINES else ""
        if board.running:
            self.say(f"{_clock()}   {_overall(board, now)}{more}")

    def close(self) -> None:
        """Nothing is to be put back."""


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def _overall(board: Board, now: float) -> str:
    failed = f", {len(board.failed)} failed" if board.failed else ""
    words = f"{len(board.done)} of {board.total} jobs{failed}"
    if len(board.done) + len(board.failed) == board.total:
        return words
    return f"{words}, {about(board.minutes_left(now))}"


class LiveTable:
    """A table that is drawn again in its place; lines that stay scroll above it.

    Args:
        stream: The terminal.
    """

    every = LIVE_SECONDS

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        self.console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self._live = Live(
            console=self.console,
            auto_refresh=False,
            transient=True,
            # Text that goes elsewhere must not be drawn here.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._live.start()

    def say(self, text: str, kind: str = "more") -> None:
        """Shows a line above the table."""
        from rich.text import Text

        self.console.print(Text(text, style=STYLES[kind]), soft_wrap=True)

    def started(self, job: Running) -> None:
        """The table will show it."""

    def finished(self, job: str, board: Board, now: float) -> None:
        """The table will show it."""

    def show(self, board: Board, now: float) -> None:
        """Draws the table."""
        from mirage.view.table import table_of

        self._live.update(table_of(board, now, self.console.size.height), refresh=True)

    def close(self) -> None:
        """Takes the table away."""
        self._live.stop()


def lines_of_failure(folder: str, seconds: float, tails: Sequence[tuple[str, list[str]]]) -> str:
    """Returns what is shown of a job that failed: log, its last lines, and how to run it alone.

    Args:
        folder: The job.
        seconds: How long it ran.
        tails: Each of its logs with its last lines.
    """
    lines = [f"FAILED after {duration(seconds)}: {folder}"]
    for path, tail in tails:
        lines += [
            f"  log: {path}" + ("" if tail else " (empty)"),
            *(f"  | {line}" for line in tail),
        ]
    return "\n".join(lines)
