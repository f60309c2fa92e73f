"""Digests of content that lies outside the store: model folders, data sets of the user's.

Hashing gigabytes takes minutes, so a digest is remembered by a file's path, size, time of change
and inode. Planning never hashes much: it asks for what is remembered, and a check command fills it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mirage.context import ConfigError
from mirage.files import canonical, file_sha256, sha256
from mirage.plan.absent import AbsentError
from mirage.stores import TokenStore

AT_ONCE: Final = 64 * 2**20
"""Bytes up to which content is hashed while planning."""


def external_digest(
    files: Sequence[Path], command: str, say: Callable[[str], None] | None = None
) -> str:
    """Returns one digest over names and bytes of some files.

    Args:
        files: The files.
        command: What fills the memory, for the error sentence.
        say: Takes lines of progress; given by the check command, which may hash for minutes.

    Raises:
        AbsentError: Too much to hash while planning, and no check command has done so.
        ConfigError: The folder that remembers cannot be written.
    """
    store = TokenStore(memory())
    known = store.load()
    states = {path: file_state(path) for path in files}
    fresh = [path for path in files if states[path] not in known]
    if say is None and sum(path.stat().st_size for path in fresh) > AT_ONCE:
        raise AbsentError(f"{fresh[0]} was not checked since it changed. Check it with: {command}")
    made = {}
    for path in fresh:
        if say is not None:
            say(f"{path.name}: {path.stat().st_size / 2**20:,.0f} MiB")
        made[states[path]] = file_sha256(path)
        with memory_errors():
            store.append([{"key": states[path], "sha256": made[states[path]]}])
    digests = {key: str(row["sha256"]) for key, row in known.items()} | made
    return sha256(canonical(sorted([p.name, digests[states[p]]] for p in files)).encode())


def memory() -> Path:
    """Returns the folder that remembers digests, one for all stores of a user."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "mirage" / "external"


@contextmanager
def memory_errors() -> Iterator[None]:
    """Names the way out where the folder that remembers digests cannot be written.

    Raises:
        ConfigError: It cannot.
    """
    try:
        yield
    except OSError as wrong:
        raise ConfigError(
            f"Digests cannot be remembered in {memory().parent} ({wrong}). "
            "Set XDG_CACHE_HOME to a folder that can be written."
        ) from None


def file_state(path: Path) -> str:
    """Returns a key that changes whenever the file may have: no file system keeps all but one."""
    status = path.stat()
    about = [str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino]
    return sha256(canonical(about).encode())
