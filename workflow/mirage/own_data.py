"""A user's own data: JSON lines and pictures, checked against the contract of docs/own_data.md.

Hostile until checked: every line is bounded, parsed strictly, and all problems are told at once.
Pictures are read where they lie, never copied; what they are is fixed by their digests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mirage.contracts import DataError, TrainSample, inside
from mirage.files import canonical, sha256
from mirage.pictures import Elsewhere, Pictures
from mirage.truth import KEYS, truth_problems

SAMPLES: Final = "samples.jsonl"
MAX_LINE: Final = 1_048_576  # bytes
MAX_LINES: Final = 5_000_000
MAX_IMAGES: Final = 64  # of one sample
MAX_DEPTH: Final = 8  # of brackets in a line
MAX_PROBLEMS: Final = 20

ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}")
_REQUIRED: Final = {"id": str, "question": str, "images": list}
_OPTIONAL: Final = {
    "answer": str,
    "rejected": str,
    "label": str,
    "category": str,
    "sub_category": str,
    "truth": dict,
}
FIELDS: Final = {**_REQUIRED, **_OPTIONAL}


@dataclass
class OwnData:
    """What was read, and all that is wrong with it.

    Attributes:
        rows: The samples of the good lines; ids are the user's own.
        pictures: Where the pictures lie, and their digests.
        sizes: Name of a picture -> (width, height) in pixels.
        problems: A sentence each, at most MAX_PROBLEMS.
        more: How many further problems there are.
        digest: Digest of the file and of every picture.
        files: Everything that was read.
        looked: Digest of a picture -> its size.
        failed: Pictures that cannot be used.
    """

    rows: list[TrainSample] = field(default_factory=list)
    pictures: Elsewhere = field(default_factory=lambda: Elsewhere(Path(), {}))
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    more: int = 0
    digest: str = ""
    files: list[Path] = field(default_factory=list)
    looked: dict[str, tuple[int, int]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def add(self, problem: str) -> None:
        """Keeps a problem, or counts it where there are many."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more += 1

    def look_at(
        self,
        root: Path,
        names: Sequence[str],
        where: str,
        digests: dict[str, str],
        *,
        decode: bool = False,
    ) -> None:
        """Reads the pictures of a sample that were not read before; what is wrong is a problem.

        Args:
            root: Folder that the names are relative to.
            names: The pictures.
            where: Names the sample.
            digests: Name -> digest of the pictures read so far; filled.
            decode: Whether to decode each distinct picture to its end.
        """
        pictures = Pictures(root, remedy="")
        for name in names:
            if name in digests or name in self.failed:
                continue
            try:
                digest = pictures.digest(name, where)
                if digest not in self.looked:
                    whole = pictures.open(name, where) if decode else None
                    self.looked[digest] = whole.size if whole else pictures.size(name, where)
                self.sizes[name], digests[name] = self.looked[digest], digest
            except DataError as wrong:
                self.failed.add(name)
                self.add(str(wrong))

    def checked(self) -> OwnData:
        """Returns itself.

        Raises:
            DataError: Anything is wrong; the text lists it.
        """
        if self.problems:
            more = [f"and {self.more} more"] if self.more else []
            lines = "\n  - ".join([*self.problems, *more])
            count = len(self.problems) + self.more
            raise DataError(f"{count} problems in your data (see docs/own_data.md):\n  - {lines}")
        return self


def samples_file(path: Path) -> Path:
    """Returns the file of samples: the path itself, or ``samples.jsonl`` in the folder."""
    return path / SAMPLES if path.is_dir() else path


def read_own(
    path: Path,
    *,
    answers: bool = False,
    decode: bool = False,
    say: Callable[[str], None] | None = None,
) -> OwnData:
    """Reads and checks a user's samples and every picture that they show.

    Args:
        path: A ``.jsonl`` file, or a folder with ``samples.jsonl``; pictures are relative to it.
        answers: Whether every sample must have an answer to train on.
        decode: Whether to decode each distinct picture to its end, which takes long; data whose
            digest is known were decoded when they were checked.
        say: Told how far it got.

    Raises:
        DataError: There is no such file, or something else than a regular one.
    """
    file = samples_file(path.expanduser()).absolute()
    if not file.is_file():
        what = "is no regular file" if file.exists() else "does not exist"
        raise DataError(f"{file} {what}. Name a .jsonl file or a folder with {SAMPLES}.")
    made = OwnData(files=[file])
    digests: dict[str, str] = {}
    seen: dict[str, int] = {}
    text_digest = []
    for number, line in _lines(file, made):
        text_digest.append(sha256(line))
        where = f"{file}, line {number}"
        row = _sample(line, where, answers, made)
        if row is None:
            continue
        if row.id in seen:
            made.add(f"{where}: id {row.id!r} stands on line {seen[row.id]} already.")
        seen.setdefault(row.id, number)
        made.look_at(file.parent, row.images, where, digests, decode=decode)
        made.rows.append(row)
        if say is not None and number % 1000 == 0:
            say(f"{number} lines, {len(digests)} pictures")
    if not made.rows and not made.problems:
        made.add(f"{file} holds no samples.")
    made.pictures = Elsewhere(file.parent, digests)
    made.files += [file.parent / name for name in digests]
    made.digest = sha256(canonical([text_digest, digests]).encode())
    return made


