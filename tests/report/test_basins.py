"""Values base by base with their basins, and rows over several bases without intervals."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from several_bases import JS, over

from mirage.report.blocks import Number, Table, Text
from mirage.report.captions import setting_facts
from mirage.report.data import ReportData
from mirage.report.exhibits.basins import counts
from mirage.report.render.writers import to_csv
from report_exhibits import block_named, words_of


def row_of(table: Table, name: str) -> list[str]:
    (found,) = [row for row in table.rows if isinstance(row[0], Text) and row[0].text == name]
    return [cell.text for cell in found if isinstance(cell, Text)]


@pytest.mark.parametrize(
    ("values", "want"),
    [((90.1, 90.0, 10.0, 9.9), (1, 2, 1)), ((-40.0,), (0, 0, 1)), ((100.0, 100.0), (2, 0, 0))],
)
def test_basins_are_above_90_and_below_10(
    values: tuple[float, ...], want: tuple[int, int, int]
) -> None:
    assert counts(values) == want


def test_values_stand_in_seed_order_with_range_and_basins(data: ReportData) -> None:
    table = block_named("basins", over(data, 5))
    assert isinstance(table, Table)
    assert row_of(table, "MIRage")[1:4] == [
        "97.5, −3.0, 40.0, 12.0, 9.9", "−3.0 to 97.5", "1 / 2 / 2",
    ]  # fmt: skip
    assert "settings were chosen on these bases" in words_of(table)


def test_one_base_has_its_value_and_basin(data: ReportData) -> None:
    table = block_named("basins", data)
    assert isinstance(table, Table)
    base = row_of(table, "Base")
    assert base[1:4] == ["0.0", "0.0", "0 / 0 / 1"]
    assert base[7:] == ["100.0", "100.0", "1 / 0 / 0"]


@pytest.mark.parametrize("seeds", [3, 5])
def test_no_interval_within_a_base_stands_where_there_are_several(
    data: ReportData, seeds: int
) -> None:
    several = over(data, seeds)
    assert "the range over" in setting_facts(several)["interval"]
    table = block_named("discrimination", several)
    assert isinstance(table, Table)
    limited = [
        (row[0].text, cell)
        for row in table.rows
        for cell in row[1:]
        if isinstance(row[0], Text) and isinstance(cell, Number) and cell.low is not None
    ]
    assert limited
    assert all(f"mean of {seeds} bases" in name for name, _ in limited)
    assert all(cell.low == min(cell.by_base) for _, cell in limited)


def test_the_file_has_the_values_base_by_base(data: ReportData) -> None:
    table = block_named("discrimination", over(data, 5))
    assert isinstance(table, Table)
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO(to_csv(table)))}
    told = rows["MIRage, mean of 5 bases"]["hard J base by base"]
    assert tuple(map(float, told.split())) == JS
    alone = block_named("discrimination", data)
    assert isinstance(alone, Table)
    assert "base by base" not in to_csv(alone)
    assert "within this one base" in words_of(alone)


def test_orders_of_tuning_have_their_sd_beside_the_first(data: ReportData) -> None:
    one = over(data, 1)
    orders = {0: 40.0, 1: 46.0, 2: 52.0}
    rates, trained = list(one.scores.rates), list(one.study.trained)
    for order in (1, 2):
        name = f"mirage_order_{order}"
        trained += [
            replace(m, recipe=name, name=f"{name}-s0")
            for m in one.study.trained
            if m.recipe == "mirage"
        ]
        rates += [
            replace(r, recipe=name, model=f"{name}-s0") for r in rates if r.recipe == "mirage"
        ]
    values = {("mirage" if k == 0 else f"mirage_order_{k}"): v for k, v in orders.items()}
    rates = [
        replace(r, value=values[r.recipe])
        if r.recipe in values and (r.suite, r.metric) == ("hard", "j")
        else r
        for r in rates
    ]
    several = replace(
        one,
        scores=replace(one.scores, rates=rates),
        study=replace(one.study, trained=tuple(trained)),
    )
    table = block_named("basins", several)
    assert isinstance(table, Table)
    spreads = [row[-3] for row in table.rows]
    found = [cell.value for cell in spreads if isinstance(cell, Number) and cell.value is not None]
    assert found == [pytest.approx(6.0)]
    plain = block_named("basins", one)
    assert isinstance(plain, Table)
    assert len(plain.columns) == len(table.columns) - 3
