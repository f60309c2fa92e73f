"""Published values as data: read, checked and laid out as the tables they were printed in.

They live in ``reports/published/`` (``sources.yaml`` there says how cells are named) and in
``reports/paper.yaml``. Nothing here touches a nano number.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from mirage.contracts import DataError
from mirage.plan.schema.types import Name, Strict
from mirage.report.blocks import Cell, Column, Number, Table, Text
from mirage.report.captions import SOURCES, parsed, validated

COLUMNS = ("table", "row", "column", "value", "unit", "source", "flag")
DATA_FILES = (
    "../../../../reports/published/fig4.csv",
    "../../../../reports/published/fig5.csv",
    "../../../../reports/published/flags.yaml",
    "../../../../reports/published/headline.csv",
    "../../../../reports/published/rebuttal_general.csv",
    "../../../../reports/published/rebuttal_mis.csv",
    "../../../../reports/published/rebuttal_released.csv",
    "../../../../reports/published/sources.yaml",
    "../../../../reports/published/table1.csv",
    "../../../../reports/published/table10.csv",
    "../../../../reports/published/table11.csv",
    "../../../../reports/published/table12.csv",
    "../../../../reports/published/table13.csv",
    "../../../../reports/published/table14.csv",
    "../../../../reports/published/table15.csv",
    "../../../../reports/published/table16.csv",
    "../../../../reports/published/table17.csv",
    "../../../../reports/published/table18.csv",
    "../../../../reports/published/table19.csv",
    "../../../../reports/published/table2.csv",
    "../../../../reports/published/table3.csv",
    "../../../../reports/published/table4.csv",
    "../../../../reports/published/table5.csv",
    "../../../../reports/published/table6.csv",
    "../../../../reports/published/table7.csv",
    "../../../../reports/published/table8.csv",
    "../../../../reports/published/table9.csv",
    "../../../../reports/published/v1_table9.csv",
    "../../../../reports/paper.yaml",
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PREFIX = "published_"
"""Ids of tables of published values begin so; those of nano tables never do."""

READING = (
    "Numbers stand as printed, without intervals, because none were published; a letter leads to a "
    "note on what is known of a value. Not every value in doubt has one: the table “printed "
    "numbers that cannot all be right” of the study paper lists every cell that fails a check."
)


@dataclass(frozen=True)
class Printed:
    """One printed cell.

    Attributes:
        value: As printed; empty where nothing is.
        flags: Ids of ``flags.yaml``.
    """

    table: str
    row: str
    column: str
    value: str
    unit: str
    source: str
    flags: tuple[str, ...]


class Entry(Strict):
    """A table or figure of the paper and what answers it here.

    Attributes:
        title: Short heading, after the id's own words.
        setting: What was measured, on what, in which direction it is better.
        study: The study whose report has the nano counterpart; None if there is none.
        absent: Why there is no nano counterpart; None if there is one.
        nano: Ids in the study's ``tables``.
        only: Those of their blocks that answer this id, where others answer another; empty: all.
        without: Which printed parts have no nano counterpart although others do, and why.
        full: What fills the slot at full scale.
        rows: What a row is, for its heading.
        groups: First words of columns that become headings above them.
        flags: Ids of ``flags.yaml`` that concern the whole table.
    """

    title: str
    setting: str
    study: Name | None = None
    absent: str | None = None
    nano: list[str] = Field(default=[])
    only: list[str] = Field(default=[])
    without: str = ""
    full: str
    rows: str = "model"
    groups: list[str] = Field(default=[])
    flags: list[str] = Field(default=[])

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.study is None) == (self.absent is None):
            raise ValueError("give exactly one of 'study' and 'absent'")
        if bool(self.nano) != (self.study is not None):
            raise ValueError("'nano' goes with 'study', and 'study' with 'nano'")
        return self


@dataclass(frozen=True)
class Paper:
    """Everything that is known of the paper's tables and figures.

    Attributes:
        entries: Id -> what answers it, in the order of ``paper.yaml``.
        cells: All printed cells; a figure without printed numbers has none.
        flags: Flag -> reason.
        sources: Tag -> where.
    """

    entries: Mapping[str, Entry]
    cells: tuple[Printed, ...]
    flags: Mapping[str, str]
    sources: Mapping[str, str]

    def of(self, table: str) -> list[Printed]:
        """Returns the cells of a table, as printed from left to right and downwards."""
        return [cell for cell in self.cells if cell.table == table]


@cache
def paper(folder: Path = SOURCES) -> Paper:
    """Reads the published values.

    Args:
        folder: Holds ``paper.yaml`` and ``published/``.

    Raises:
        DataError: A file is gone or broken, or names an unknown flag, source or table.
    """
    entries = {key: _entry(key, plain) for key, plain in _yaml(folder / "paper.yaml").items()}
    tables = [Path(name) for name in DATA_FILES if name.endswith(".csv")]
    files = {path.stem: folder / "published" / path.name for path in tables}
    order = [*(key for key in entries if key in files), *sorted(set(files) - set(entries))]
    published = Paper(
        entries=entries,
        cells=tuple(cell for table in order for cell in _read(files[table])),
        flags=_words(folder / "published" / "flags.yaml"),
        sources=_words(folder / "published" / "sources.yaml"),
    )
    problems = list(_problems(published))
    if problems:
        raise DataError(
            "reports/published: " + "; ".join(problems) + ". Correct the CSV, flags.yaml, "
            "sources.yaml or reports/paper.yaml."
        )
    return published


def _yaml(path: Path) -> dict[str, Any]:
    plain = parsed(path)
    if not isinstance(plain, dict) or not all(isinstance(key, str) for key in plain):
        raise DataError(f"{path}: must map names to entries. Correct it and run snakemake again.")
    return plain


def _words(path: Path) -> dict[str, str]:
    words = _yaml(path)
    for key, text in words.items():
        if not isinstance(text, str) or not text.strip():
            raise DataError(
                f"{path}, {key}: must be words, in quotes. Correct it and run snakemake again."
            )
    return words


def _entry(key: str, plain: object) -> Entry:
    return validated(Entry, plain, f"reports/paper.yaml, {key}")


def _read(path: Path) -> list[Printed]:
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    if not lines or tuple(lines[0]) != COLUMNS:
        raise DataError(f"{path}, line 1: the columns must be {','.join(COLUMNS)}.")
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(COLUMNS) or line[0] != path.stem:
            raise DataError(
                f"{path}, line {number}: needs {len(COLUMNS)} values, the first one {path.stem!r}."
            )
    return [
        Printed(table, row, column, value, unit, source, tuple(flags.split()))
        for table, row, column, value, unit, source, flags in lines[1:]
    ]


def _problems(published: Paper) -> Iterable[str]:
    seen: set[tuple[str, str, str]] = set()
    for cell in published.cells:
        where = f"{cell.table}, {cell.row}, {cell.column}"
        if (cell.table, cell.row, cell.column) in seen:
            yield f"{where} stands there twice"
        seen.add((cell.table, cell.row, cell.column))
        yield from (f"{where}: no flag {f!r}" for f in cell.flags if f not in published.flags)
        tags = cell.source.split("+")
        yield from (f"{where}: no source {tag!r}" for tag in tags if tag not in published.sources)
    for table in sorted({cell.table for cell in published.cells} - set(published.entries)):
        yield f"{table} is not in paper.yaml"
    used = {flag for cell in published.cells for flag in cell.flags}
    for key, entry in published.entries.items():
        used |= set(entry.flags)
        yield from (
            f"{key}: no flag {flag!r}" for flag in entry.flags if flag not in published.flags
        )
    yield from (f"nothing has the flag {flag!r}" for flag in published.flags if flag not in used)


def heading(key: str) -> str:
    """Returns an id in words: ``table4`` becomes ``Table 4``; others have only their title."""
    for kind in ("table", "fig"):
        number = key.removeprefix(kind)
        if number.isdigit():
            return f"{'Table' if kind == 'table' else 'Figure'} {number}"
    return ""


def named(key: str) -> str:
    """Returns a short name of an id: its number, or its words."""
    return heading(key) or key.replace("_", " ")


def published_table(
    published: Paper, key: str, wanted: Callable[[str], bool] | None = None
) -> Table | None:
    """Returns a table or figure as printed, or None where no number of it is known.

    Args:
        published: The published values.
        key: Id in ``paper.yaml``.
        wanted: Which rows; all of them if left out.
    """
    cells = [cell for cell in published.of(key) if wanted is None or wanted(cell.row)]
    if not cells:
        return None
    entry = published.entries[key]
    names = list(dict.fromkeys(cell.column for cell in cells))
    rows = list(dict.fromkeys(cell.row for cell in cells))
    marks = _marks(cells)
    at = {(cell.row, cell.column): cell for cell in cells}
    return Table(
        id=PREFIX + key,
        title=f"Published: {heading(key) or entry.title}, values as printed",
        caption=f"{entry.setting} {_sources(published, cells)}",
        reading=READING,
        columns=(
            Column(entry.rows, is_text=True),
            *(
                _column(name, entry.groups, [c for c in cells if c.column == name])
                for name in names
            ),
        ),
        rows=tuple(
            (
                Text(label, alone=None if label == row else row),
                *(_cell(at.get((row, name)), marks) for name in names),
            )
            for row, label in zip(rows, _labels(rows), strict=True)
        ),
        rules=_rules(rows),
        notes=(
            *(f"{letter}: {published.flags[flag]}" for flag, letter in marks.items()),
            *(published.flags[flag] for flag in entry.flags),
        ),
    )


def _marks(cells: Sequence[Printed]) -> dict[str, str]:
    """A letter for every flag of a table, in the order in which a reader meets them."""
    flags = dict.fromkeys(flag for cell in cells for flag in cell.flags)
    return dict(zip(flags, LETTERS, strict=False))


def _sources(published: Paper, cells: Sequence[Printed]) -> str:
    tags = dict.fromkeys(tag for cell in cells for tag in cell.source.split("+"))
    return f"Source: {'; '.join(published.sources[tag] for tag in tags)}."


def _column(name: str, groups: Sequence[str], cells: Sequence[Printed]) -> Column:
    group = next((g for g in groups if name.startswith(g + " ")), "")
    is_text = not any(is_number(cell.value) for cell in cells)
    return Column(name.removeprefix(group).strip(), group, is_text=is_text, bare=True, printed=True)


def is_number(value: str) -> bool:
    """Tells whether a printed value is a plain decimal number."""
    return value.replace(".", "", 1).isdigit()


def _cell(cell: Printed | None, marks: Mapping[str, str]) -> Cell:
    if cell is None or not cell.value:
        return Number(None) if cell is None or cell.unit != "yes/no" else Text("–", alone="")
    mark = ",".join(marks[flag] for flag in cell.flags)
    if is_number(cell.value):
        digits = len(cell.value.partition(".")[2])
        return Number(float(cell.value), digits=digits, mark=mark, flags=cell.flags)
    if mark:
        return Text(f"{cell.value} ({mark})", alone=cell.value, flags=cell.flags)
    return Text(cell.value)


def _labels(rows: Sequence[str]) -> list[str]:
    """Rows as printed: ``+ MIRage`` under its base, a sub-category under its category."""
    labels, head = [], ""
    for row in rows:
        inside = next((sign for sign in (" + ", " / ") if row.startswith(head + sign)), "")
        if head and inside:
            rest = row.removeprefix(head + inside)
            labels.append(f"+ {rest}" if inside == " + " else f"– {rest}")
        else:
            labels.append(row)
            head = row
    return labels


def _rules(rows: Sequence[str]) -> frozenset[int]:
    """A line above every base that has rows of its own below it."""
    labels = _labels(rows)
    heads = [place for place, row in enumerate(rows) if labels[place] == row]
    return frozenset(heads[1:]) if len(heads) < len(rows) else frozenset()
