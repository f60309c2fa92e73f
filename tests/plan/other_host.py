"""Runs a job as if on another host, on a disk without flock: for test_fence.

``python other_host.py <host> <artifact folder> <seconds between heartbeats>``

Its toy stage trains ten steps with a sealed checkpoint after each. It tells where it is in
``<store>/<host>`` and waits at the step that stands in ``<store>/<host>.hold``, if any.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import sys
import time
import types
from pathlib import Path

from mirage.context import JobContext
from mirage.plan import lock, runtime
from mirage.tune import checkpoint

STEPS = 10


def no_flock(handle: int, how: int) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


def held_at(hold: Path) -> str:
    """The step at which the test holds this host; the test may remove the file at any moment."""
    try:
        return hold.read_text()
    except FileNotFoundError:
        return ""


def train(ctx: JobContext) -> None:
    here, hold = ctx.store / host, ctx.store / f"{host}.hold"
    checkpoint.inherit(ctx.earlier, ctx.work)
    last = checkpoint.newest(ctx.work / "run")
    start = 0 if last is None else checkpoint.step(last)
    with here.open("a") as file:
        file.write(f"start {start}\n")
    for step in range(start + 1, STEPS + 1):
        folder = ctx.work / "run" / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        (folder / "weights").write_text("w" * step)
        checkpoint.seal(folder)
        with here.open("a") as file:
            file.write(f"{step}\n")
        while held_at(hold) == str(step):
            time.sleep(0.01)
    (ctx.out / "weights").write_text(f"{STEPS} steps, the last ones on {host}")


if __name__ == "__main__":
    host = sys.argv[1]
    socket.gethostname = lambda: host
    fcntl.flock = no_flock
    lock.own.__wrapped__.__kwdefaults__["patience"] = lock.Patience(float(sys.argv[3]), 0.6)
    stage = types.ModuleType("mirage.judge")
    stage.run = train  # type: ignore[attr-defined]
    sys.modules["mirage.judge"] = stage
    os.environ["MIRAGE_PARENT"] = str(os.getppid())
    sys.exit(runtime.main("judge", [sys.argv[2]]))
