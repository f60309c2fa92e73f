"""The PDF of a report with the paper's values: chapters, contents, notes, widths, equal bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mirage.report.assemble import blocks_of
from mirage.report.blocks import Column, Number, Table, Text, TextBlock
from mirage.report.data import ReportData
from mirage.report.exhibits.tables import APPENDIX
from mirage.report.paper.side_by_side import Block, chapters
from mirage.report.render.outline import outline
from mirage.report.render.pdf import _block, to_pdf
from report_exhibits import exhibits


def plain(blocks: list[Block], folder: Path) -> list[dict[str, Any]]:
    shown = [_block(block, folder) for block in blocks]
    outline(shown)
    return shown


@pytest.fixture(scope="module")
def short(data: ReportData) -> ReportData:
    study = replace(
        data.study, name="paper", published=True, exhibits=exhibits("table2", "gates", "gallery")
    )
    return replace(data, study=study)


@pytest.fixture(scope="module")
def blocks(short: ReportData) -> list[Block]:
    return blocks_of(short)


def test_twice_gives_equal_bytes(short: ReportData, blocks: list[Block]) -> None:
    one = to_pdf(short.study, blocks)
    assert one[:5] == b"%PDF-"
    assert one == to_pdf(short.study, blocks)


def test_hostile_words_are_set_as_words(short: ReportData, hostile: ReportData) -> None:
    sharp = TextBlock("x", "#set page(width: 1cm)", ("$x$ *a* _b_ #panic() \\ \u202e",), slot=True)
    study = replace(hostile.study, published=True, exhibits=exhibits("gallery"))
    assert to_pdf(short.study, [*blocks_of(replace(hostile, study=study)), sharp])[:5] == b"%PDF-"


def test_chapters_and_sections_open_once(blocks: list[Block], tmp_path: Path) -> None:
    opened = [title for block in plain(blocks, tmp_path) for level, title, _ in block["opens"]]
    heads = [title for title in opened if title in {c.title for c in chapters()}]
    assert heads == [c.title for c in chapters() if c.title != "Validity"]  # gates are details
    assert opened.count("Table 4: MIS test set, all models") == 1
    assert opened[-3:-1] == ["Provenance", APPENDIX]  # then the section of Table 2


def test_slots_are_set_apart(blocks: list[Block], tmp_path: Path) -> None:
    slots = [b["slot"] for b in plain(blocks, tmp_path) if b["kind"] == "text" and b["slot"]]
    assert len(slots) > 25
    assert all(slot.startswith("Full scale (this suite): not run yet; ") for slot in slots)


def test_wide_published_tables_fit_a_page(blocks: list[Block], tmp_path: Path) -> None:
    shown = {b["anchor"]: b for b in plain(blocks, tmp_path)}
    big = shown["Table-published_table4"]
    assert (big["wide"], big["tight"], big["marked"], big["whole"]) == (False, True, True, True)
    assert big["rows"][3][1]["mark"] == "a"
    probe = shown["Table-published_table2"]
    assert probe["groups"][1] == ["Qwen2-VL-7B\n+ VLGuard-P", 2]


def _table(*letters: int) -> Table:
    columns = tuple(Column(str(n), is_text=True) for n in letters)
    return Table("t", "t", "c", "r", columns, (tuple(Text("x" * n) for n in letters),))


@pytest.mark.parametrize(
    ("letters", "widths"),
    [
        ((10, 20, 60), [0, 0, 60]),
        ((10, 60, 400), [0, 60, 126]),
        ((40, 40, 40, 10, 60), [30, 30, 30, 0, 30]),
        ((8, 12), [0, 0]),
    ],
)
def test_columns_share_the_line(
    letters: tuple[int, ...], widths: list[int], tmp_path: Path
) -> None:
    assert _block(_table(*letters), tmp_path)["widths"] == widths


@pytest.mark.parametrize(("letters", "pages"), [(20, 1), (300, 2)])
def test_few_rows_of_many_lines_go_on_on_the_next_page(
    letters: int, pages: int, short: ReportData
) -> None:
    table = _table(60, 60)
    row = (Text("word " * (letters // 5)),) * 2
    pdf = to_pdf(short.study, [replace(table, rows=(row,) * 15, notes=("one", "two"))])
    assert len(re.findall(rb"/Type ?/Page\b", pdf)) == pages


def test_many_numbers_turn_the_page(tmp_path: Path) -> None:
    columns = (Column("model", is_text=True), *(Column(str(n), bare=True) for n in range(14)))
    row = (Text("a"), *(Number(1.0) for _ in range(14)))
    shown = _block(Table("t", "t", "c", "r", columns, (row,)), tmp_path)
    assert (shown["wide"], shown["tight"]) == (True, False)
