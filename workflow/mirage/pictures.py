"""Pictures by name: in a folder, in a packed ``pictures.zip`` beside the samples, or elsewhere.

A pack is an uncompressed ZIP file with sorted names and one fixed date: any tool opens it, a
picture is read without reading the others, and equal pictures give equal bytes. Every picture is
read through here, so that its path, its size and its bytes are checked in one place.
"""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mirage.contracts import DataError, inside

if TYPE_CHECKING:
    from PIL.Image import Image

PACK: Final = "pictures.zip"
ELSEWHERE: Final = "pictures.json"
"""Beside samples whose pictures lie in a folder of the user's: that folder and their digests."""

BESIDE: Final = "own/"
"""First part of the names of pictures that lie beside the samples, not among the shared ones."""

MAX_BYTES: Final = 64 * 2**20
MAX_SIDE: Final = 8192
MAX_PIXELS: Final = 40_000_000
FORMATS: Final = ("PNG", "JPEG", "WEBP")
"""The formats that are decoded; others have decoders that nobody audits."""

_REMADE: Final = "Remove the folder it lies in and make it again with: snakemake"
_DEEP: Final = ("I", "F")  # modes that Pillow would clip to 8 bits, not scale
_ORIENTATION: Final = 274  # the EXIF tag; from 5 on, width and height change places
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first date that a ZIP file can hold


class Pictures:
    """The pictures below one root: a folder, or a folder with a ``pictures.zip``."""

    def __init__(
        self,
        root: Path,
        digests: Mapping[str, str] | None = None,
        remedy: str = _REMADE,
        *,
        any_size: bool = False,
    ) -> None:
        """Opens nothing yet.

        Args:
            root: The folder that names are relative to.
            digests: Name -> sha256 that its bytes must have; None where any bytes will do.
            remedy: What a person should do about a picture that cannot be read.
            any_size: Whether a model that reads one size alone is shown them resized.
        """
        self.root, self.any_size = root, any_size
        self._wanted = digests
        self._remedy = remedy

    def names(self) -> list[str]:
        """Returns the names of all pictures, sorted."""
        if self._pack is not None:
            return sorted(self._pack.namelist())
        files = (path for path in self.root.rglob("*") if path.is_file())
        suffixes = (".png", ".jpg", ".jpeg", ".webp")
        return sorted(
            path.relative_to(self.root).as_posix()
            for path in files
            if path.suffix.lower() in suffixes
        )

    def read(self, name: str, where: str = "") -> bytes:
        """Returns the bytes of a picture.

        Args:
            name: Path relative to the root, with ``/``.
            where: Names the file and line that show the picture, for error sentences.

        Raises:
            DataError: The name leaves the root (links are followed), there is no such picture, it
                is too large a file, or its bytes are not those that were recorded.
        """
        data = self._bytes(inside(name, where or str(self.root)), where)
        if self._wanted is not None and self._wanted.get(name) != hashlib.sha256(data).hexdigest():
            raise self._error(name, where, "was changed since its data set was built")
        return data

    def digest(self, name: str, where: str = "") -> str:
        """Returns the sha256 (hex) of a picture's bytes.

        Raises:
            DataError: As ``read``.
        """
        return hashlib.sha256(self.read(name, where)).hexdigest()

    def size(self, name: str, where: str = "") -> tuple[int, int]:
        """Returns a picture's width and height in pixels; only its head is decoded.

        Raises:
            DataError: As ``read``, not a picture, of more than 8 bits a grey pixel, or beyond
                MAX_SIDE or MAX_PIXELS.
        """
        return self._decoded(name, where, whole=False).size

    def open(self, name: str, where: str = "") -> Image:
        """Returns a picture as RGB, upright; where it is transparent, on white.

        Raises:
            DataError: As ``size``, or the file is cut off or damaged.
        """
        return self._decoded(name, where, whole=True)

    @cached_property
    def _pack(self) -> zipfile.ZipFile | None:
        path = self.root / PACK
        if not path.is_file():
            return None
        try:
            return zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as broken:
            raise DataError(f"{path} cannot be read ({broken}). {_REMADE}") from None

    def _bytes(self, name: str, where: str) -> bytes:
        try:
            if self._pack is not None:
                size = self._pack.getinfo(name).file_size
                if size <= MAX_BYTES:
                    return self._pack.read(name)
            else:
                path = (self.root / name).resolve()
                if not path.is_relative_to(self.root.resolve()):
                    raise self._error(name, where, "is a link out of its folder", "")
                facts = path.stat()
                if not stat.S_ISREG(facts.st_mode):  # a fifo would be waited for without end
                    raise self._error(name, where, "is no regular file", "")
                size = facts.st_size
                if size <= MAX_BYTES:
                    return path.read_bytes()
        except (KeyError, FileNotFoundError):
            raise self._error(name, where, "does not exist") from None
        except (OSError, zipfile.BadZipFile) as broken:
            raise self._error(name, where, f"cannot be read ({broken})") from None
        raise self._error(
            name, where, f"has {size / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} are read", ""
        )

    def _decoded(self, name: str, where: str, *, whole: bool) -> Image:
        """Decodes a picture, or, for its size, turns an empty one of that size."""
        from PIL import Image, ImageOps, UnidentifiedImageError

        data = self.read(name, where)
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                width, height = picture.size
                deep = picture.mode.startswith(_DEEP)
                if not deep and max(width, height) <= MAX_SIDE and width * height <= MAX_PIXELS:
                    if whole:
                        upright = ImageOps.exif_transpose(picture)
                        if not upright.has_transparency_data:
                            return upright.convert("RGB")
                        white = Image.new("RGBA", upright.size, "white")
                        return Image.alpha_composite(white, upright.convert("RGBA")).convert("RGB")
                    turned = picture.getexif().get(_ORIENTATION, 1) >= 5
                    return Image.new("1", (height, width) if turned else (width, height))
        except Image.DecompressionBombError:
            raise self._error(name, where, "has far too many pixels" + _LIMIT, "") from None
        except (OSError, SyntaxError, ValueError, TypeError) as broken:
            unknown = isinstance(broken, UnidentifiedImageError)
            reason = f"none of {', '.join(FORMATS)}" if unknown else str(broken)
            raise self._error(name, where, f"is damaged ({reason})") from None
        what = "holds 16-bit grey" + _DEPTH if deep else f"is {width}x{height} pixels" + _LIMIT
        raise self._error(name, where, what, "")

    def _error(self, name: str, where: str, what: str, remedy: str | None = None) -> DataError:
        place = f"{where}: " if where else ""
        text = f"{place}picture {self.root / name} {what}."
        return DataError(f"{text} {self._remedy if remedy is None else remedy}".strip())


