"""Who works on a job now, on one host and on disks that several hosts share.

On one host ``flock`` decides: the kernel frees it with its owner, however that died. On shared
disks, where flock may not reach other hosts or not exist at all, an owner file with a heartbeat
decides: it is taken over only when it has not changed for a whole observation, measured by our own
clock, because the clocks of hosts differ.

The lock only saves double work. That an owner which stalled and wakes up can damage nothing is
ensured elsewhere: every try writes into a folder of its own, and publishing (``plan.publish``)
fails on a folder that is full.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
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
from typing import Any

from mirage.context import DAMAGED
from mirage.files import sync
from mirage.plan.process import at_stop

LOCK, OWNER = "lock", "owner.json"
BEAT_SECONDS = 10.0
STALE_SECONDS = 60.0
POLL_SECONDS = 0.2
TELL_SECONDS = 30.0
NO_FLOCK = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}
"""What ``flock`` answers on file systems that lack it."""
SILENT_HOURS = 1
"""An owner file of another host that is younger counts as alive for ``mirage gc``."""


@dataclass(frozen=True)
class Patience:
    """How long the lock waits for what; tests use shorter times.

    Attributes:
        beat: Seconds between heartbeats.
        stale: Seconds without a heartbeat that prove a foreign owner dead.
    """

    beat: float = BEAT_SECONDS
    stale: float = STALE_SECONDS


@dataclass(frozen=True)
class Try:
    """One try at a job.

    Attributes:
        folder: Scratch folder that no other try writes to.
        earlier: Folder of each try before this one -> whether its process is known to have ended.
    """

    folder: Path
    earlier: dict[Path, bool]


@contextmanager
def own(
    work: Path,
    *,
    done: Callable[[], bool] = lambda: False,
    patience: Patience = Patience(),
) -> Iterator[Try | None]:
    """Owns a job while inside; waits while a living owner has it.

    An owner that was taken over while it stalled goes on in its own folder: whoever publishes first
    wins. When it sees that the other one did, the process ends with status 0.

    Args:
        work: Folder of the job's tries; it is made.
        done: Whether nothing is left to do: ends the waiting, and removes the folder on leaving.
        patience: Times.

    Yields:
        The new try; None when ``done`` ended the waiting.
    """
    held = _flock(work, done)
    if held is None:
        yield None
        return
    handle, locked = held
    try:
        token = f"{_host()}_{os.getpid()}_{uuid.uuid4().hex[:12]}"
        if not _take_over(work, token, locked, done, patience):
            yield None
            return
        folder = work / token
        earlier = {
            path: locked and path.name.split("_")[0] == _host()
            for path in sorted(work.iterdir())
            if path.is_dir()
        }
        folder.mkdir()
        stop = threading.Event()
        arguments = (work, token, stop, done, patience)
        beat = threading.Thread(target=_beat, args=arguments, daemon=True)
        beat.start()
        at_stop(lambda: _leave(work, token))
        try:
            yield Try(folder, earlier)
        finally:
            stop.set()
            beat.join()
            _leave(work, token)
            if done():
                shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(handle)


def in_use(work: Path) -> bool:
    """Tells whether a living process may own a job: one of this machine, or of a shared disk."""
    if not work.is_dir():
        return False
    owner = _owner(work)
    if owner is not None and owner.get("host") != socket.gethostname():
        silent = time.time() - (work / OWNER).stat().st_mtime
        return silent < SILENT_HOURS * 3600
    try:
        handle = os.open(work / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as lacking:
        if lacking.errno not in NO_FLOCK:
            raise
        return owner is not None and _runs(owner)
    finally:
        os.close(handle)
    return False


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())


def _flock(work: Path, done: Callable[[], bool]) -> tuple[int, bool] | None:
    """Returns the open lock file and whether the file system really locked it; None when done."""
    path, said = work / LOCK, time.monotonic()
    while True:
        work.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The last owner may have removed the folder between our open and our lock.
            if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
                return handle, True
        except BlockingIOError:
            said = _say_waiting(said, f"{work} is in use by another process of this machine")
            time.sleep(POLL_SECONDS)
        except FileNotFoundError:
            pass
        except OSError as lacking:
            if lacking.errno in NO_FLOCK:
                return handle, False
            os.close(handle)
            raise
        os.close(handle)
        if done():
            return None


def _take_over(
    work: Path, token: str, locked: bool, done: Callable[[], bool], patience: Patience
) -> bool:
    """Waits until no other owner is alive and signs as the owner; False when done."""
    seen, since, said = _owner(work), time.monotonic(), time.monotonic()
    while True:
        if seen is None:
            if _sign_free(work, token):
                return True
        elif _ended(seen, locked) or time.monotonic() - since > patience.stale:
            if not _ended(seen, locked):
                print(
                    f"{work}: its owner on {seen.get('host')} gave no sign of life for "
                    f"{patience.stale:.0f} s; taking over.",
                    file=sys.stderr,
                    flush=True,
                )
            _sign(work, token, 0)
            return True
        else:
            owner = f"process {seen.get('pid')} on {seen.get('host')}"
            said = _say_waiting(said, f"{work} is owned by {owner}")
        if done():
            return False
        time.sleep(min(POLL_SECONDS, patience.stale / 4))
        now = _owner(work)
        if now != seen:
            seen, since = now, time.monotonic()


def _say_waiting(said: float, what: str) -> float:
    if time.monotonic() - said < TELL_SECONDS:
        return said
    print(f"{what}; waiting.", file=sys.stderr, flush=True)
    return time.monotonic()


def _ended(owner: dict[str, Any], locked: bool) -> bool:
    """Tells whether an owner is certainly dead: of this host, and without its lock or process."""
    return owner.get("host") == socket.gethostname() and (locked or not _runs(owner))


def _runs(owner: dict[str, Any]) -> bool:
    try:
        os.kill(int(owner.get("pid", 0)) or os.getpid(), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError, TypeError, OverflowError):
        return True
    return True


def _owner(work: Path) -> dict[str, Any] | None:
    """Returns what the owner file says; empty when it cannot be read, None when there is none."""
    try:
        owner = json.loads((work / OWNER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, *DAMAGED):
        return {}
    return owner if isinstance(owner, dict) else {}


def _note(work: Path, token: str, beat: int) -> Path:
    """Writes an owner file beside its place; the name is the writer's own, on every host."""
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "token": token, "beat": beat}
    beside = work / f".{token}.part"
    with beside.open("w", encoding="utf-8") as file:
        file.write(json.dumps(owner))
        file.flush()
        os.fsync(file.fileno())
    return beside


