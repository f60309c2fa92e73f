"""A table before it has a format: columns, rows of cells, and the words around them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

Better = Literal["lower", "higher", ""]
"""Which way a column is better; empty where neither is."""

WITH_SAMPLES: Final = ("example", "gallery")
"""Ids of all tables and figures that show requests, answers or pictures, not numbers alone: their
files go nowhere without ``track.content``."""


@dataclass(frozen=True)
class Text:
    """Words; escaped by every writer.

    Attributes:
        alone: What to say where the cells around it are gone, as in a file, a search or a sorted
            table: ``Qwen2-VL-7B + MIRage`` for ``+ MIRage``. None: the same.
        flags: As of a number.
    """

    text: str
    strong: bool = False
    alone: str | None = None
    flags: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The words that need no neighbours."""
        return self.text if self.alone is None else self.alone


@dataclass(frozen=True)
class Number:
    """A value with its limits and the number of items it was read on; None where not measured.

    Attributes:
        digits: Decimals shown.
        strong: Printed bold: the row's own setting, never "the best".
        mark: Letters of notes below the table, raised.
        flags: Ids of what those notes say, for files.
        by_base: Of a mean: the values of its bases in the order of the seeds, for files.
        sd: Of a mean: the standard deviation over its bases; pages show it instead of the limits.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    digits: int = 1
    strong: bool = False
    mark: str = ""
    flags: tuple[str, ...] = ()
    by_base: tuple[float, ...] = ()
    sd: float | None = None

    @property
    def shown(self) -> str:
        """The value as printed; a dash where there is none."""
        return "–" if self.value is None else signed(self.value, self.digits)

    @property
    def interval(self) -> str:
        """``[low, high]`` or ``± sd`` as printed, or empty."""
        if self.sd is not None:
            return f"± {signed(self.sd, self.digits)}"
        if self.value is None or self.low is None or self.high is None:
            return ""
        return f"[{signed(self.low, self.digits)}, {signed(self.high, self.digits)}]"


Cell = Text | Number


@dataclass(frozen=True)
class Definition:
    """What a word in a table or figure means; pages fold it away, a PDF says it once."""

    term: str
    text: str


def signed(value: float, digits: int) -> str:
    """Formats a number with a true minus sign and without minus zero."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


@dataclass(frozen=True)
class Column:
    """A column; neighbours with the same ``group`` share a heading above theirs.

    Attributes:
        n: Items behind every number of the column, if it is the same in all rows.
        bare: Its numbers have no interval (p-values, say).
        printed: Its values were printed elsewhere: files keep their digits and name their flags.
        better: Which way it is better, by the definition of what it counts.
    """

    name: str
    group: str = ""
    is_text: bool = False
    n: int | None = None
    bare: bool = False
    printed: bool = False
    better: Better = ""


@dataclass(frozen=True)
class Table:
    """A finished table.

    Attributes:
        id: File name and anchor.
        title: Short heading; a nano table's title says so.
        caption: Setting: study, seed, subset, level, what is counted.
        reading: One sentence that tells how to read it.
        rules: Rows with a line above.
        notes: Sentences below the table.
        warning: The note, if any, that must not be lost with the notes: CSV gives it a column.
        section: Heading it stands under, e.g. ``Table 11``; empty where it has none.
        chapter: Heading of the sections, e.g. ``Ablations``; empty where there are no chapters.
        by_seed: What CSV holds instead: a row per seed, where this table has one for all of them.
        definitions: Of the words that it uses.
    """

    id: str
    title: str
    caption: str
    reading: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    rules: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()
    warning: str = ""
    section: str = ""
    chapter: str = ""
    by_seed: Table | None = None
    definitions: tuple[Definition, ...] = ()

    def groups(self) -> list[tuple[str, int]]:
        """Returns the upper heading as (text, columns spanned); all empty if no column has one."""
        return [(key, len(list(some))) for key, some in groupby(c.group for c in self.columns)]

    def has_groups(self) -> bool:
        """Tells whether any column has an upper heading."""
        return any(c.group for c in self.columns)


@dataclass(frozen=True)
class Figure:
    """A drawn figure: files of the same name, ``figures/<id>.svg``, ``.png`` and ``.pdf``.

    Attributes:
        width: In centimetres, on paper.
        section: As of a table.
        chapter: As of a table.
        definitions: As of a table.
    """

    id: str
    title: str
    caption: str
    reading: str
    svg: bytes = field(repr=False)
    png: bytes = field(repr=False)
    pdf: bytes = field(repr=False)
    width: float = 13.0
    section: str = ""
    chapter: str = ""
    definitions: tuple[Definition, ...] = ()

    def write(self, folder: Path) -> None:
        """Writes all three files."""
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, content in (("svg", self.svg), ("png", self.png), ("pdf", self.pdf)):
            (folder / f"{self.id}.{suffix}").write_bytes(content)


@dataclass(frozen=True)
class TextBlock:
    """Words between tables; a cell of a table is `Text`.

    Attributes:
        id: Anchor.
        title: Short heading; empty where the section's own heading says it.
        paragraphs: Plain sentences; escaped by every writer.
        slot: The last one tells what will stand here and does not yet.
        section: As of a table.
        chapter: As of a table.
    """

    id: str
    title: str
    paragraphs: tuple[str, ...]
    section: str = ""
    chapter: str = ""
    slot: bool = False


@dataclass(frozen=True)
class BannerLine:
    """One line of a banner.

    Attributes:
        state: ``good``, ``bad``, or ``open`` where nothing is decided.
        text: What is said at a glance.
        detail: Which ones; may be empty.
    """

    state: Literal["good", "bad", "open"]
    text: str
    detail: str = ""


@dataclass(frozen=True)
class Banner:
    """What a reader must know before the numbers: gates and verdicts, a line each.

    Attributes:
        id: Anchor.
        title: Short heading.
        lines: Escaped by every writer.
        section: As of a table.
        chapter: As of a table.
    """

    id: str
    title: str
    lines: tuple[BannerLine, ...]
    section: str = ""
    chapter: str = ""


def with_common_n(columns: list[Column], rows: list[tuple[Cell, ...]]) -> tuple[Column, ...]:
    """Moves n into the heading where all numbers of a column share it."""
    return tuple(dataclasses.replace(c, n=_common_n(i, rows)) for i, c in enumerate(columns))


def _common_n(place: int, rows: list[tuple[Cell, ...]]) -> int | None:
    counts = {cell.n for cell in _numbers(place, rows) if cell.value is not None}
    return counts.pop() if len(counts) == 1 else None


def _numbers(place: int, rows: list[tuple[Cell, ...]]) -> Iterator[Number]:
    for row in rows:
        cell = row[place]
        if isinstance(cell, Number):
            yield cell


def own_n(cell: Number, column: Column) -> str:
    """Returns ``n = 96`` where the heading does not say it."""
    if cell.n is None or cell.value is None or column.n is not None:
        return ""
    return f"n = {cell.n}"
