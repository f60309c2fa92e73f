"""A job's process: its threads, and that it never outlives whoever started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
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
PARENT = "MIRAGE_PARENT"
PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.5
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


def announce_parent() -> None:
    """Tells all children who started them; a child can then see that this process died early."""
    os.environ[PARENT] = str(os.getpid())


def die_with_parent() -> None:
    """Makes this process die as soon as the one that started it has died, also by ``kill -9``.

    Linux sends the signal itself; a thread watches too, for what the kernel cannot see: the parent
    died before this call, or something stands between (a container, a shell).
    """
    parent, starter = os.getppid(), int(os.environ.get(PARENT, os.getppid()))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if not _alive(parent, starter):
        os._exit(1)
    threading.Thread(target=_watch, args=(parent, starter), name="parents", daemon=True).start()


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


def _alive(parent: int, starter: int) -> bool:
    if os.getppid() != parent:
        return False
    try:
        os.kill(starter, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _watch(parent: int, starter: int) -> None:
    while _alive(parent, starter):
        time.sleep(POLL_SECONDS)
    print("The process that started this job is gone; the job stops.", file=sys.stderr, flush=True)
    os._exit(1)
