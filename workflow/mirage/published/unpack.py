"""Unpacks the archives of a download once, beside themselves; no name leads out of its folder."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from mirage.contracts import DataError, inside
from mirage.published.download import LEFT

MAX_MEMBERS: Final = 5_000_000
MAX_RATIO: Final = 200
"""Unpacked bytes a packed one; pictures are hardly smaller in an archive, so more is a bomb."""


def unpack(path: Path, say: Callable[[str], None]) -> list[Path]:
    """Unpacks an archive, or all archives of a folder, each into a folder of its own name.

    Args:
        path: A ``.zip`` file, or a folder with some; a folder in the place of one stays as it is.
        say: Told how far it got.

    Returns:
        The folders that were made.

    Raises:
        DataError: No archive, a broken one, a name that leads out of it, or far too large.
    """
    path = path.expanduser().absolute()
    inner = sorted(path.rglob("*.zip")) if path.is_dir() else []
    archives = [each for each in inner if _wanted(each.relative_to(path).as_posix())]
    if path.is_file():
        archives = [path]
    if not archives:
        raise DataError(f"{path} is no .zip file and no folder with one.")
    made = []
    for archive in archives:
        folder = archive.with_suffix("")
        if folder.exists():
            say(f"{folder} is there already; left as it is")
            continue
        say(f"{archive} -> {folder}")
        part = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            with zipfile.ZipFile(archive) as opened:
                _extract(opened, archive, part)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as broken:
            shutil.rmtree(part, ignore_errors=True)
            raise DataError(f"{archive} cannot be unpacked ({broken}).") from None
        except DataError:
            shutil.rmtree(part, ignore_errors=True)
            raise
        part.rename(folder)
        made.append(folder)
    return made


def _extract(opened: zipfile.ZipFile, archive: Path, into: Path) -> None:
    members = [m for m in opened.infolist() if not m.is_dir() and _wanted(m.filename)]
    packed = archive.stat().st_size
    if len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > MAX_RATIO * packed:
        raise DataError(f"{archive} unpacks to far more than pictures do; look into it first.")
    for member in members:
        name = inside(member.filename, str(archive))
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DataError(f"{archive}: {name!r} is a link.")
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(member) as source, target.open("xb") as written:
            # A head that lies about its size ends at what it promised: zipfile reads no further.
            shutil.copyfileobj(source, written)
    into.mkdir(parents=True, exist_ok=True)


def _wanted(name: str) -> bool:
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
    return bool(parts) and parts[0] not in LEFT and not hidden
