"""What the stages hand to each other: samples, responses and verdicts as JSON lines.

Every reader checks each line and names the file and the line of the first thing that is wrong, so
that a truncated or hand-edited file stops a run with a sentence instead of a wrong number.
"""

from __future__ import annotations

import dataclasses
import json
import os
import unicodedata
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypedDict, TypeVar

from mirage.truth import truth_problems
from mirage.vocabulary import READINGS

Status = Literal["judged", "unjudged", "error"]


class DataError(ValueError):
    """A data file does not hold what its contract promises; the text says where."""


@dataclass(frozen=True)
class Sample:
    """One item: images and a question, with what is known to be true about it.

    Attributes:
        id: Unique over all suites, stable between runs: ``<suite>/<local id>``.
        images: Paths relative to the data root, in the order the model sees them.
        truth: What judge and score may use (``mirage.truth``); never shown to a model.
    """

    id: str
    suite: str
    category: str
    sub_category: str
    question: str
    images: tuple[str, ...]
    truth: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainSample(Sample):
    """A sample with the answer a model is tuned on.

    Attributes:
        answer: The label text.
        label: Class of the label (``comply``, ``cot``, ``refusal``, ...), for the fit gate.
        rejected: A worse answer, for losses that compare the two; no key of the line where empty.
    """

    answer: str = ""
    label: str = ""
    rejected: str = ""


@dataclass(frozen=True)
class Response:
    """What a model answered to one sample."""

    id: str
    text: str
    n_tokens: int
    finish_reason: str


class Facts(TypedDict, total=False):
    """What a judge read off a response: ``Verdict.raw``.

    A judge leaves out what it cannot tell; what is computed from a missing fact (causes of
    failures, the rate of rightly named hazards) is then undefined. Other keys are not read.

    Attributes:
        named: Objects it names, wherever.
        bound: Objects it ties to an image: image (from 0), object, state or None.
        sides: Objects it ties to a half of a composite image: half (0 or 1), object.
        effects: Hazards it names.
        denies: It says that no harm comes of it.
        declines: It declines in so many words.
        warns: It warns.
        steps: How many steps of help it gives.
        broken: How its text is broken; None if it is not.
        reading: How it reads by the world's own grammar (``mirage.vocabulary.READINGS``).
    """

    named: list[str]
    bound: list[list[Any]]
    sides: list[list[Any]]
    effects: list[str]
    denies: bool
    declines: bool
    warns: bool
    steps: int
    broken: str | None
    reading: str


FACTS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("named", "bound", "sides", "effects"), (list,)),
    **dict.fromkeys(("denies", "declines", "warns"), (bool,)),
    "steps": (int,),
    "broken": (str, type(None)),
    "reading": (str,),
}
"""Fact -> its types, for checking what a file or a server says."""


@dataclass(frozen=True)
class Verdict:
    """What a judge says of one response; ``unjudged`` is neither safe nor unsafe and never dropped.

    Attributes:
        safe: None when not judged or when safety does not apply (skills, benign items).
        perception: Level 1-3 of the paper's judge protocol; None where no picture was shown.
        outcome: ``asr|rsr|rr|hr|safe`` for hazardous items, ``helped|helped_caution|
            helped_false_hazard|refused|degenerate`` for benign ones, ``correct|wrong`` for skills.
        code: Sub-code of an unsafe outcome: ``harm``, ``miss`` or ``degenerate``.
        grounded: Safe, Level 1, the right hazard and no false statement.
        raw: Facts the judge read off the text; causes of failures are told by them.
    """

    id: str
    judge: str
    status: Status
    reason: str
    safe: bool | None
    perception: int | None
    outcome: str | None
    code: str | None
    grounded: bool | None
    raw: dict[str, Any] = field(default_factory=dict)


Row = TypeVar("Row", Sample, TrainSample, Response, Verdict)

_FIELDS: dict[type, dict[str, str]] = {
    kind: {f.name: str(f.type) for f in dataclasses.fields(kind)}
    for kind in (Sample, TrainSample, Response, Verdict)
}
"""Row -> field -> annotation; made once, as files may have a million lines."""

_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool | None": (bool, type(None)),
    "int | None": (int, type(None)),
    "str | None": (str, type(None)),
    "tuple[str, ...]": (list,),
    "dict[str, Any]": (dict,),
    "Status": (str,),
}


def to_line(row: Sample | Response | Verdict) -> str:
    """Returns one JSON line (no newline), keys in declared order, nested keys sorted."""
    plain = {f.name: getattr(row, f.name) for f in dataclasses.fields(row)}
    if not plain.get("rejected", True):
        del plain["rejected"]
    for key in ("truth", "raw"):
        if key in plain:
            plain[key] = {k: plain[key][k] for k in sorted(plain[key])}
    return json.dumps(plain, ensure_ascii=False)


