"""Committed evidence: what the models of one seed answered, and what was said of it, in one file.

``evidence/<study>/s<seed>.tar.xz`` holds a header and, for every model, its answers, their verdicts
and the record of its training. A machine that has the file need neither train nor ask these models.
On the ground floor, because tune and respond lay it out where they would otherwise compute.
"""

from __future__ import annotations

import io
import json
import lzma
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mirage.contracts import DataError
from mirage.files import canonical

HEADER: Final = "header.json"
ANSWERS: Final = "responses.jsonl"
VERDICTS: Final = "verdicts.jsonl"
RECORD: Final = "record.json"
TRAINING: Final = "training.json"
"""Of a recipe that stops at the criterion: its steps, and whether the cap ended it."""
LARGEST: Final = 2**30
"""Bytes that a member may have when it is unpacked."""
BROKEN: Final = (OSError, EOFError, lzma.LZMAError, tarfile.TarError, ValueError, KeyError)


@dataclass(frozen=True)
class Evidence:
    """One file of evidence.

    Attributes:
        path: Where it lies.
        digest: Over its name and bytes.
        header: ``study``, ``seed``, ``suites`` (name -> digest of its payload), ``bases`` (model's
            option -> digest of the released base, None of one trained in that run) and ``models``:
            name -> ``key`` of the experiment, its ``suites``, ``platform`` and ``code`` (of tune
            and respond each), ``run`` and ``base``.
    """

    path: Path
    digest: str
    header: Mapping[str, Any]

    def model(self, name: str) -> dict[str, Any] | None:
        """Returns what the header says of a model, None if the file has no such model."""
        about: dict[str, Any] | None = self.header["models"].get(name)
        return about


def read_header(path: Path) -> dict[str, Any]:
    """Reads the header of a file, its first member.

    Raises:
        DataError: The file is broken.
    """
    header: dict[str, Any] = json.loads(read_member(path, HEADER))
    try:
        for about in header["models"].values():
            str(about["key"]), list(about["suites"]), list(about["platform"]), str(about["run"])
        int(header["seed"]), dict(header["suites"])
    except (LookupError, TypeError, ValueError, AttributeError) as wrong:
        raise _broken(path, wrong) from None
    return header


def read_member(path: Path, name: str) -> bytes:
    """Reads one member; nothing is ever unpacked to a place that the file names.

    Raises:
        DataError: The file is broken, or has no such member.
    """
    try:
        with tarfile.open(path, "r|xz") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.name == name else None
                if file is not None and member.size <= LARGEST:
                    return file.read()
        raise KeyError(f"it has no {name}")
    except BROKEN as wrong:
        raise _broken(path, wrong) from None


def write(path: Path, header: Mapping[str, Any], members: Mapping[str, bytes]) -> int:
    """Writes a file; the same contents give the same bytes.

    Returns:
        Its size in bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    with tarfile.open(beside, "w:xz", format=tarfile.USTAR_FORMAT, preset=9) as archive:
        for name, data in {HEADER: canonical(header).encode(), **members}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    beside.replace(path)
    return path.stat().st_size


def write_end(out: Path, metrics: Mapping[str, Any]) -> None:
    """Writes where a training ended, from the metrics of its record, if it stops at a criterion."""
    if "steps_to_criterion" in metrics:
        steps, capped = metrics["steps_to_criterion"], bool(metrics["capped"])
        facts = {"capped": capped, "steps_to_criterion": int(steps)}
        (out / TRAINING).write_text(json.dumps(facts) + "\n", encoding="utf-8")


def _broken(path: Path, why: Exception) -> DataError:
    return DataError(f"{path} cannot be read ({why}). Get it again: git checkout {path}")
