"""The lines at the end of a run say what the report says."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from several_bases import over

from mirage.cli.outcome import MOST, gate_lines, lines_of
from mirage.report.blocks import Number, Table, Text
from mirage.report.data import ReportData
from mirage.score.gates import GateResult
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


def test_titles_are_inert(data: ReportData) -> None:
    trained = tuple(replace(m, title="\x1b[31m[red]x") for m in data.study.trained)
    text = "\n".join(lines_of(replace(data, study=replace(data.study, trained=trained))))
    assert "\x1b" not in text
    assert "[red]x" in text


def test_gates_that_fail_and_those_not_measured_are_counted_apart(data: ReportData) -> None:
    def of(gate: str, passed: str, seed: int = 0) -> GateResult:
        return GateResult(
            gate, f"m-s{seed}", "m", "", seed, ">=", 90.0, 0.0, None, 0, None, None, passed
        )

    failed = [of("fits", "no", seed) for seed in range(4)] + [of(g, "no") for g in "abcd"]
    several = [of("unasked", "not measured"), *failed, of("good", "yes")]
    scores = replace(data.scores, gates=tuple(several))
    head, fits, *two, more = gate_lines(replace(data, scores=scores))
    assert head == "gates: 1 of 10 passed, 8 not passed, 1 not measured:"
    assert fits == "  fits: 4 models"
    assert len(two) == 2
    assert more == "  and 3 more, in the report"
    scores = replace(data.scores, gates=(several[0], several[-1]))
    head, line = gate_lines(replace(data, scores=scores))
    assert head == "gates: 1 of 2 passed, 1 not measured:"
    assert line.endswith(" (not measured)")
    scores = replace(data.scores, gates=(several[-1],))
    assert gate_lines(replace(data, scores=scores)) == ["gates: 1 of 1 passed"]
