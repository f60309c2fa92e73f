"""Checkpoints that count only when whole: each has its own manifest, written last."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from mirage.files import file_sha256

SEAL = "manifest.json"
_NAME = re.compile(r"checkpoint-(\d+)")


def seal(folder: Path) -> None:
    """Makes a checkpoint count: every file on the disk, then a manifest of sizes and hashes."""
    files = {
        str(path.relative_to(folder)): [path.stat().st_size, file_sha256(path)]
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    for name in files:
        _sync(folder / name)
    beside = folder / (SEAL + ".part")
    beside.write_text(json.dumps(files, indent=1), encoding="utf-8")
    _sync(beside)
    beside.replace(folder / SEAL)
    _sync(folder)


def is_whole(folder: Path) -> bool:
    """Tells whether a checkpoint has its manifest and every file that it lists, unchanged."""
    try:
        files = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        return all(
            (folder / name).stat().st_size == size and file_sha256(folder / name) == digest
            for name, (size, digest) in files.items()
        )
    except (FileNotFoundError, json.JSONDecodeError):
        return False


def newest(run: Path) -> Path | None:
    """Returns the last whole checkpoint of a run; what a kill left half-written is removed."""
    found: dict[int, Path] = {}
    for folder in run.glob("checkpoint-*"):
        match = _NAME.fullmatch(folder.name)
        if match and is_whole(folder):
            found[int(match[1])] = folder
        else:
            shutil.rmtree(folder)
    return found[max(found)] if found else None


def step(folder: Path) -> int:
    """Returns the optimizer steps that a checkpoint has behind it."""
    return int(folder.name.partition("-")[2])


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
