"""The manifest that makes a folder a finished artifact."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirage.context import DAMAGED
from mirage.contracts import DataError, inside
from mirage.files import MANIFEST, canonical, file_sha256, sha256, write_atomic

ASIDE = ("record.json", "curve.jsonl", "speed.json", "speed.html", "provenance.html")
"""Files that measure or describe how an artifact came about: no part of its payload."""


@dataclass(frozen=True)
class Manifest:
    """What stands in ``manifest.json``; only the first block is a pure function of the job.

    Attributes:
        files: Path inside the folder -> ``{"size": bytes, "sha256": hex}``.
        timing: ``started`` (Unix seconds), ``startup``, ``work`` and ``wall`` seconds, ``threads``.
        provenance: Commit, dirty flag, versions, device, host: outside byte-equality promises.
        key: Adoption key: artifacts with equal keys hold equal payloads.
        payload: Digest of the files that decide what children make, see ``payload_digest``.
        same_as: Folder of the artifact whose files this one links to; None for one that was made.
        spent: Files that were removed since, because nothing needs them (``mirage.plan.spent``).
        entries, platform, packages, parent_ids: As in the job.
        parent_payloads: Folder of each parent -> the payload that this artifact was made from.
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
    key: str = ""
    payload: str = ""
    same_as: str | None = None
    entries: dict[str, str] = field(default_factory=dict)
    platform: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    parent_ids: dict[str, str] = field(default_factory=dict)
    parent_payloads: dict[str, str] = field(default_factory=dict)
    spent: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Reads the manifest of a finished artifact.

        Raises:
            DataError: No manifest, broken JSON or missing fields.
        """
        if not (folder / MANIFEST).is_file():
            raise DataError(f"{folder} is not finished (no {MANIFEST}). Make it with: snakemake")
        return cls.load(folder / MANIFEST)

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Reads a manifest file.

        Raises:
            DataError: Broken JSON, missing fields, or files that are not listed with their sizes.
        """
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            known = {f.name for f in dataclasses.fields(cls)}
            manifest = cls(**{name: value for name, value in plain.items() if name in known})
            for name, want in manifest.files.items():
                inside(name, str(path))
                int(want["size"]), str(want["sha256"])
        except (OSError, *DAMAGED) as broken:
            raise DataError(
                f"{path} cannot be read ({broken}). Remove {path.parent} and run snakemake again."
            ) from None
        return manifest

    def write(self, folder: Path) -> None:
        """Writes the manifest; from this moment the artifact is finished."""
        plain = dataclasses.asdict(self)
        if not self.spent:
            del plain["spent"]
        write_atomic(folder / MANIFEST, json.dumps(plain, indent=1) + "\n")

    def problems(self, folder: Path, *, hashes: bool = False) -> list[str]:
        """Returns what differs between the folder and the manifest, one sentence each.

        Files that are spent may be there or not: a kill may have left some.

        Args:
            folder: The artifact folder.
            hashes: Also read every file; otherwise sizes only, which is quick.
        """
        sentences = []
        for name, want in self.files.items():
            path = folder / name
            if name in self.spent:
                continue
            if not path.is_file():
                sentences.append(f"{path} is missing.")
            elif path.stat().st_size != want["size"]:
                sentences.append(
                    f"{path} has {path.stat().st_size} bytes, the manifest says {want['size']}."
                )
            elif hashes and file_sha256(path) != want["sha256"]:
                sentences.append(f"{path} was changed after it was made (sha256 differs).")
        return sentences


def inventory(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns path -> size and sha256 of every file below a folder, the manifest left out."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    return {
        p.relative_to(folder).as_posix(): {"size": p.stat().st_size, "sha256": file_sha256(p)}
        for p in files
    }


def payload_digest(files: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns one digest over the names and hashes of an artifact's payload.

    Args:
        files: What ``inventory`` gave.
    """
    payload = {
        name: entry["sha256"]
        for name, entry in files.items()
        if name.rpartition("/")[2] not in ASIDE and not name.endswith(".log")
    }
    return sha256(canonical(payload).encode())


def lineage(store: Path, folders: Iterable[str]) -> dict[str, Manifest]:
    """Returns the manifests, by folder, of artifacts and of all that they were made from.

    What is not finished is left out.
    """
    manifests: dict[str, Manifest] = {}
    todo = list(folders)
    while todo:
        folder = todo.pop()
        if folder not in manifests and (store / folder / MANIFEST).is_file():
            manifests[folder] = Manifest.read(store / folder)
            todo += [f for parents in manifests[folder].parents.values() for f in parents]
    return dict(sorted(manifests.items()))
