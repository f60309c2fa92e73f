"""No process outlives the one that started it: jobs end with Snakemake, ranks with their job.

On the ground floor, because the plan and tune's ranks both need it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PARENT = "MIRAGE_PARENT"
PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.5


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
