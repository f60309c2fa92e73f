"""A job's process: its threads, when it started, and how signals end it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, MutableMapping
from types import FrameType

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
)
_AT_STOP: list[Callable[[], None]] = []


def set_threads(threads: int, environ: MutableMapping[str, str] = os.environ) -> None:
    """Fixes the threads of numeric libraries; call it before any of them is imported.

    The number is the plan's and part of the artifact's id: results depend on it, so neither the
    machine nor Snakemake may change it.
    """
    for name in THREAD_VARIABLES:
        environ[name] = str(threads)
    # Waiting threads sleep instead of spinning: beside other work on the same cores a job with two
    # threads was 25 times slower when they spun.
    environ["OMP_WAIT_POLICY"] = "passive"
    # Tokenizers warn and fall back when a process forks after they ran in parallel.
    environ["TOKENIZERS_PARALLELISM"] = "false"


def stop_with_a_sentence() -> None:
    """Makes SIGTERM and SIGINT end the process with one sentence, as abruptly as ``kill -9`` would.

    Nothing is unwound: every state that a kill can leave is one that the next try goes on from.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)


def at_stop(then: Callable[[], None]) -> None:
    """Adds something quick to do before a signal ends the process."""
    _AT_STOP.append(then)


def _stop(number: int, _: FrameType | None) -> None:
    name = signal.Signals(number).name
    text = f"Stopped by {name}; the same command goes on from the last checkpoint."
    print(text, file=sys.stderr, flush=True)
    for then in _AT_STOP:
        then()
    os._exit(128 + number)


def started_at() -> float:
    """Returns when this process started, in seconds of the Unix clock."""
    try:
        with open("/proc/self/stat", encoding="ascii") as file:  # noqa: PTH123 (start-up time)
            ticks = int(file.read().rpartition(")")[2].split()[19])
    except OSError:
        return time.time()
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time() - since_boot + ticks / os.sysconf("SC_CLK_TCK")