_LIMIT: Final = f"; at most {MAX_SIDE} a side and {MAX_PIXELS // 10**6} million are decoded"
_DEPTH: Final = "; which value is white, scans and depth maps say differently. Save it as 8-bit"


@dataclass(frozen=True)
class PictureFile:
    """One picture of a root; equal to another of the same root object and name."""

    pictures: Pictures
    name: str

    def __str__(self) -> str:
        """The path that a person would look for."""
        return str(self.pictures.root / self.name)

    @property
    def any_size(self) -> bool:
        """Whether a model that reads one size alone is shown it resized."""
        return self.pictures.any_size

    def read(self, where: str = "") -> bytes:
        """Returns its bytes (see ``Pictures.read``)."""
        return self.pictures.read(self.name, where)

    def digest(self, where: str = "") -> str:
        """Returns the sha256 of its bytes (see ``Pictures.digest``)."""
        return self.pictures.digest(self.name, where)

    def size(self, where: str = "") -> tuple[int, int]:
        """Returns its width and height (see ``Pictures.size``)."""
        return self.pictures.size(self.name, where)

    def open(self, where: str = "") -> Image:
        """Returns it decoded (see ``Pictures.open``)."""
        return self.pictures.open(self.name, where)


@dataclass(frozen=True)
class Elsewhere:
    """Pictures that stay where a user keeps them: they are referenced, never copied.

    Attributes:
        root: Folder that their names are relative to.
        sha256: Name -> digest of the bytes that the data set was built with.
        resize: What becomes of sizes that a model does not read: ``fit`` or ``error``.
    """

    root: Path
    sha256: Mapping[str, str]
    resize: str = "fit"

    def only(self, names: Container[str]) -> Elsewhere:
        """Returns the same with some of the names."""
        return replace(self, sha256={n: d for n, d in self.sha256.items() if n in names})

    def to_json(self) -> dict[str, Any]:
        """Returns what ``pictures.json`` holds."""
        return {"root": str(self.root), "sha256": dict(self.sha256), "resize": self.resize}


def read_elsewhere(samples: Path) -> Elsewhere | None:
    """Returns where the pictures of a user's samples lie; None for samples of our own.

    Raises:
        DataError: A broken ``pictures.json``.
    """
    record = samples / ELSEWHERE
    if not record.is_file():
        return None
    try:
        plain = json.loads(record.read_text(encoding="utf-8"))
        return Elsewhere(Path(plain["root"]), dict(plain["sha256"]), str(plain["resize"]))
    except (KeyError, TypeError, ValueError) as broken:
        raise DataError(f"{record} cannot be read ({broken}). {_REMADE}") from None


class SamplePictures:
    """Where the pictures of one data set or suite lie: shared, beside it, or in a user's folder."""

    def __init__(self, samples: Path, shared: Pictures | None) -> None:
        """Reads ``pictures.json``, if the samples have one.

        Args:
            samples: Folder of the ``samples.jsonl``.
            shared: The pictures that all names but those of ``own/`` are relative to; None where
                all lie beside the samples.

        Raises:
            DataError: A broken ``pictures.json``.
        """
        self._beside = Pictures(samples)
        self._other = shared or self._beside
        self._named: Container[str] = ()
        if elsewhere := read_elsewhere(samples):
            remedy = f"Put it back, or check the data anew with: mirage data check {elsewhere.root}"
            any_size = elsewhere.resize == "fit"
            self._beside = Pictures(samples, any_size=any_size)
            self._other = Pictures(elsewhere.root, elsewhere.sha256, remedy, any_size=any_size)
            self._named = elsewhere.sha256

    def file(self, name: str) -> PictureFile:
        """Returns the picture of a name; a user may have a folder ``own/``, too."""
        beside = name.startswith(BESIDE) and name not in self._named
        return PictureFile(self._beside if beside else self._other, name)


def pack(folder: Path, pictures: Iterable[tuple[str, Image]]) -> int:
    """Writes PNG pictures into one ``pictures.zip``; nothing where there are none.

    Args:
        folder: Where the file goes.
        pictures: Name and picture, in any order.

    Returns:
        The number of pictures.
    """
    made = {name: png(image) for name, image in pictures}
    if made:
        with zipfile.ZipFile(folder / PACK, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(made):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), made[name])
    return len(made)


def png(image: Image) -> bytes:
    """Returns a picture as PNG; the same pixels give the same bytes."""
    target = io.BytesIO()
    image.save(target, format="PNG", optimize=False)
    return target.getvalue()
