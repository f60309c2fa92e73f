"""A board on a screen, drawn again by a thread of its own; it never ends or slows a run."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mirage.view.board import Board, Running, duration, name_of
from mirage.view.screens import PlainLines, Screen, lines_of_failure
from mirage.view.told import inert, last_lines, until_reason

TAIL = 20
"""Lines of a failed job's log that are shown."""
READ = 100
"""Lines among which the reason is looked for."""


class View:
    """What is shown of one run.

    Args:
        board: Where the run stands.
        screen: Where it is drawn; plain lines take its place if it fails.
        clock: Gives seconds.
    """

    def __init__(
        self, board: Board, screen: Screen, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.board = board
        self._screen = screen
        self._clock = clock
        # Reentrant: a signal may close the view while this very thread draws.
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw_on, name="view", daemon=True)

    def start(self) -> None:
        """Draws from now on."""
        self._thread.start()

    def say(self, text: str, kind: str = "more") -> None:
        """Shows a text that stays, line by line, as nothing but text."""
        lines = [inert(line) for line in text.splitlines() if line.strip()]
        self._try(lambda: self._screen.say("\n".join(lines), kind))

    def started(self, job: Running) -> None:
        """Notes and shows that a job starts."""
        with self._lock:
            self.board.start(job)
            self._try(lambda: self._screen.started(job))

    def finished(self, folder: str) -> None:
        """Notes and shows that a job is done."""
        with self._lock:
            took = self.board.finish(folder, self._clock())
            stage = folder.partition("/")[0]
            self.board.last = f"{stage} {name_of(folder)} in {duration(60 * took)}"
            self._try(lambda: self._screen.finished(folder, self.board, self._clock()))

    def failed(self, folder: str, logs: list[Path], command: str) -> None:
        """Notes that a job failed, and shows the end of its log and how to run it alone."""
        with self._lock:
            took = self.board.fail(folder, logs[0], self._clock())
            tails = [(str(log), until_reason(last_lines(log, READ))[-TAIL:]) for log in logs]
            self.say(lines_of_failure(folder, 60 * took, tails), "failed")
            self.say(f"  alone: {command}")

    def over(self) -> None:
        """Says how the run ended, and draws no more."""
        with self._lock:
            self.close()
            board, took = self.board, duration(self._clock() - self.board.begun)
            failed = f", {len(board.failed)} failed" if board.failed else ""
            self.say(f"{len(board.done)} of {board.total} jobs done in {took}{failed}")

    def draw(self) -> None:
        """Reads the logs of what runs, and draws."""
        with self._lock:
            if not self._ended.is_set():
                for job in self.board.running.values():
                    job.log.read()
                self._try(lambda: self._screen.show(self.board, self._clock()))

    def close(self) -> None:
        """Leaves the terminal as it was; nothing is drawn after that."""
        with self._lock:
            if not self._ended.is_set():
                self._ended.set()
                self._try(self._screen.close)
                self._screen = PlainLines(sys.stderr)

    def _draw_on(self) -> None:
        while not self._ended.wait(self._screen.every):
            self.draw()

    def _try(self, what: Callable[[], None]) -> None:
        """Does something to the screen; one that fails is left for plain lines."""
        try:
            what()
        except Exception as wrong:  # noqa: BLE001 (no flaw of a view may end a run)
            broken, self._screen = self._screen, PlainLines(sys.__stderr__ or sys.stderr)
            # A live table hides the cursor and takes over stdout: both are given back.
            with suppress(Exception):
                broken.close()
            self._screen.say(f"The live view stopped ({inert(repr(wrong))}); lines follow.")
