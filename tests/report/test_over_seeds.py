"""Gates and contrasts of many seeds: one row for all of them on pages, every seed in the file."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest

from mirage.report.blocks import Cell, Number, Table, Text
from mirage.report.captions import setting_facts
from mirage.report.data import SEEDS_IN_ROWS, ReportData
from mirage.report.exhibits import contrasts
from mirage.report.exhibits.tables import block_of
from mirage.report.render.tex_macros import numbers_tex
from mirage.report.render.writers import to_csv, to_latex, to_markdown
from report_exhibits import block_named, exhibits

GATE = ("two_hop", "base")
"""The gate that fails in some seeds."""

BOUND = "C1, C2, C3, C4, C5, C6, C7, C13, C14, H1, H2, H3"
"""The claims it binds."""


def _grown(data: ReportData, seeds: int) -> ReportData:
    """The study with more seeds: gates that all pass, but for one in every second seed.

    Seed k has that gate at 95 + k, or k below 95 and failed; its contrasts are k points higher.
    """
    gates = [
        replace(g, seed=k, passed="yes", value=99.0)
        if (g.gate, g.recipe) != GATE
        else replace(
            g,
            seed=k,
            passed="no" if k % 2 else "yes",
            value=95.0 + (-k if k % 2 else k),
            low=92.0 + (-k if k % 2 else k),
        )
        for g in data.scores.gates
        for k in range(seeds)
    ]
    contrasts = [
        replace(d, seed=k, difference=d.difference + k)
        for k in range(seeds)
        for d in data.scores.contrasts
    ]
    trained = [replace(m, seed=k) for k in range(seeds) for m in data.study.trained]
    return replace(
        data,
        study=replace(data.study, trained=tuple(trained)),
        scores=replace(data.scores, gates=gates, contrasts=contrasts),
    )


def _table(name: str, data: ReportData) -> Table:
    table = block_named(name, data)
    assert isinstance(table, Table)
    return table


def _words(row: tuple[Cell, ...], place: int) -> str:
    cell = row[place]
    assert isinstance(cell, Text)
    return cell.text


def test_few_seeds_have_a_row_each(data: ReportData) -> None:
    gates = [gate for gate in data.scores.gates if gate.gate == "fit"]
    some = replace(data, scores=replace(data.scores, gates=gates))
    one, few = _table("gates", some), _table("gates", _grown(some, SEEDS_IN_ROWS))
    assert len(few.rows) == SEEDS_IN_ROWS * len(one.rows)
    assert one.columns == few.columns
    assert one.by_seed is few.by_seed is None


@pytest.mark.parametrize("name", ["gates", "contrasts"])
def test_many_seeds_have_one_row_and_a_file_of_all(data: ReportData, name: str) -> None:
    one, many = _table(name, data), _table(name, _grown(data, 6))
    assert len(many.rows) == len(one.rows)
    assert not any("seed" in _words(row, 1) for row in many.rows)
    listed = list(csv.DictReader(io.StringIO(to_csv(many))))
    assert len(listed) == 6 * len(one.rows)
    assert list(listed[0]) == to_csv(one).splitlines()[0].split(",")
    assert sum("seed 5" in row["model" if name == "gates" else "a"] for row in listed) == len(
        one.rows
    )
    assert to_markdown(many).count("\n| ") == 2 + len(one.rows)
    for text in (to_markdown(many), to_latex(many)):
        assert "seed 5" not in text


def test_the_file_of_many_seeds_is_as_if_each_had_its_row(data: ReportData) -> None:
    for name in ("gates", "contrasts"):
        table = _table(name, _grown(data, 6))
        assert table.by_seed is not None
        assert to_csv(table) == to_csv(table.by_seed)
        warned = replace(table, warning="several platforms")
        assert all(r.endswith(",several platforms") for r in to_csv(warned).splitlines()[1:])


def test_a_gate_of_many_seeds_has_its_range_and_who_passes(data: ReportData) -> None:
    table = _table("gates", _grown(data, 6))
    (row,) = (r for r in table.rows if _words(r, 0) == "knows in text what two objects make")
    value = row[2]
    assert isinstance(value, Number)
    # Seeds 0 to 5: 95, 94, 97, 92, 99, 90.
    assert (value.value, value.low, value.high) == (94.5, 90.0, 99.0)
    assert value.n == 60
    assert row[4] == Text("3 of 6 seeds", strong=True)
    assert [_words(r, 4) for r in table.rows if r is not row] == ["6 of 6 seeds"] * (
        len(table.rows) - 1
    )
    notes = [note for note in table.notes if "fails" in note]
    assert notes == [
        "Base, gate “knows in text what two objects make”: fails in 3 of 6 seeds, by up to 5.0 "
        "points; it binds " + BOUND + "."
    ]


def test_a_gate_of_few_items_in_some_seeds_is_told_apart(data: ReportData) -> None:
    grown = _grown(data, 6)
    gates = [
        replace(g, passed="no", value=100.0, n=16 + g.seed, low=82.9)
        if (g.gate, g.recipe) == GATE and g.seed in (2, 4)
        else g
        for g in grown.scores.gates
    ]
    table = _table("gates", replace(grown, scores=replace(grown.scores, gates=gates)))
    who = "Base, gate “knows in text what two objects make”"
    assert [note for note in table.notes if who in note] == [
        f"{who}: none of its 18 items is wrong, which are too few to pass in 2 of 6 seeds; it "
        f"binds {BOUND}.",
        f"{who}: fails in 3 of 6 seeds, by up to 5.0 points; it binds {BOUND}.",
    ]


def test_a_long_table_has_a_row_for_few_seeds_too(
    data: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, few = _table("gates", data), _grown(data, 2)
    monkeypatch.setattr(contrasts, "ROWS", 2 * len(one.rows))
    assert len(_table("gates", few).rows) == 2 * len(one.rows)
    monkeypatch.setattr(contrasts, "ROWS", 2 * len(one.rows) - 1)
    long = _table("gates", few)
    assert len(long.rows) == len(one.rows)
    assert long.by_seed is not None and len(long.by_seed.rows) == 2 * len(one.rows)


def test_a_gate_that_some_seeds_lack_says_so(data: ReportData) -> None:
    grown = _grown(data, 6)
    gates = [
        replace(g, value=None, low=None, high=None, n=0, passed="not measured")
        if (g.gate, g.seed) == ("two_hop", 3) or g.gate == "role"
        else replace(g, passed="yes")
        for g in grown.scores.gates
    ]
    table = _table("gates", replace(grown, scores=replace(grown.scores, gates=gates)))
    by_title = {_words(row, 0): row for row in table.rows}
    value = by_title["knows in text what two objects make"][2]
    assert isinstance(value, Number)
    assert (value.high, value.n) == (99.0, 60)
    assert by_title["knows every object's kind"][2] == Number(None)
    assert sum("not measured in 1 of 6 seeds; it binds" in n for n in table.notes) == 1
    assert sum("not measured in 6 of 6 seeds; it binds" in n for n in table.notes) == 1


def test_gates_that_all_seeds_pass_are_one_sentence(data: ReportData) -> None:
    grown = _grown(data, 6)
    gates = [replace(g, passed="yes") for g in grown.scores.gates]
    table = _table("gates", replace(grown, scores=replace(grown.scores, gates=gates)))
    assert "All gates are passed." in table.notes
    assert {_words(row, 4) for row in table.rows} == {"6 of 6 seeds"}


def test_a_contrast_of_several_bases_has_their_values_and_signs(data: ReportData) -> None:
    grown = _grown(data, 3)
    contrasts = [replace(d, difference=(-40.0, 1.0, 12.5)[d.seed]) for d in grown.scores.contrasts]
    changed = replace(grown, scores=replace(grown.scores, contrasts=contrasts))
    row = _table("contrasts", changed).rows[0]
    assert [_words(row, place) for place in (5, 6, 7)] == [
        "−40.0, 1.0, 12.5", "−40.0 to 12.5", "above 0 on 2, below 0 on 1 of 3 bases",
    ]  # fmt: skip


def test_a_contrast_says_on_how_many_bases_its_gates_are_passed(data: ReportData) -> None:
    table = _table("contrasts", _grown(data, 6))
    claim = data.scores.contrasts[0].claim
    assert _words(table.rows[0], 4) == f"{claim} † on 3 of 6 bases"
    (dagger,) = (note for note in table.notes if note.startswith("†"))
    assert "knows in text what two objects make (Base)" in dagger


def test_rows_over_many_seeds_have_a_caption_of_their_own(data: ReportData) -> None:
    few, many = _table("gates", data), _table("gates", _grown(data, 6))
    brackets = "the mean over seeds, in brackets the lowest and the highest seed, no interval"
    assert brackets in many.caption
    assert brackets not in few.caption
    one, several = _table("contrasts", data), _table("contrasts", _grown(data, 2))
    assert "on one base" in one.caption
    assert "base by base" in several.caption


def test_macros_of_many_seeds_are_those_of_the_rows(data: ReportData) -> None:
    grown = _grown(data, 6)
    facts = setting_facts(grown)
    (gates,) = exhibits("gates")["gates"]
    text = numbers_tex(grown, [block_of(gates, grown, facts)])
    names = re.findall(r"\\newcommand\{\\(nanoTableGates\w+)\}", text)
    assert len(names) == len(set(names))
    assert not any("Seed" in name for name in names)
