"""The recomputation of published numbers: done once, committed, and still about what is printed."""

from __future__ import annotations

import csv

from mirage.report.blocks import Text
from mirage.report.captions import SOURCES, Caption, parsed
from mirage.report.data import ReportData
from mirage.report.paper.published import paper
from mirage.report.paper.side_by_side import published_check


def _failing() -> list[dict[str, str]]:
    with (SOURCES / "published" / "check.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_failing_cell_still_has_the_value_that_was_checked() -> None:
    printed = {(c.table, c.row, c.column): c.value for c in paper().cells}
    cells = [row for row in _failing() if (row["table"], row["row"], row["column"]) in printed]
    assert len(cells) > 50
    for row in cells:
        assert printed[row["table"], row["row"], row["column"]] == row["printed"], row


def test_every_flag_of_arithmetic_stands_among_the_failures() -> None:
    arithmetic = {
        "figstep_equals_mmstar", "jailbreakv_no_count", "mss_fits_neither", "siuo_not_167",
        "table2_mixed", "white_of_300", "mmmu_muirbench_swapped", "share_42", "fig4_real_base",
        "headline_84",
    }  # fmt: skip
    failing = {(row["table"], row["row"], row["column"]) for row in _failing()}
    for cell in paper().cells:
        if arithmetic & set(cell.flags):
            assert (cell.table, cell.row, cell.column) in failing, cell


def test_the_table_lists_all_failures_and_how_many_cells_each_check_read(data: ReportData) -> None:
    table = published_check(data, Caption("t", "c", "r"))
    totals = parsed(SOURCES / "published" / "check.yaml")["totals"]
    assert {row["check"] for row in _failing()} <= set(totals)
    assert len(table.rows) == len(_failing()) == 129
    assert table.rows[0][:3] == (Text("Table 4"), Text("Idefics3-8B"), Text("easy sum"))
    assert "sum of four: 10 of 93" in table.notes[-1]
