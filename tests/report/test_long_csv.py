"""Tidy tables: one row per value, the same values as in the wide file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from mirage.report.assemble import Block
from mirage.report.blocks import Column, Number, Table, Text
from mirage.report.data import ReportData
from mirage.report.render.long_csv import VALUES, to_long_csv
from mirage.report.render.writers import to_csv, write_table


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_table_has_its_values_in_both(data: ReportData, blocks: list[Block]) -> None:
    tables = [b for b in blocks if isinstance(b, Table)]
    assert len(tables) > 15
    for table in tables:
        wide, long = rows_of(to_csv(table)), rows_of(to_long_csv(table, data.study.seeds))
        numbers = [c for c in table.columns if not c.is_text]
        assert len(long) == len(wide) * len(numbers), table.id
        for place, row in enumerate(long):
            column = numbers[place % len(numbers)]
            beside = wide[place // len(numbers)]
            name = f"{column.group} {column.name}".strip()
            assert (row["group"], row["column"]) == (column.group, column.name)
            assert row["value"] == beside[name], (table.id, name)
            if not column.bare:
                told = [row[each] for each in ("low", "high", "n")]
                assert told == [beside[f"{name} {each}"] for each in ("low", "high", "n")], table.id


def test_a_mean_has_a_row_for_each_base_by_its_seed() -> None:
    mean = Number(2.0, 1.0, 3.0, 8, by_base=(1.0, 3.0), sd=1.4)
    table = Table("t", "t", "c", "r", (Column("model", is_text=True), Column("J", "hard")),
                  ((Text("a"), mean),))  # fmt: skip
    made = [tuple(row[v] for v in VALUES) for row in rows_of(to_long_csv(table, (5, 7)))]
    assert made == [
        ("hard", "J", "mean", "2.0", "1.0", "3.0", "1.4", "8", ""),
        ("hard", "J", "seed 5", "1.0", "", "", "", "8", ""),
        ("hard", "J", "seed 7", "3.0", "", "", "", "8", ""),
    ]
    lacking = rows_of(to_long_csv(table, (5, 6, 7)))
    assert [row["base"] for row in lacking] == ["mean", "base 1 of 2", "base 2 of 2"]


@pytest.mark.parametrize(("printed", "told"), [(True, "4.50"), (False, "4.5")])
def test_what_was_printed_keeps_its_digits_and_flags(printed: bool, told: str) -> None:
    cell = Number(4.5, digits=2, flags=("typo", "chart"))
    table = Table("t", "t", "c", "r", (Column("x", printed=printed, bare=True),), ((cell,),))
    (row,) = rows_of(to_long_csv(table, (0,)))
    assert (row["value"], row["flags"]) == (told, "typo chart")


def test_a_table_of_words_has_no_tidy_file(tmp_path: Path) -> None:
    words = Table("t", "t", "c", "r", (Column("x", is_text=True),), ((Text("a"),),))
    write_table(words, tmp_path, (0,))
    assert (tmp_path / "t.csv").is_file()
    assert not (tmp_path / "long" / "t.csv").exists()
