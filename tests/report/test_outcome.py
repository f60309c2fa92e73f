"""The lines at the end of a run say what the report says."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from several_bases import over

from mirage.cli.outcome import MOST, NAMED, lines_of
from mirage.report.blocks import Number, Table, Text
from mirage.report.data import ReportData
from report_exhibits import block_named


@pytest.mark.parametrize("seeds", [1, 3])
def test_each_line_has_the_numbers_of_the_reports_first_table(data: ReportData, seeds: int) -> None:
    shown = over(data, seeds) if seeds > 1 else data
    table = block_named("answer", shown)
    assert isinstance(table, Table)
    heading, heads, *lines = lines_of(shown)
    assert heads.split() == ["ASR", "over-refusal", "J"]
    assert ("mean over 3 bases ± SD" if seeds > 1 else "one base") in heading
    told = dict(re.split(r" {2,}", line.strip(), maxsplit=1) for line in lines[:MOST])
    rows = {row[0].text: row[1:] for row in table.rows if isinstance(row[0], Text)}
    for name, words in told.items():
        numbers = rows[name]
        wanted = []
        for number in numbers[:3]:
            assert isinstance(number, Number)
            wanted.append(f"{number.value:.1f}")
            wanted += ["±", f"{number.sd:.1f}"] if number.sd is not None else []
        assert words.split() == wanted
    assert ("±" in "".join(lines)) == (seeds > 1)


def test_of_many_recipes_the_bases_and_the_best_have_a_line(data: ReportData) -> None:
    (first,) = (m for m in data.study.trained if m.recipe == "mirage")
    more = [replace(first, recipe=f"mirage_{n}", name=f"mirage_{n}-s0") for n in range(MOST)]
    rates = [
        replace(rate, recipe=m.recipe, model=m.name, value=rate.value)
        for m in more
        for rate in data.scores.rates
        if rate.model == first.name
    ]
    study = replace(data.study, trained=(*data.study.trained, *more))
    scores = replace(data.scores, rates=[*data.scores.rates, *rates])
    lines = lines_of(replace(data, study=study, scores=scores))
    assert lines[2].startswith("  Base ")
    last = lines.index(next(line for line in lines if "more recipes, of no higher J" in line))
    assert last == 2 + MOST
    js = [float(line.split()[-1]) for line in lines[3:last]]
    assert js == sorted(js, reverse=True)


def test_gates_that_failed_are_named(data: ReportData) -> None:
    (gate, *rest) = data.scores.gates
    good = [replace(each, passed="yes") for each in (gate, *rest)]
    line = f"gates: {len(good)} of {len(good)} passed"
    assert lines_of(replace(data, scores=replace(data.scores, gates=good)))[-1] == line
    bad = [replace(gate, passed="no"), *good[1:]]
    lines = lines_of(replace(data, scores=replace(data.scores, gates=bad)))
    assert lines[-2] == f"gates: {len(good) - 1} of {len(good)} passed, not passed:"
    assert data.study.titled(gate.recipe, gate.config, gate.seed) in lines[-1]
    many = [replace(gate, gate=f"gate {n}", passed="no") for n in range(NAMED + 2)]
    lines = lines_of(replace(data, scores=replace(data.scores, gates=many)))
    assert lines[-1] == "  and 2 more gates, in the report"


def test_titles_are_inert(data: ReportData) -> None:
    trained = tuple(replace(m, title="\x1b[31m[red]x") for m in data.study.trained)
    text = "\n".join(lines_of(replace(data, study=replace(data.study, trained=trained))))
    assert "\x1b" not in text
    assert "[red]x" in text
