"""A table as tidy CSV: one row per value, the same columns whatever the table is.

``docs/report_tables.md`` says what the columns hold.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from mirage.report.blocks import Cell, Column, Number, Table, Text
from mirage.report.escape import csv_cell

VALUES = ("group", "column", "base", "value", "low", "high", "sd", "n", "flags")
MEAN = "mean"


def has_values(table: Table) -> bool:
    """Returns whether a table has a column of values; one of words alone has no tidy file."""
    return not all(column.is_text for column in (table.by_seed or table).columns)


def to_long_csv(table: Table, seeds: Sequence[int]) -> str:
    """Returns a row per value: the row's words, the column, of which base, and the value.

    Args:
        table: Of one with a row per seed behind it, those rows.
        seeds: Of the study, ascending; they name the bases of a mean that has all of them.
    """
    shown = table.by_seed or table
    keys = [at for at, column in enumerate(shown.columns) if column.is_text]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [f"{shown.columns[at].group} {shown.columns[at].name}".strip() for at in keys]
    writer.writerow([*names, *VALUES])
    for row in shown.rows:
        words = [csv_cell(cell.said) for at in keys if isinstance(cell := row[at], Text)]
        for cell, column in zip(row, shown.columns, strict=True):
            if not column.is_text:
                for values in _values(cell, column, seeds):
                    writer.writerow([*words, column.group, column.name, *values])
    return text.getvalue()


def _values(cell: Cell, column: Column, seeds: Sequence[int]) -> Iterator[list[str]]:
    """Yields base, value, limits, SD, n and flags: of a mean its own, then those of its bases."""
    flags = " ".join(cell.flags)
    if isinstance(cell, Text):
        yield ["", csv_cell(cell.said), "", "", "", "", flags]
        return
    if column.printed:
        shown = "" if cell.value is None else cell.shown.replace("−", "-")
        yield ["", shown, "", "", "", "", flags]
        return
    limits = [cell.value, cell.low, cell.high, cell.sd, cell.n]
    told = ["" if number is None else repr(number) for number in limits]
    yield [MEAN if cell.by_base else "", *told, flags]
    yield from _bases(cell, seeds)


def _bases(cell: Number, seeds: Sequence[int]) -> Iterator[list[str]]:
    whole = len(cell.by_base) == len(seeds)
    for at, value in enumerate(cell.by_base):
        base = f"seed {seeds[at]}" if whole else f"base {at + 1} of {len(cell.by_base)}"
        yield [base, repr(value), "", "", "", "" if cell.n is None else repr(cell.n), ""]
