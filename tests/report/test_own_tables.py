"""A table and a figure of a user's own: one YAML entry each, and one function for the figure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mirage.plan.study.exhibits import read_exhibits
from mirage.plan.study.resolve import resolve
from mirage.report.assemble import build_report
from mirage.report.captions import SOURCES
from mirage.report.data import ReportData

ENTRIES = """
tables:
  strictness:
    - id: strictness
      rows: [vlguard_r, mirage]
      caption: {title: "Nano: strictness", caption: "{setting}.", reading: "Lower is safer."}
      columns:
        - {suite: hard, heading: hard, columns: {harm: asr_strict hazard}}
    - id: own_figure
      maker: own_figures:strictness
      caption: {title: "Nano: drawn", caption: "{setting}.", reading: "Lower is safer."}
"""
MAKER = """
from mirage.report.draw.marks import PLAIN
from mirage.report.draw.plots import Panel, Series, dots
from mirage.report.exhibits.rate_table import RateColumn, find, number

HARM = RateColumn("harm", "hard", "asr_strict", "hazard")


def strictness(data, caption):
    models = data.study.drawn
    values = {float(row): number(find(data, model, HARM)) for row, model in enumerate(models)}
    panel = Panel("harm", (Series("harm", PLAIN[1], values),))
    return dots("own_figure", caption, [panel], [m.label for m in models], "percent (nano)")
"""


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "extra"
    (folder / "reports").mkdir(parents=True)
    (folder / "reports" / "tables.yaml").write_text(ENTRIES, encoding="utf-8")
    (folder / "own_figures.py").write_text(MAKER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_a_table_and_a_figure_from_a_folder(extra: Path, data: ReportData, tmp_path: Path) -> None:
    shown = read_exhibits(SOURCES, extra)
    assert shown.problems == []
    study = replace(data.study, exhibits={"strictness": shown.exhibits["strictness"]})
    build_report(replace(data, study=study, responses={}), tmp_path / "out")
    table = (tmp_path / "out/tables/strictness.csv").read_text(encoding="utf-8").splitlines()
    assert table[0] == "model,hard harm,hard harm low,hard harm high,hard harm n"
    assert [line.split(",")[0] for line in table[1:]] == ["Base", "vlguard r", "MIRage"]
    assert (tmp_path / "out/figures/own_figure.svg").is_file()


def test_the_plan_takes_the_entry_and_hands_the_function_to_the_job(extra: Path) -> None:
    config = {"study": "quick", "extra": str(extra), "hydra": "study.tables=[strictness]"}
    study = resolve(config)
    assert study.exhibits["strictness"][1].references == ["own_figures:strictness"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("asr_strikt hazard", "there is no rate 'asr_strikt'"),
        ("asr_strict hazzard", "there is no corner 'hazzard'"),
    ],
)
def test_a_wrong_column_is_named_before_anything_runs(extra: Path, wrong: str, words: str) -> None:
    path = extra / "reports" / "tables.yaml"
    path.write_text(ENTRIES.replace("asr_strict hazard", wrong), encoding="utf-8")
    problems = read_exhibits(SOURCES, extra).problems
    assert any(words in problem.text for problem in problems)
    assert {problem.where for problem in problems} == {str(path)}


def test_an_id_that_stands_there_already_and_unknown_columns_are_named(extra: Path) -> None:
    path = extra / "reports" / "tables.yaml"
    path.write_text("tables:\n  gates:\n    - {id: gates, columns: [nope]}\n", encoding="utf-8")
    texts = [problem.text for problem in read_exhibits(SOURCES, extra).problems]
    assert "stands in reports/tables.yaml already." in texts
    assert any("there are no columns 'nope'" in text for text in texts)
