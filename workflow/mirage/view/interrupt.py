"""Ctrl-C: one sentence, no traceback, and nothing of what Snakemake would say of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType, TracebackType

import psutil

SENTENCE = "Stopped. Type the same command again: it goes on from where it was."
STATUS = 128 + signal.SIGINT
PATIENCE = 5.0
"""Seconds that the first may take; a terminal that is held (Ctrl-S) takes for ever."""


@dataclass
class _State:
    """Plain values: an event's lock would stay shut where a signal interrupts who holds it."""

    happened: bool = False
    since: float = 0.0
    told: bool = False
    runs_jobs: bool = False


_state = _State()
_at_first: list[Callable[[], None]] = []


def listen() -> None:
    """Takes over Ctrl-C in the process that a person started."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _stop)
        sys.excepthook = _say_no_more


def at_first(then: Callable[[], None]) -> None:
    """Adds what is to be done before the sentence."""
    _at_first.append(then)


def jobs_run(running: bool) -> None:
    """Says whether Snakemake runs jobs, and so must end them itself (those of a cluster, too)."""
    _state.runs_jobs = running


def happened() -> bool:
    """Tells whether Ctrl-C was typed."""
    return _state.happened


def _stop(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    first = not _state.happened
    if first:
        _state.happened, _state.since = True, now
    elif not _state.told and now < _state.since + PATIENCE:
        # The second comes while the first is being told: it must not end that halfway.
        return
    if first:
        for then in _at_first:
            then()
        # Not print: the signal may have come in the middle of one.
        with suppress(OSError):
            os.write(2, f"{SENTENCE}\n".encode())
        # A terminal tells all processes; kill -INT, or a CI that cancels, this one alone.
        for child in psutil.Process().children():
            with suppress(psutil.Error):
                child.send_signal(signal.SIGINT)
        _state.told = True
        if _state.runs_jobs:
            raise KeyboardInterrupt
    os._exit(STATUS)


def _say_no_more(
    kind: type[BaseException], wrong: BaseException, trace: TracebackType | None
) -> None:
    """Leaves out the traceback of what Ctrl-C raised: the sentence was said."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, wrong, trace)
