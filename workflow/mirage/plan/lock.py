"""One owner per work folder, on one host and on disks that several hosts share.

On one host ``flock`` decides: the kernel frees it with its owner, however that died. On shared
disks, where flock may not reach other hosts, an owner file with a heartbeat decides: it is taken
over only when it has not changed for a whole observation, measured by our own clock, because the
clocks of hosts differ.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mirage.files import write_atomic

LOCK, OWNER = "lock", "owner.json"
BEAT_SECONDS = 10.0
STALE_SECONDS = 60.0
POLL_SECONDS = 0.2
TELL_SECONDS = 30.0


@dataclass(frozen=True)
class Patience:
    """How long the lock waits for what; tests use shorter times.

    Attributes:
        beat: Seconds between heartbeats.
        stale: Seconds without a heartbeat that prove a foreign owner dead.
    """

    beat: float = BEAT_SECONDS
    stale: float = STALE_SECONDS


@contextmanager
def own(
    work: Path,
    *,
    done: Callable[[], bool] = lambda: False,
    patience: Patience = Patience(),
) -> Iterator[bool]:
    """Owns a work folder while inside; waits while a living owner has it.

    Args:
        work: The folder; it is made.
        done: Whether nothing is left to do: ends the waiting, and removes the folder on leaving.
        patience: Times.

    Yields:
        Whether the folder is ours; False when ``done`` ended the waiting.
    """
    handle = _flock(work, done)
    if handle is None:
        yield False
        return
    try:
        if not _take_over(work, done, patience):
            yield False
            return
        token = uuid.uuid4().hex
        _claim(work, token, 0)
        stop = threading.Event()
        beat = threading.Thread(target=_beat, args=(work, token, stop, patience), daemon=True)
        beat.start()
        try:
            yield True
        finally:
            stop.set()
            beat.join()
            (work / OWNER).unlink(missing_ok=True)
            if done():
                shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(handle)


def _flock(work: Path, done: Callable[[], bool]) -> int | None:
    path, told = work / LOCK, time.monotonic()
    while True:
        work.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The last owner may have removed the folder between our open and our lock.
            if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
                return handle
        except BlockingIOError:
            told = _tell(told, f"{work} is in use by another process of this machine")
            time.sleep(POLL_SECONDS)
        except FileNotFoundError:
            pass
        os.close(handle)
        if done():
            return None


def _take_over(work: Path, done: Callable[[], bool], patience: Patience) -> bool:
    """Waits until no owner on another host is alive; False when there is nothing left to do."""
    seen, since, told = _owner(work), time.monotonic(), time.monotonic()
    while seen is not None and seen.get("host") != socket.gethostname():
        if time.monotonic() - since > patience.stale:
            print(
                f"{work}: its owner on {seen.get('host')} gave no sign of life for "
                f"{patience.stale:.0f} s; taking over.",
                file=sys.stderr,
                flush=True,
            )
            return True
        if done():
            return False
        told = _tell(told, f"{work} is owned by process {seen.get('pid')} on {seen.get('host')}")
        time.sleep(min(POLL_SECONDS, patience.stale / 4))
        now = _owner(work)
        if now != seen:
            seen, since = now, time.monotonic()
    return True


def _tell(told: float, what: str) -> float:
    if time.monotonic() - told < TELL_SECONDS:
        return told
    print(f"{what}; waiting.", file=sys.stderr, flush=True)
    return time.monotonic()


def _owner(work: Path) -> dict[str, object] | None:
    try:
        owner = json.loads((work / OWNER).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return owner if isinstance(owner, dict) else None


def _claim(work: Path, token: str, beat: int) -> None:
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "token": token, "beat": beat}
    write_atomic(work / OWNER, json.dumps(owner))


def _beat(work: Path, token: str, stop: threading.Event, patience: Patience) -> None:
    count = 0
    while not stop.wait(patience.beat):
        owner = _owner(work)
        if owner is not None and owner.get("token") != token:
            print(
                f"{work} was taken over by {owner.get('host')}; this process stops.",
                file=sys.stderr,
                flush=True,
            )
            os._exit(1)
        count += 1
        _claim(work, token, count)
