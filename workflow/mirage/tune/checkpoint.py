"""Checkpoints that count only when whole: each has its own manifest, written last."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mirage.context import DAMAGED
from mirage.files import file_sha256, link_or_copy, sync

SEAL = "manifest.json"
FEATURES = "features"
"""Folder of what a frozen tower said of the pictures; each file of it counts by itself."""
_NAME = re.compile(r"checkpoint-(\d+)")


def seal(folder: Path) -> None:
    """Makes a checkpoint count: every file on the disk, then a manifest of sizes and hashes."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {
        str(path.relative_to(folder)): [path.stat().st_size, digest]
        for path, digest in zip(paths, _digests(paths), strict=True)
    }
    for name in files:
        sync(folder / name)
    beside = folder / (SEAL + ".part")
    beside.write_text(json.dumps(files, indent=1), encoding="utf-8")
    sync(beside)
    beside.replace(folder / SEAL)
    sync(folder)


def is_whole(folder: Path) -> bool:
    """Tells whether a checkpoint has its manifest and every file that it lists, unchanged."""
    try:
        files = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        if not files or any((folder / n).stat().st_size != size for n, (size, _) in files.items()):
            return False
        return _digests([folder / name for name in files]) == [kept for _, kept in files.values()]
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, *DAMAGED):
        return False


def newest(run: Path) -> Path | None:
    """Returns the last sealed checkpoint of a run in this try's own work folder.

    It is not read: ``inherit`` has done so, and a large model's takes minutes, for which other
    ranks would wait.
    """
    return next((f for f in _last_first(run) if (f / SEAL).is_file()), None)


def make_room(run: Path) -> None:
    """Removes all checkpoints of a run but the last sealed one, before another one is written.

    Trainer removes old ones only after that: there would be three for a while.
    """
    sealed = [folder for folder in _last_first(run) if (folder / SEAL).is_file()]
    for folder in _last_first(run):
        if folder not in sealed[:1]:
            shutil.rmtree(folder)


def _last_first(run: Path) -> list[Path]:
    """Returns the checkpoints of a run, the last one first; other names are removed."""
    folders = list(run.glob("checkpoint-*"))
    for folder in folders:
        if not _NAME.fullmatch(folder.name):
            shutil.rmtree(folder)
    return sorted(filter(Path.is_dir, folders), key=step, reverse=True)


def _digests(paths: Sequence[Path]) -> list[str]:
    """Returns the sha256 of files; a large model's have 100 GB, minutes for a core alone."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(file_sha256, paths))


def inherit(earlier: Mapping[Path, bool], work: Path) -> None:
    """Gives a new try the last whole checkpoint of each training run of the tries before it.

    Features of pictures that they computed come along.

    The files get a second name (or are copied): an earlier try may still be writing, in a process
    that stalled and wakes up, and nothing of its own may change or vanish by that.

    Args:
        earlier: Work folder of each earlier try -> whether it is known to have ended; one that has
            is removed.
        work: Work folder of the new try.
    """
    runs = {path.parent.name for folder in earlier for path in folder.glob("*/checkpoint-*")}
    for name in sorted(runs):
        sealed = [
            path
            for folder in earlier
            for path in (folder / name).glob("checkpoint-*")
            if _NAME.fullmatch(path.name) and (path / SEAL).is_file()
        ]
        for path in sorted(sealed, key=step, reverse=True):
            if _link(path, work / name / path.name):
                break
    for path in (path for folder in earlier for path in folder.glob(f"{FEATURES}/*.safetensors")):
        (work / FEATURES).mkdir(parents=True, exist_ok=True)
        if not (work / FEATURES / path.name).exists():
            link_or_copy(path, work / FEATURES / path.name)
    for folder, ended in earlier.items():
        if ended:
            shutil.rmtree(folder, ignore_errors=True)


def _link(source: Path, place: Path) -> bool:
    """Gives a checkpoint a second place; False where it is not whole or went away meanwhile."""
    place.mkdir(parents=True, exist_ok=True)
    try:
        for path in sorted(source.rglob("*")):
            beside = place / path.relative_to(source)
            if path.is_dir():
                beside.mkdir(exist_ok=True)
            else:
                link_or_copy(path, beside)
    except FileNotFoundError:
        pass
    if not is_whole(place):
        shutil.rmtree(place)
    return place.is_dir()


def step(folder: Path) -> int:
    """Returns the optimizer steps that a checkpoint has behind it."""
    return int(folder.name.partition("-")[2])
