"""A data set as somebody downloaded it: its files, whichever folder they lie in, and its defects.

Hostile until checked, as a user's own data: sizes are bounded, JSON is read strictly, and no name
leads out of the folder. Defects that releases are known for are *noted* and counted; all else that
is wrong is a *problem* with its place.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final

from mirage.contracts import DataError, inside
from mirage.own_data import MAX_PROBLEMS, no_number, once

MAX_FILE: Final = 4 * 2**30  # bytes; the largest that is read, M4-Instruct's, has about one GiB
SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp")
LONGEST_NAME: Final = 250  # bytes of a folder or picture; file systems take 255, with an ending
LONGEST_PATH: Final = 1024  # bytes
LEFT: Final = ("__MACOSX",)
"""Folders that packers leave behind; hidden ones are passed over too."""


@dataclass(frozen=True)
class Row:
    """One item as its file has it.

    Attributes:
        id: The published id; empty where it has none.
        question: What is asked, without marks for images.
        images: Names of the pictures, as the file has them.
        where: File and place, for people.
        below: Folders of the download in which the pictures may lie, tried in this order.
        truth: What is known about it (``mirage.truth``).
        answer: What a recipe trains on; empty where the file has none.
        label: Class of the answer.
        prefix: What its id begins with, whether published or made of its content.
    """

    id: str
    question: str
    images: tuple[str, ...]
    where: str
    below: tuple[str, ...] = ()
    category: str = ""
    sub_category: str = ""
    truth: dict[str, Any] = field(default_factory=dict)
    answer: str = ""
    label: str = ""
    prefix: str = ""


@dataclass
class Download:
    """A downloaded data set; what its reader found wrong is collected here.

    Attributes:
        root: The folder.
        how: Which part of it is wanted: ``file``, ``pick`` and more (``plan/schema/published.py``).
        problems: A sentence each, at most MAX_PROBLEMS.
        kinds: Kind of problem -> how many there are.
        notes: Defect that is put up with -> how many items have it.
        files: Every file that was read as text, in order.
    """

    root: Path
    how: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    files: list[Path] = field(default_factory=list)

    def problem(self, kind: str, where: str, text: str) -> None:
        """Keeps a problem, or counts it where there are many."""
        self.kinds[kind] += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(f"{where}: {text}")

    def note(self, defect: str) -> None:
        """Counts an item with a defect that is put up with."""
        self.notes[defect] += 1

    def picked(self, known: Sequence[str], default: Sequence[str] | None = None) -> list[str]:
        """Returns which parts of the data are wanted: ``pick``, else the default or all.

        Raises:
            DataError: ``pick`` names a part that the format does not have.
        """
        wanted = list(self.how.get("pick") or default or known)
        if unknown := [name for name in wanted if name not in known]:
            raise DataError(f"pick has no part {unknown[0]!r}; this format has {', '.join(known)}.")
        return wanted

    @cached_property
    def folders(self) -> list[Path]:
        """The root and the folders in it, without what packers leave behind."""
        inner = sorted(path for path in self.root.iterdir() if path.is_dir())
        return [self.root, *(p for p in inner if p.name not in LEFT and p.name[0] != ".")]

    def file(self, *names: str) -> Path:
        """Returns the first of some files that is there: at the root, or one folder deeper.

        Args:
            names: Relative paths; a ``file`` of the settings replaces them.

        Raises:
            DataError: There is none, or the only one lies in an archive.
        """
        wanted = (str(self.how["file"]),) if self.how.get("file") else names
        for name in wanted:
            inside(name, "file")
            for folder in self.folders:
                if (found := folder / name).is_file():
                    self.files.append(found)
                    return found
        packed = sorted(path.name for folder in self.folders for path in folder.glob("*.zip"))
        more = f" Unpack {', '.join(packed)} first: mirage data unpack {self.root}"
        raise DataError(f"{self.root} has no {' or '.join(wanted)}.{more if packed else ''}")

    def json(self, file: Path) -> Any:
        """Returns what a JSON file holds.

        Raises:
            DataError: Too large, no UTF-8, broken, a key twice, NaN, or nested too deeply.
        """
        text = self.text_of(file)
        try:
            return json.loads(text, parse_constant=no_number, object_pairs_hook=once)
        except json.JSONDecodeError as broken:
            place = f"line {broken.lineno}, column {broken.colno}"
            raise DataError(f"{file}: not valid JSON ({broken.msg}, {place}).") from None
        except DataError as wrong:
            raise DataError(f"{file}: {wrong}") from None
        except RecursionError:
            raise DataError(f"{file}: nested too deeply") from None
        except ValueError:  # the one that is left; Python's own text advises to change Python
            raise DataError(f"{file}: a whole number of thousands of digits.") from None

    def objects(self, file: Path, plain: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields place and object of a JSON array; elements of another type are problems.

        Raises:
            DataError: No array.
        """
        if not isinstance(plain, list):
            raise DataError(f"{file}: a JSON array is needed, not {type(plain).__name__}.")
        for number, each in enumerate(plain, 1):
            where = f"{file}, item {number}"
            if isinstance(each, dict):
                yield where, each
            else:
                self.problem("no object", where, f"a JSON object is needed, not {each!r:.40}.")

    def table(self, file: Path, *needed: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Yields place and row of a CSV file with a head.

        Args:
            file: The file.
            needed: Columns that it must have.

        Raises:
            DataError: No UTF-8, no CSV, or a column is missing.
        """
        # Not by splitlines, which also parts lines at signs that texts hold (form feed, U+2028).
        reader = csv.DictReader(io.StringIO(self.text_of(file), newline=""), strict=True)
        try:
            if missing := [name for name in needed if name not in (reader.fieldnames or ())]:
                raise DataError(f"{file}: the column {missing[0]!r} is missing.")
            for row in reader:
                where = f"{file}, line {reader.line_num}"
                if None in row or None in row.values():
                    self.problem("broken row", where, "has another number of cells than the head.")
                else:
                    yield where, row
        except csv.Error as broken:
            raise DataError(f"{file}, line {reader.line_num}: not valid CSV ({broken}).") from None

    def text(self, plain: Mapping[str, Any], where: str, *names: str) -> str:
        """Returns the first of some keys that holds a text; a problem where none does."""
        for name in names:
            if isinstance(value := plain.get(name), str) and value.strip():
                return value.strip()
        wrong = next((n for n in names if n in plain and not isinstance(plain[n], str)), None)
        what = f"{wrong} is no text." if wrong else f"{names[0]} is missing or empty."
        self.problem(f"no {names[0]}", where, what)
        return ""

    def text_of(self, file: Path) -> str:
        """Returns the text of a file.

        Raises:
            DataError: Too large, a link out of the folder, or no UTF-8.
        """
        if file.stat().st_size > MAX_FILE:
            raise DataError(f"{file} has more than {MAX_FILE // 2**30} GiB.")
        if not file.resolve().is_relative_to(self.root.resolve()):
            raise DataError(
                f"{file} is a link out of its folder, as in a cache of Hugging Face. Copy what the "
                f"links mean: cp -rL {self.root} <folder>, or download with --local-dir"
            )
        try:
            return file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise DataError(f"{file}: not UTF-8 text.") from None

    def picture(self, row: Row, name: str) -> str | None:
        """Returns the path of a picture relative to the root; a problem where there is none.

        Releases move their pictures about, so several folders are tried: those the reader names,
        then the root and each folder in it, where only one of them may have it. The first folder of
        a name may be missing at all of them: it is the authors' own root. Another place or ending
        than the file says is noted.
        """
        name = name.removeprefix("./")
        try:
            inside(name, "image")
        except DataError as wrong:
            self.problem("path", row.where, str(wrong))
            return None
        path = PurePosixPath(name)
        long = any(len(part.encode()) > LONGEST_NAME for part in path.parts)
        if not path.name or long or len(name.encode()) > LONGEST_PATH:
            self.problem("path", row.where, f"image path {name!r:.60} is no name of a file.")
            return None
        inner = tuple(folder.relative_to(self.root).as_posix() for folder in self.folders)
        for wanted in dict.fromkeys((path, *map(path.with_suffix, SUFFIXES))):
            if found := self._there(row.below, wanted)[:1]:
                break
            first, *rest = wanted.parts
            rootless = len(rest) > 1 or (rest and first == self.root.name)
            short = [PurePosixPath(*rest)] if rootless else []
            if found := self._there(inner, wanted) or self._there((*row.below, "."), *short):
                self.note("pictures in another folder than the file says")
                break
        if not found:
            self.problem("missing picture", row.where, f"picture {name} is not in {self.root}.")
            return None
        if len(found) > 1:
            text = f"picture {name} lies in several folders: {', '.join(found)}."
            self.problem("two pictures", row.where, text)
            return None
        if PurePosixPath(found[0]).suffix != path.suffix:
            self.note("pictures with another ending than the file says")
        return found[0]

    def _there(self, folders: Sequence[str], *names: PurePosixPath) -> list[str]:
        """The files of these names in these folders."""
        paths = (PurePosixPath(folder) / name for folder in folders for name in names)
        return [str(path) for path in dict.fromkeys(paths) if (self.root / path).is_file()]


def plain_id(value: object) -> str:
    """Returns a published id as text: whole numbers and texts, nothing for all else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