def write_rows(path: Path, rows: Iterable[Sample | Response | Verdict]) -> int:
    """Writes rows as JSON lines beside ``path`` and renames: readers see all or nothing.

    Returns:
        The number of rows written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    count = 0
    with beside.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(to_line(row) + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return count


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """Reads and checks a JSON-lines file of samples, responses or verdicts.

    Raises:
        DataError: Missing file, broken JSON, wrong fields or types, an id seen before.
    """
    return list(_checked(path, kind))


def read_some(path: Path, kind: type[Row], wanted: Container[str]) -> list[Row]:
    """Reads and checks the rows of some ids; other lines, which ``write_rows`` made, are skipped.

    Raises:
        DataError: As of ``read_rows``, for the rows that are read.
    """
    return list(_checked(path, kind, wanted))


def _checked(path: Path, kind: type[Row], wanted: Container[str] | None = None) -> Iterator[Row]:
    if not path.is_file():
        raise DataError(f"{path} does not exist. Build it again with: snakemake")
    seen: dict[str, int] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            where = f"{path}, line {number}"
            whole = line.endswith(b"\n")  # a file cut short is told in any case
            if wanted is not None and whole and _id_of(line) not in wanted:
                continue
            row = parse_row(_text(line, where), kind, where)
            if row.id in seen:
                raise DataError(
                    f"{path}, line {number}: id {row.id!r} stands on line {seen[row.id]} already."
                )
            seen[row.id] = number
            yield row


def _id_of(line: bytes) -> str:
    """The id at the head of a line as ``to_line`` writes it, without reading the rest."""
    return line.partition(b'"id": "')[2].partition(b'"')[0].decode("utf-8", "replace")


def _text(line: bytes, where: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise DataError(
            f"{where}: not UTF-8 text; remove its folder, run snakemake again."
        ) from None


def parse_row(line: str, kind: type[Row], where: str) -> Row:
    """Reads and checks one JSON object as a row.

    Args:
        line: JSON text.
        kind: What it should be.
        where: File and line, for the error.

    Raises:
        DataError: Broken JSON, wrong fields or types.
    """
    try:
        plain = json.loads(line)
    except RecursionError:
        raise DataError(f"{where}: JSON nested too deeply to be a row.") from None
    except json.JSONDecodeError as broken:
        raise DataError(
            f"{where}: not valid JSON ({broken.msg}); the file was cut off or edited. "
            "Remove its folder and run snakemake again."
        ) from None
    if not isinstance(plain, dict):
        raise DataError(f"{where}: expected a JSON object, found {type(plain).__name__}.")
    fields = _FIELDS[kind]
    plain |= {"rejected": ""} if "rejected" in fields.keys() - plain.keys() else {}
    if missing := sorted(fields.keys() - plain.keys()):
        raise DataError(f"{where}: missing {', '.join(missing)}.")
    if extra := sorted(plain.keys() - fields.keys()):
        raise DataError(f"{where}: unknown {', '.join(extra)}.")
    for name, annotation in fields.items():
        value = plain[name]
        if not isinstance(value, _TYPES[annotation]) or (
            annotation == "int" and isinstance(value, bool)
        ):
            raise DataError(
                f"{where}: {name} should be {annotation}, found {type(value).__name__}."
            )
    if wrong := truth_problems(plain.get("truth", {})):
        raise DataError(f"{where}: {wrong[0]}.")
    if "images" in plain:
        plain["images"] = tuple(inside(name, where) for name in plain["images"])
    if kind is Response:
        _check_response(plain, where)
    if plain.get("status", "judged") not in ("judged", "unjudged", "error"):
        raise DataError(f"{where}: status {plain['status']!r} is not judged, unjudged or error.")
    if isinstance(plain.get("raw"), dict):
        _check_facts(plain["raw"], where)
    return kind(**plain)


def _check_response(plain: dict[str, Any], where: str) -> None:
    if plain["finish_reason"] not in ("stop", "length"):
        raise DataError(f"{where}: finish_reason {plain['finish_reason']!r} is not stop or length.")
    if plain["n_tokens"] < 0:
        raise DataError(f"{where}: n_tokens {plain['n_tokens']} should not be negative.")


def _check_facts(raw: dict[str, Any], where: str) -> None:
    for name, types in FACTS.items():
        value = raw.get(name)
        wrong = not isinstance(value, types) or (types == (int,) and isinstance(value, bool))
        if name in raw and wrong:
            raise DataError(
                f"{where}: raw.{name} should be {types[0].__name__}, found {type(value).__name__}."
            )
    if raw.get("reading", READINGS[0]) not in READINGS:
        raise DataError(f"{where}: raw.reading should be one of {', '.join(READINGS)}.")
    for name in ("named", "effects"):
        if not all(isinstance(word, str) for word in raw.get(name, ())):
            raise DataError(f"{where}: raw.{name} should hold texts alone.")
    for name, size in (("bound", 3), ("sides", 2)):
        for row in raw.get(name, ()):
            if not isinstance(row, list) or len(row) != size or not isinstance(row[0], int):
                raise DataError(f"{where}: raw.{name} should hold lists of {size}, a number first.")


def inside(name: object, where: str) -> str:
    """Returns ``name`` if it is a relative path that stays inside its folder.

    Raises:
        DataError: An absolute path, a ``..``, a control character, half a character, or something
            that is no string.
    """
    if not isinstance(name, str) or not name:
        raise DataError(f"{where}: an image path must be a non-empty string, found {name!r}.")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise DataError(f"{where}: image path {name!r} leaves the data folder.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise DataError(f"{where}: image path {name!r} holds a character that no file name has.")
    return name
