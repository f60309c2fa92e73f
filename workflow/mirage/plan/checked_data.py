"""Content outside the store: it enters ids by its digest, remembered until a file changes.

To hash gigabytes of pictures at every plan would take minutes. ``mirage data check`` hashes once
and remembers the digest with size, time and inode of every file; a plan compares these alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from mirage.context import ConfigError
from mirage.files import canonical, sha256, write_atomic

FOLDER = Path("plans") / "external"
"""Where digests are remembered, below the store."""


def remember(store: Path, path: Path, digest: str, files: Iterable[Path]) -> None:
    """Keeps the digest of what lies at a path.

    Args:
        store: Root of all artifacts.
        path: What a configuration names.
        digest: Of its content.
        files: Every file that the digest covers.
    """
    stamps = {str(file): _stamp(file) for file in files}
    write_atomic(_record(store, path), canonical({"digest": digest, "files": stamps}) + "\n")


def recall(store: Path, path: Path, command: str) -> str:
    """Returns the remembered digest of what lies at a path.

    Args:
        store: Root of all artifacts.
        path: What a configuration names.
        command: The command that finds the digest, for the error sentence.

    Raises:
        ConfigError: Nothing is remembered, or a file changed since.
    """
    again = f"Check it with: {command} {path} store={store}"
    try:
        plain = json.loads(_record(store, path).read_text(encoding="utf-8"))
        digest, stamps = str(plain["digest"]), dict(plain["files"])
    except (OSError, KeyError, TypeError, ValueError):
        raise ConfigError(f"{path} lies outside the store and was not checked yet. {again}") from None
    for name, stamp in stamps.items():
        try:
            changed = _stamp(Path(name)) != stamp
        except OSError:
            raise ConfigError(f"{name} is gone since {path} was checked. {again}") from None
        if changed:
            raise ConfigError(f"{name} changed since {path} was checked. {again}")
    return digest


def _record(store: Path, path: Path) -> Path:
    return store / FOLDER / f"{sha256(str(path.expanduser().absolute()).encode())[:32]}.json"


def _stamp(file: Path) -> list[int]:
    facts = file.stat()
    return [facts.st_size, facts.st_mtime_ns, facts.st_ino]