def _lines(file: Path, made: OwnData) -> Iterator[tuple[int, bytes]]:
    """Yields number and bytes of each line; one that is too long is told and passed over."""
    with file.open("rb") as opened:
        for number in range(1, MAX_LINES + 2):
            line = opened.readline(MAX_LINE + 1)
            if not line:
                return
            if number > MAX_LINES:
                made.add(f"{file} has more than {MAX_LINES} lines; split it.")
                return
            if len(line) > MAX_LINE:
                made.add(f"{file}, line {number}: longer than {MAX_LINE // 2**20} MiB.")
                while line and not line.endswith(b"\n"):
                    line = opened.readline(MAX_LINE)
            elif line.strip():
                yield number, line


def _sample(line: bytes, where: str, answers: bool, made: OwnData) -> TrainSample | None:
    """Returns the sample of a line, None if anything is wrong with it."""
    try:
        plain = parse(line)
        problems = _problems(plain, answers, where)
    except DataError as wrong:
        problems = [str(wrong)]
    for problem in problems:
        made.add(f"{where}: {problem}")
    if problems:
        return None
    values = {name: plain.get(name, kind()) for name, kind in FIELDS.items()}
    return TrainSample(suite="", **{**values, "images": tuple(values["images"])})


def parse(line: bytes) -> dict[str, Any]:
    """Returns a line's JSON object.

    Raises:
        DataError: Not UTF-8, too deep, a key twice, NaN or infinity, or no JSON object.
    """
    try:
        text = line.decode("utf-8")
        if _depth(text) > MAX_DEPTH:
            raise DataError(f"nested deeper than {MAX_DEPTH} brackets.")
        plain = json.loads(text, parse_constant=no_number, object_pairs_hook=once)
    except UnicodeDecodeError:
        raise DataError("not UTF-8 text.") from None
    except json.JSONDecodeError as broken:
        raise DataError(f"not valid JSON ({broken.msg} at column {broken.colno}).") from None
    except DataError:
        raise
    except ValueError:  # the one that is left; Python's own text advises to change Python
        raise DataError("holds a whole number of thousands of digits.") from None
    if not isinstance(plain, dict):
        raise DataError(f"a JSON object is needed, not {type(plain).__name__}.")
    return plain


def _depth(text: str) -> int:
    """Deepest brackets outside strings; counted before parsing, which recurses."""
    deep = deepest = 0
    for sign in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        if sign in "[{":
            deep += 1
            deepest = max(deepest, deep)
        elif sign in "]}":
            deep -= 1
    return deepest


def no_number(name: str) -> float:
    """Refuses NaN and infinity (``json.loads``, ``parse_constant``).

    Raises:
        DataError: Always.
    """
    raise DataError(f"{name} is no number that JSON knows.")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns a JSON object's keys and values (``json.loads``, ``object_pairs_hook``).

    Raises:
        DataError: A key stands twice.
    """
    plain = dict(pairs)
    if len(plain) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DataError(f"the key {twice!r} stands twice.")
    return plain


def _problems(plain: dict[str, Any], answers: bool, where: str) -> list[str]:
    """Everything that is wrong with one parsed line."""
    problems = [f"{name} is missing." for name in _REQUIRED if name not in plain]
    if answers and "answer" not in plain:
        problems.append("answer is missing, which a recipe needs to train on.")
    for name, value in plain.items():
        if name not in FIELDS:
            problems.append(f"unknown key {name!r}; known are {', '.join(FIELDS)}.")
        elif not isinstance(value, FIELDS[name]):
            kind = {str: "text", list: "a list", dict: "an object"}[FIELDS[name]]
            problems.append(f"{name} should be {kind}, not {type(value).__name__}.")
        elif isinstance(value, str) and not is_storable(value):
            problems.append(f"{name} holds half a character (an unpaired surrogate).")
        elif name in ("question", "answer") and not value.strip():
            problems.append(f"{name} is empty.")
    if isinstance(item := plain.get("id"), str) and not ID.fullmatch(item):
        problems.append(
            f"id {item[:40]!r} should be 1 to 128 letters, digits or . _ : + - and begin with a "
            "letter or digit."
        )
    if isinstance(images := plain.get("images"), list):
        problems += _image_problems(images, where)
    if isinstance(truth := plain.get("truth"), dict):
        problems += [f"{text}." for text in truth_problems(truth)]
        if unknown := sorted(set(truth) - KEYS):
            problems.append(f"truth has unknown keys {', '.join(map(repr, unknown))}.")
    return problems


def _image_problems(images: Sequence[object], where: str) -> list[str]:
    if len(images) > MAX_IMAGES:
        return [f"{len(images)} images; at most {MAX_IMAGES} are allowed."]
    problems = []
    for name in images:
        try:
            inside(name, "images")
        except DataError as wrong:
            problems.append(str(wrong))
    return problems


def is_storable(text: str) -> bool:
    """Returns whether every file can hold a text: no half of a character, no NUL."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text
