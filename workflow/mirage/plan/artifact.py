"""Identities of artifacts and the manifest that makes a folder a finished one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirage.contracts import DataError

MANIFEST = "manifest.json"


def canonical(value: object) -> str:
    """Returns the one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256(data: bytes) -> str:
    """Returns the hex digest of some bytes."""
    return hashlib.sha256(data).hexdigest()


def artifact_id(
    *,
    stage: str,
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    parents: Mapping[str, list[str]],
    code: str,
) -> str:
    """Returns the identity of an artifact: 64 hex digits over all that decides its content.

    Args:
        stage: The stage that makes it.
        kind: What the stage makes.
        name: Readable name; stages write it into files (one verdict file per model name).
        settings: The job's settings.
        parents: Role -> artifact folders relative to the store; these carry the parents' ids.
        code: Version of the stage's code.
    """
    return sha256(canonical([stage, kind, name, settings, parents, code]).encode())


def file_sha256(path: Path) -> str:
    """Returns the hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Makes renames inside a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomic(path: Path, text: str) -> None:
    """Writes a file so that readers, and a killed writer, see the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


@dataclass(frozen=True)
class Manifest:
    """What stands in ``manifest.json``; only the first block is a pure function of the job.

    Attributes:
        files: Path inside the folder -> ``{"size": bytes, "sha256": hex}``.
        timing: ``started`` (Unix seconds), ``startup``, ``work`` and ``wall`` seconds, ``threads``.
        provenance: Commit, dirty flag, versions, device, host: outside byte-equality promises.
    """

    stage: str
    kind: str
    name: str
    id: str
    settings: dict[str, Any]
    parents: dict[str, list[str]]
    code: str
    files: dict[str, dict[str, Any]]
    timing: dict[str, float] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Reads the manifest of a finished artifact.

        Raises:
            DataError: No manifest, broken JSON or missing fields.
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise DataError(f"{folder} is not finished (no {MANIFEST}). Make it with: snakemake")
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{f.name: plain[f.name] for f in dataclasses.fields(cls)})
        except (json.JSONDecodeError, KeyError, TypeError) as broken:
            raise DataError(
                f"{path} cannot be read ({broken}). Remove {folder} and run snakemake again."
            ) from None

    def write(self, folder: Path) -> None:
        """Writes the manifest; from this moment the artifact is finished."""
        write_atomic(folder / MANIFEST, json.dumps(dataclasses.asdict(self), indent=1) + "\n")

    def problems(self, folder: Path, *, hashes: bool = False) -> list[str]:
        """Returns what differs between the folder and the manifest, one sentence each.

        Args:
            folder: The artifact folder.
            hashes: Also read every file; otherwise sizes only, which is quick.
        """
        found = []
        for name, want in self.files.items():
            path = folder / name
            if not path.is_file():
                found.append(f"{path} is missing.")
            elif path.stat().st_size != want["size"]:
                found.append(
                    f"{path} has {path.stat().st_size} bytes, the manifest says {want['size']}."
                )
            elif hashes and file_sha256(path) != want["sha256"]:
                found.append(f"{path} was changed after it was made (sha256 differs).")
        return found


def inventory(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns path -> size and sha256 of every file below a folder, the manifest left out."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    return {
        p.relative_to(folder).as_posix(): {"size": p.stat().st_size, "sha256": file_sha256(p)}
        for p in files
    }
