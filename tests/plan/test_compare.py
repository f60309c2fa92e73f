"""``mirage compare``: the rule by which two machines agree, and what it says where they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mirage.cli import run
from mirage.cli.cells import Cell, read_cells, write_cells
from mirage.cli.compare import Agreement, basin, compare
from mirage.contracts import DataError
from mirage.plan.study.resolve import resolve
from planned_jobs import jobs_of

RECIPES = ("mirage", "vlguard_p", "textual_sft", "mirage_twins")
LINE = {"mirage": 0.0, "vlguard_p": 4.0, "textual_sft": -3.0, "mirage_twins": 98.0}


def cell(recipe: str, seed: int = 0, asr: float = 50.0, j: float | None = None) -> Cell:
    j = LINE[recipe.partition("_order")[0]] if j is None else j
    return Cell(recipe, "nano", seed, "hard", f"base{seed}", "cpu", 96, asr, 100 - asr - j, j)


GALLERY = [cell(recipe, seed) for recipe in RECIPES for seed in (0, 1, 2, 3, 4)]
"""Four recipes on five bases."""


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Tuning orders that lie 6 points apart: RMS 6, so that 9 points between machines agree."""
    rows = [
        cell(f"{r}{end}", asr=asr) for r in RECIPES for end, asr in (("", 50), ("_order_1", 56))
    ]
    write_cells(rows, tmp_path / "orders.csv")
    return tmp_path / "orders.csv"


def changed(at: int, change: Callable[[Cell], Cell]) -> list[Cell]:
    return [change(row) if i < at else row for i, row in enumerate(GALLERY)]


def holds(result: Agreement) -> list[bool | None]:
    return [each.holds for each in result.criteria]


def test_a_run_agrees_with_itself(orders: Path) -> None:
    result = compare(GALLERY, GALLERY, "hard", orders)
    assert result.agrees and len(result.pairs) == 20 and result.line.startswith("agree: ")


@pytest.mark.parametrize(("count", "agree"), [(1, True), (2, False)])
def test_one_j_in_twenty_may_lie_further_apart(orders: Path, count: int, agree: bool) -> None:
    here = changed(count, lambda row: replace(row, j=row.j - 10.5))
    assert holds(compare(here, GALLERY, "hard", orders)) == [agree, True, True]
    at_ten = [replace(row, j=row.j - 10) for row in GALLERY if row.recipe != "mirage_twins"]
    assert holds(compare(at_ten, GALLERY, "hard", orders))[0]


@pytest.mark.parametrize(("count", "agree"), [(2, True), (3, False)])
def test_two_basins_in_twenty_may_differ(orders: Path, count: int, agree: bool) -> None:
    here = changed(count, lambda row: replace(row, j=10.0))
    assert holds(compare(here, GALLERY, "hard", orders)) == [True, agree, True]
    assert [basin(j) for j in (9.9, 10.0, 90.0, 90.1)] == ["low", "between", "between", "high"]


@pytest.mark.parametrize(("apart", "agree"), [(9.0, True), (9.1, False), (-9.1, False)])
def test_asr_is_held_against_tuning_orders(orders: Path, apart: float, agree: bool) -> None:
    here = [replace(row, asr=row.asr + apart) for row in GALLERY]
    result = compare(here, GALLERY, "hard", orders)
    assert holds(result) == [True, True, agree]
    assert "at most 9.0" in result.criteria[2].text
    assert result.agrees or result.line.startswith("differ by ASR apart by 9.1 points")


def test_recipes_without_orders_are_not_held_against_those_of_others(orders: Path) -> None:
    write_cells([row for row in read_cells(orders) if row.recipe.startswith("mirage_")], orders)
    here = [replace(row, asr=90.0) if row.recipe == "mirage" else row for row in GALLERY]
    assert holds(compare(here, GALLERY, "hard", orders)) == [True, True, True]


def test_without_committed_orders_nothing_agrees(tmp_path: Path) -> None:
    result = compare(GALLERY, GALLERY, "hard", tmp_path / "none.csv")
    assert holds(result) == [True, True, None] and not result.agrees
    assert result.line.startswith("no verdict: ASR could not be held against tuning orders")


def test_only_the_same_bases_are_compared(orders: Path) -> None:
    here = [replace(row, base="other") if row.seed else row for row in GALLERY]
    result = compare([*here, cell("mirage", 7)], GALLERY, "hard", orders)
    assert len(result.pairs) == 4 and len(result.left_out) == 2
    assert "bases differ: mirage s1" in result.left_out[0] and "mirage s7" in result.left_out[1]
    none = compare([replace(row, base="other") for row in GALLERY], GALLERY, "hard", orders)
    assert not none.agrees and none.line.startswith("cannot be compared")


def test_the_command_prints_every_cell_and_the_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cells(GALLERY, tmp_path / "there.csv")
    write_cells([replace(row, j=row.j + 40) for row in GALLERY], tmp_path / "here.csv")
    files = [str(tmp_path / name) for name in ("here.csv", "there.csv")]
    assert run(["compare", files[0], "--with", files[1]]) == 1
    said = capsys.readouterr().out
    assert said.count("between, there low") == 15
    assert "no   J within 10 points in 0 of 20 (needed: 95 %)" in said
    assert said.splitlines()[-1].startswith("differ by J within 10 points in 0 of 20")
    assert run(["compare", str(tmp_path / "nothing")]) == 1
    assert "mirage compare results" in capsys.readouterr().err


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("recipe,asr\nmirage,x\n")
    with pytest.raises(DataError, match="mirage gallery"):
        read_cells(tmp_path / "cells.csv")


def test_orders_differ_in_the_batches_alone() -> None:
    jobs = jobs_of(resolve({"study": "orders"}))
    own, other = (jobs[f"tune/mirage{end}-s0"] for end in ("", "_order_2"))
    assert (own.settings["seed"], other.settings["seed"]) == (0, 2000)
    assert own.settings["tune"] == other.settings["tune"] and "order" not in own.settings["tune"]
    assert own.parents["base"] == other.parents["base"]
    data = [jobs[f"build/mirage{end}-s0"].settings for end in ("", "_order_2")]
    assert data[0]["recipe"].pop("name") != data[1]["recipe"].pop("name")
    assert data[0] == data[1]
