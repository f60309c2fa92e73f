"""A user's data that ``mirage data check`` found to be as their contract says.

To read gigabytes of pictures at every plan would take minutes. The check reads them once and
remembers the digest with the state of every file; a plan compares the states alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from mirage.context import DAMAGED, ConfigError
from mirage.files import canonical, sha256, write_atomic
from mirage.plan.external import file_state, memory, memory_errors


def remember(path: Path, digest: str, files: Iterable[Path]) -> None:
    """Keeps the digest of the data at a path.

    Args:
        path: What a configuration names.
        digest: Of the samples and their pictures.
        files: Every file that the digest covers.

    Raises:
        ConfigError: The folder that remembers cannot be written.
    """
    states = {str(file): file_state(file) for file in files}
    with memory_errors():
        write_atomic(_record(path), canonical({"digest": digest, "files": states}) + "\n")


def recall(path: Path) -> str:
    """Returns the remembered digest of the data at a path.

    Raises:
        ConfigError: There are none, they were not checked, or a file changed since.
    """
    again = f"Check it with: mirage data check {path}"
    try:
        plain = json.loads(_record(path).read_text(encoding="utf-8"))
        digest, states = str(plain["digest"]), dict(plain["files"])
    except (OSError, *DAMAGED):
        if not path.exists():
            raise ConfigError(
                f"{path} does not exist. Name a .jsonl file or a folder with samples.jsonl."
            ) from None
        raise ConfigError(f"{path} was not checked yet. {again}") from None
    for name, state in states.items():
        try:
            changed = file_state(Path(name)) != state
        except OSError:
            raise ConfigError(f"{name} is gone since {path} was checked. {again}") from None
        if changed:
            raise ConfigError(f"{name} changed since {path} was checked. {again}")
    return digest


def _record(path: Path) -> Path:
    name = sha256(str(path.expanduser().absolute()).encode())[:32]
    return memory().with_name("data") / f"{name}.json"
