"""A user's data that ``mirage data check`` found to be as their contract says.

To read gigabytes of pictures at every plan would take minutes. The check reads them once and
remembers the digest with the state of every file; a plan compares the states alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from mirage.context import DAMAGED
from mirage.files import canonical, sha256, write_atomic
from mirage.plan.absent import AbsentError
from mirage.plan.external import file_state, memory, memory_errors
from mirage.published.places import PLACES

DECIDE: Final = (
    *("format", "file", "pick", "categories", "count", "seed", "limit"),
    *("images", "hold_out"),
)
"""Keys of a suite, or of a part of a recipe's data, that decide which rows are read."""

How = Mapping[str, Any]
"""Those keys of a block that differ from their defaults; none for JSON lines of a user's own."""

OWN_LINES: Final[How] = {}


ASSUMED: Final[dict[str, dict[str, int]]] = {}
"""Stand-in digest -> how much absent data will hold (``mirage.plan.rehearsal``)."""


def how_of(block: Mapping[str, Any]) -> dict[str, Any]:
    """Returns which rows a block of settings, as the plan has it, asks for."""
    if block.get("format") is None:
        return {}
    return {key: block[key] for key in DECIDE if key in block}


def remember(path: Path, digest: str, files: Iterable[Path], how: How = OWN_LINES) -> None:
    """Keeps the digest of the data at a path.

    Args:
        path: What a configuration names.
        digest: Of the samples and their pictures.
        files: Every file that the digest covers.
        how: Which of its rows were read.

    Raises:
        ConfigError: The folder that remembers cannot be written.
    """
    states = {str(file): file_state(file) for file in files}
    with memory_errors():
        write_atomic(_record(path, how), canonical({"digest": digest, "files": states}) + "\n")


def recall(path: Path, how: How = OWN_LINES, command: str = "") -> str:
    """Returns the remembered digest of the data at a path.

    Args:
        path: What a configuration names.
        how: Which of its rows are wanted.
        command: What checks them, where the path alone would not say it.

    Raises:
        AbsentError: There are none, they were not checked, or a file changed since.
    """
    command = command or f"mirage data check {path}"
    again = f"Check it with: {command}"
    try:
        plain = json.loads(_record(path, how).read_text(encoding="utf-8"))
        digest, states = str(plain["digest"]), dict(plain["files"])
    except (OSError, *DAMAGED):
        if not path.exists() and how:
            raise AbsentError(f"{absent(path, how)}; then check it with: {command}") from None
        if not path.exists():
            raise AbsentError(
                f"{path} does not exist. Name a .jsonl file or a folder with samples.jsonl."
            ) from None
        raise AbsentError(f"{path} was not checked yet. {again}") from None
    for name, state in states.items():
        try:
            changed = file_state(Path(name)) != state
        except OSError:
            raise AbsentError(f"{name} is gone since {path} was checked. {again}") from None
        if changed:
            raise AbsentError(f"{name} changed since {path} was checked. {again}")
    return digest


def absent(path: Path, how: How) -> str:
    """Returns what published data belong to a path where nothing lies."""
    what = PLACES.get(how["format"], f"the data that {how['format']} reads")
    return (
        f"{path} does not exist. Put {what} there, or set MIRAGE_DATA to the folder that holds it"
    )


def remember_counts(digest: str, counts: Mapping[str, int]) -> None:
    """Keeps how much a published data set holds, for estimates.

    Args:
        digest: Of its rows and pictures.
        counts: ``samples``, ``images``, and the ``words`` of questions and of ``answers``.

    Raises:
        ConfigError: The folder that remembers cannot be written.
    """
    with memory_errors():
        write_atomic(_counts(digest), canonical(dict(counts)) + "\n")


def recall_counts(digest: str) -> dict[str, int] | None:
    """Returns how much a published data set holds; None where no check said."""
    if digest in ASSUMED:
        return ASSUMED[digest]
    try:
        plain = json.loads(_counts(digest).read_text(encoding="utf-8"))
        return {key: int(plain[key]) for key in ("samples", "images", "words", "answers")}
    except (OSError, *DAMAGED):
        return None


def _counts(digest: str) -> Path:
    return memory().with_name("data") / f"{digest[:32]}.counts.json"


def _record(path: Path, how: How) -> Path:
    named = str(path.expanduser().absolute())
    name = sha256((canonical([named, how]) if how else named).encode())[:32]
    return memory().with_name("data") / f"{name}.json"
