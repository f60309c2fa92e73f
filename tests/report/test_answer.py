"""What opens a report: gates and verdicts, one figure, one table."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from statistics import stdev
from typing import Any

import pytest
import yaml
from several_bases import JS, over

from mirage.report.assemble import blocks_of
from mirage.report.blocks import Banner, Figure, Number, Table, Text, TextBlock
from mirage.report.data import ReportData
from mirage.report.paper.side_by_side import ANSWER
from mirage.report.render.html import to_html
from mirage.report.render.writers import to_csv
from mirage.report.samples.browser import browser
from mirage.score.claims.verdicts import FAILS, HOLDS, OPEN, ClaimVerdict
from report_exhibits import block_named, exhibits

CONF = Path(__file__).parents[2] / "conf"
STUDIES = sorted((CONF / "study").glob("*.yaml"))


def table_of(data: ReportData) -> Table:
    table = block_named("answer", data)
    assert isinstance(table, Table)
    return table


def lines(data: ReportData) -> list[tuple[str, str, str]]:
    banner = block_named("answer_banner", data)
    assert isinstance(banner, Banner)
    return [(line.state, line.text, line.detail) for line in banner.lines]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_of_tuned_models_and_hard_opens_with_it(path: Path) -> None:
    study = yaml.safe_load(path.read_text(encoding="utf-8"))
    asked = bool(study.get("recipes")) and "hard" in study["suites"]
    assert (study["tables"][0] == "answer") == asked


def test_it_stands_before_all_else_wherever_a_study_lists_it(data: ReportData) -> None:
    for published in (False, True):
        shown = replace(data.study, published=published, exhibits=exhibits("gates", "answer"))
        first, second, third, *rest = blocks_of(replace(data, study=shown))
        assert [type(block) for block in (first, second, third)] == [Banner, Figure, Table]
        assert {block.chapter for block in (first, second, third)} == {ANSWER}
        assert ANSWER not in {block.chapter for block in rest}


def test_a_mean_has_the_sd_of_its_bases_and_their_values_in_the_file(data: ReportData) -> None:
    table = table_of(over(data, 3))
    assert [c.name for c in table.columns] == ["model", "ASR", "over-refusal", "J", "skills"]
    rows = {row[0].text: row for row in table.rows if isinstance(row[0], Text)}
    assert "MIRage, mean of 3 bases" not in rows
    j = rows["MIRage"][3]
    assert isinstance(j, Number)
    assert j.sd == pytest.approx(stdev(JS[:3]))
    assert j.interval == f"± {j.sd:.1f}"
    file = {row["model"]: row for row in csv.DictReader(io.StringIO(to_csv(table)))}
    assert tuple(map(float, file["MIRage"]["J base by base"].split())) == JS[:3]


def test_one_base_has_its_intervals(data: ReportData) -> None:
    table = table_of(data)
    numbers = [cell for row in table.rows for cell in row if isinstance(cell, Number)]
    assert all(cell.sd is None and cell.low is not None for cell in numbers)


def test_of_many_models_the_best_stand_on_the_page_and_all_in_the_file(data: ReportData) -> None:
    first = {m.recipe: m for m in data.study.trained}
    names = [(name, f"{name}_{k}" if k else name) for name in first for k in range(4)]
    names = [(old, new) for old, new in names if old != "base" or new == "base"]
    trained = [replace(first[old], recipe=new, name=f"{new}-s0") for old, new in names]
    rates = [
        replace(rate, recipe=new, model=f"{new}-s0")
        for old, new in names
        for rate in data.scores.rates
        if rate.recipe == old
    ]
    scores = replace(data.scores, rates=rates)
    many = replace(data, study=replace(data.study, trained=tuple(trained)), scores=scores)
    table = table_of(many)
    shown = [row[3].value for row in table.rows[1:] if isinstance(row[3], Number)]
    assert shown == sorted(shown, key=lambda value: -(value or 0.0))
    assert len(shown) == 8
    assert len(list(csv.DictReader(io.StringIO(to_csv(table))))) == len(trained)
    assert f"the {len(trained) - 9} others have J of" in table.notes[0]


def test_the_banner_counts_gates_and_names_those_that_fail(data: ReportData) -> None:
    passed = [replace(gate, passed="yes") for gate in data.scores.gates]
    fine = replace(data, scores=replace(data.scores, gates=passed))
    count = len(passed)
    assert lines(fine)[0] == ("good", f"{count} of {count} validity gates passed", "")
    failed = [replace(g, passed="no") if g.gate == "two_hop" else g for g in passed]
    state, text, detail = lines(replace(data, scores=replace(data.scores, gates=failed)))[0]
    assert (state, text) == ("bad", f"{count - 1} of {count} validity gates passed")
    assert detail == "Not passed: “knows in text what two objects make” (Base)."
    assert lines(fine)[1][0] == "open"
    assert "no verdict" in lines(fine)[1][1]


def test_confirmatory_bases_have_verdicts_instead(data: ReportData) -> None:
    words = ("text", "published", "mode", "why", "flags", "reason", "gates", "recipes", "sha256")
    numbers = ("p", "p_holm", "level", "power", "passed_value", "all_value")
    facts: dict[str, Any] = dict.fromkeys(words, "") | dict.fromkeys(numbers)
    facts |= {"config": "nano", "seeds": "200", "n_seeds": 1, "n_passed": 1, "family": "C"}
    given = [
        ClaimVerdict(claim=claim, verdict=verdict, **facts)
        for claim, verdict in (("C1", OPEN), ("C2", HOLDS), ("C3", FAILS), ("C4", OPEN))
    ]
    trained = tuple(replace(model, seed=200) for model in data.study.trained)
    study = replace(data.study, trained=trained)
    shown = replace(data, study=study, scores=replace(data.scores, claim_verdicts=given))
    assert lines(shown)[1:] == [
        ("good", "Claims, holds: 1 of 4", "C2."),
        ("bad", "Claims, does not hold: 1 of 4", "C3."),
        ("open", "Claims, undecided: 2 of 4", "C1, C4."),
    ]
    assert [line[1] for line in lines(replace(shown, study=data.study))[1:]] == [
        "One development base, no verdict on a claim"
    ]


def test_a_study_without_tuned_models_has_words(data: ReportData) -> None:
    bases = tuple(model for model in data.study.trained if model.is_base)
    lone = replace(data, study=replace(data.study, trained=bases))
    assert isinstance(block_named("answer", lone), TextBlock)
    assert isinstance(block_named("answer_figure", lone), TextBlock)


def test_the_page_shows_the_banner_before_the_figure(data: ReportData) -> None:
    study = replace(data.study, exhibits=exhibits("answer"))
    shown = replace(data, study=study)
    page = to_html(study, blocks_of(shown), browser(shown))
    order = [page.index(mark) for mark in ('class="banner"', 'id="figure-answer_figure"',
                                           'id="table-answer"')]  # fmt: skip
    assert order == sorted(order)
    assert "validity gates passed" in page