def _sign(work: Path, token: str, beat: int) -> None:
    _note(work, token, beat).replace(work / OWNER)
    sync(work)


def _sign_free(work: Path, token: str) -> bool:
    """Becomes the owner where there is none; False when another process was faster."""
    beside = _note(work, token, 0)
    try:
        os.link(beside, work / OWNER)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links: the later of two writers wins
        beside.replace(work / OWNER)
    finally:
        beside.unlink(missing_ok=True)
    return True


def _leave(work: Path, token: str) -> None:
    """Removes the owner file if it is ours."""
    if (_owner(work) or {}).get("token") == token:
        (work / OWNER).unlink(missing_ok=True)


def _beat(
    work: Path, token: str, stop: threading.Event, done: Callable[[], bool], patience: Patience
) -> None:
    count, lost = 0, False
    while not stop.wait(patience.beat):
        owner = _owner(work)
        if owner is not None and owner.get("token") == token and not lost:
            count += 1
            # A full disk ends the job with a sentence of its own; here the next beat tries again.
            try:
                _sign(work, token, count)
            except OSError:
                continue
        elif done():
            print(f"{work}: another process finished this job.", file=sys.stderr, flush=True)
            shutil.rmtree(work, ignore_errors=True)
            os._exit(0)
        elif not lost:
            lost, who = True, (owner or {}).get("host", "another process")
            print(
                f"{work} was taken over by {who} while this process stalled; "
                "it goes on in its own folder, and whoever is ready first publishes.",
                file=sys.stderr,
                flush=True,
            )
