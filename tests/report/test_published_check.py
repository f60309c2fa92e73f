"""What is recomputed from published numbers: known failures are found, and nothing drifts.

After a wanted change, write the golden file anew and read the difference:
MIRAGE_GOLDEN=write python -m pytest tests/report/test_published_check.py && git diff tests/golden
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from dataclasses import astuple, fields
from decimal import Decimal
from pathlib import Path

import pytest

from mirage.contracts import DataError
from mirage.report.blocks import Text
from mirage.report.captions import Caption
from mirage.report.data import ReportData
from mirage.report.paper.published import paper
from mirage.report.paper.recompute import (
    Averages,
    Checks,
    Finding,
    Outcomes,
    checks,
    counts_that_fit,
    recompute,
    slack,
)
from mirage.report.paper.recompute import Difference as Rule
from mirage.report.paper.side_by_side import published_check

GOLDEN = Path(__file__).parents[1] / "golden" / "report" / "published_check.csv"


@pytest.fixture(scope="module")
def results() -> list[Finding]:
    return recompute(paper(), checks())


def failing(results: list[Finding], check: str) -> set[tuple[str, str, str]]:
    return {(r.table, r.row, r.column) for r in results if r.fails and r.check == check}


def test_golden(results: list[Finding]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(Finding)])
    writer.writerows(astuple(result) for result in results)
    if os.environ.get("MIRAGE_GOLDEN") == "write":
        GOLDEN.write_text(text.getvalue(), encoding="utf-8", newline="")
    assert text.getvalue() == GOLDEN.read_text(encoding="utf-8")


def test_splits_that_do_not_sum_to_100(results: list[Finding]) -> None:
    found = {(t, r, c.removesuffix(" sum")) for t, r, c in failing(results, "sum of four")}
    assert found == {
        ("table4", "Idefics3-8B", "easy"),
        ("table4", "Qwen2-VL-7B-Instruct", "easy"),
        ("table4", "Qwen2-VL-7B-Instruct", "real"),
        ("table4", "Qwen2-VL-72B-Instruct", "real"),
        ("table4", "LLaVA-OV-72B-Chat", "real"),
        ("table4", "InternVL2.5-8B", "real"),
        ("table4", "InternVL2.5-78B", "real"),
        ("table4", "GPT-4o", "real"),
        ("table15", "Qwen2-VL-72B + vanilla CoT", "easy"),
        ("table15", "Qwen2-VL-72B + customized CoT", "easy"),
    }


def test_means_and_counts_of_the_test_set_hold(results: list[Finding]) -> None:
    assert not failing(results, "mean")
    assert not failing(results, "count sum")
    assert Counter(r.check for r in results)["mean"] == 24


@pytest.mark.parametrize(
    "cell",
    [
        ("table1", "Qwen2-VL-7B-Instruct", "FigStep"),
        ("table1", "InternVL2.5-8B + VLGuard-R", "MSS Unsafe"),
        ("table5", "InternVL2.5-8B + Textual SFT", "JailbreakV ASR"),
        ("table5", "InternVL2.5-8B + VLGuard-R", "JailbreakV ASR"),
        ("table5", "InternVL2.5-8B", "SIUO Safe"),
        ("table12", "InternVL2.5-8B", "SIUO"),
        ("v1_table9", "Qwen2-VL-7B", "MM-SafetyBench"),
        ("table2", "safe instruction + plain white image", "Qwen2-VL-7B + VLGuard-P Acc"),
        ("table14", "Qwen2-VL-7B", "MSS Safe"),
        ("table6", "InternVL2.5-8B + Textual SFT +500", "MMMU"),
        ("table6", "InternVL2.5-8B + Textual SFT +500", "MuirBench"),
    ],
)
def test_cells_that_are_no_whole_count(results: list[Finding], cell: tuple[str, str, str]) -> None:
    assert cell in failing(results, "item count")


def test_mirage_on_mis_is_a_whole_count(results: list[Finding]) -> None:
    mine = [r for r in results if (r.table, r.row) == ("table4", "InternVL2.5-8B + MIRage")]
    assert len([r for r in mine if r.check == "item count"]) == 12
    assert not [r for r in mine if r.fails]


def test_quantities_printed_twice(results: list[Finding]) -> None:
    found = failing(results, "printed twice")
    assert ("fig4", "InternVL2.5-8B", "real ASR") in found
    assert ("table14", "Qwen2-VL-7B", "MSS Safe") in found
    assert ("table14", "Qwen2-VL-7B + VLGuard-R", "MSS Unsafe") in found
    assert ("rebuttal_released", "Qwen2-VL-7B + MIRage", "hard ASR") in found
    told = next(r for r in results if r.table == "fig4" and r.check == "printed twice" and r.fails)
    assert told.expected == "76 in Table 4, 76.00 in Table 12, 76.00 in Table 16"


def test_shares_and_differences(results: list[Finding]) -> None:
    assert {c[1].partition(" + ")[2] for c in failing(results, "general share")} == {
        "Textual SFT +500", "VLGuard-P +500", "VLGuard-R +500",
    }  # fmt: skip
    assert failing(results, "difference") == {
        ("headline", "InternVL2.5-8B + MIRage", "reduction of MIS ASR")
    }


def test_every_flag_of_arithmetic_is_found_by_a_check(results: list[Finding]) -> None:
    arithmetic = {
        "figstep_equals_mmstar", "jailbreakv_no_count", "mss_fits_neither", "siuo_not_167",
        "table2_mixed", "white_of_300", "mmmu_muirbench_swapped", "share_42", "fig4_real_base",
        "headline_84",
    }  # fmt: skip
    found = {(r.table, r.row, r.column) for r in results if r.fails}
    for cell in paper().cells:
        if arithmetic & set(cell.flags):
            assert (cell.table, cell.row, cell.column) in found, cell


def test_rounding() -> None:
    assert slack("76") == Decimal("0.5")
    assert slack("14.81") == Decimal("0.005")
    assert counts_that_fit("14.81", 1675)
    assert not counts_that_fit("58.53", 500)
    assert counts_that_fit("99.23", 261)
    assert not counts_that_fit("99.23", 300)


def test_the_table_lists_failures_only(results: list[Finding], data: ReportData) -> None:
    table = published_check(data, Caption("t", "c", "r"))
    assert len(table.rows) == sum(r.fails for r in results)
    assert table.rows[0][:3] == (Text("Table 4"), Text("Idefics3-8B"), Text("easy sum"))
    assert "sum of four: 10 of 93" in table.notes[-1]


def test_broken_checks_are_named(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    with pytest.raises(DataError, match="does not exist"):
        checks(tmp_path)
    (tmp_path / "published/checks.yaml").write_text("items: {}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"checks\.yaml, outcomes: Field required"):
        checks(tmp_path)


def _without(**changed: object) -> Checks:
    return checks().model_copy(update=changed)


def test_names_of_one_column_are_one_in_counts(results: list[Finding]) -> None:
    counted = {(r.table, r.column) for r in results if r.check == "item count"}
    assert {
        ("v1_table9", "MM-SafetyBench"), ("v1_table9", "JailBreakV"), ("table5", "FigStep ASR"),
        ("table12", "SIUO"),
    } <= counted  # fmt: skip
    fewer = recompute(paper(), _without(same_column={}))
    assert {(r.table, r.column) for r in fewer if r.check == "item count"} < counted


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"outcomes": Outcomes(tables=["table4"], splits=["medium"], parts=["ASR"])},
            "outcomes: table4, row 'Mantis-SIGLIP', has no cell 'medium ASR'",
        ),
        (
            {"averages": Averages(tables=["table6"], parts=["general %"], mean="avg")},
            r"averages: table6, row 'InternVL2.5-8B', has no number \(''\) as 'general %'",
        ),
        (
            {"differences": [Rule(cell=("headline", "x", "y"), of=[])]},
            "differences: headline, row 'x', has no cell 'y'",
        ),
    ],
)
def test_checks_of_cells_that_are_not_there_are_named(
    changed: dict[str, object], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        recompute(paper(), _without(**changed))
