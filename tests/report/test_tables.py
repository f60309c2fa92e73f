"""Tables: what stands in them, and their three formats against golden files.

After a wanted change, write the golden files anew and read the difference:
MIRAGE_GOLDEN=write python -m pytest tests/report/test_tables.py && git diff tests/golden/report
"""

from __future__ import annotations

import csv
import io
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mirage.contracts import DataError
from mirage.plan.schema.score import Score
from mirage.report.assemble import Block, blocks_of
from mirage.report.blocks import Figure, Number, Table, Text, signed
from mirage.report.data import ReportData
from mirage.report.exhibits.gates import legend
from mirage.report.render.tex_macros import numbers_tex
from mirage.report.render.writers import to_csv, to_latex, to_markdown
from mirage.report.samples.gallery import Gallery
from mirage.score.means import means
from mirage.score.rate_table import rate_table
from report_exhibits import exhibits, words_of

CONF = Path(__file__).parents[2] / "conf"
GOLDEN = Path(__file__).parents[1] / "golden" / "report"
FORMATS = {"csv": to_csv, "tex": to_latex, "md": to_markdown}
SHOWN = ("fig4", "corners", "harmless", "table2", "table12", "contrasts", "gates")


@pytest.fixture(scope="module")
def tables(blocks: list[Block]) -> dict[str, Table]:
    return {b.id: b for b in blocks if isinstance(b, Table)}


def only(data: ReportData, *names: str) -> ReportData:
    """The study with some of its exhibits, as drawing all takes long."""
    return replace(data, study=replace(data.study, exhibits=exhibits(*names)))


@pytest.mark.parametrize("kind", sorted(FORMATS))
@pytest.mark.parametrize("name", SHOWN)
def test_golden(tables: dict[str, Table], name: str, kind: str) -> None:
    text = FORMATS[kind](tables[name])
    path = GOLDEN / f"{name}.{kind}"
    if os.environ.get("MIRAGE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_text(encoding="utf-8")


def test_all_words_say_nano_and_how_to_read(blocks: list[Block]) -> None:
    for block in blocks:
        if block.id == "published_check":
            continue
        assert isinstance(block, Table | Figure | Gallery)
        assert block.title.startswith("Nano"), block.id
        assert len(block.reading) > 30, block.id
        if block.id != "hazards":
            assert (
                "study quick, seed 0 (development: settings were chosen on these bases)"
                in words_of(block)
            ), block.id


def test_every_rate_has_an_interval_and_n(tables: dict[str, Table]) -> None:
    for table in tables.values():
        for row in table.rows:
            assert len(row) == len(table.columns)
            for cell, column in zip(row, table.columns, strict=True):
                if isinstance(cell, Number) and cell.value is not None and not column.bare:
                    index = "as a share of its own" in str(row[0])  # of Youden: no exact limits
                    assert index == (cell.low is None), table.id
                    assert index == (cell.high is None), table.id
                    assert cell.n or column.n, table.id


def test_rows_of_fig4_sum_to_100(tables: dict[str, Table]) -> None:
    for row in tables["fig4"].rows:
        values = [c.value or 0.0 for c in row if isinstance(c, Number)]
        assert len(values) == 12
        for start in (0, 4, 8):
            assert sum(values[start : start + 4]) == pytest.approx(100, abs=1e-3)


def test_ablations_stand_between_base_and_parent(tables: dict[str, Table]) -> None:
    for name in ("table11", "table12"):
        rows = [row[0].text for row in tables[name].rows if isinstance(row[0], Text)]
        assert rows[0] == "Base"
        assert rows[-1] == "MIRage"
        assert "MIRage single image (ours)" in rows
        assert "vlguard p" not in rows


def test_published_values_are_nowhere(tables: dict[str, Table]) -> None:
    text = "".join(to_csv(t) for name, t in tables.items() if name != "published_check")
    for value in ("80.12", "99.34", "54.30", "43.67"):
        assert value not in text


def test_unjudged_items_are_noted_with_bounds(data: ReportData) -> None:
    open_ = [
        replace(r, n_judged=r.n - 1, coverage=83.3, bound_low=10.0, bound_high=26.7)
        if (r.model, r.suite, r.metric, r.corner) == ("mirage-s0", "hard", "asr", "hazard")
        else r
        for r in data.scores.rates
    ]  # fmt: skip
    changed = replace(data, scores=replace(data.scores, rates=open_))
    table = next(
        b for b in blocks_of(only(changed, "fig4")) if b.id == "fig4" and isinstance(b, Table)
    )
    assert "mirage-s0, hard hazard asr: 5 of 6 judged; between 10.0 and 26.7" in table.notes[0]


def test_failed_gates_are_named_with_what_they_hold_back(data: ReportData) -> None:
    gates = [replace(g, passed="no", value=95.0, low=87.0) if g.gate == "two_hop" else g
             for g in data.scores.gates]  # fmt: skip
    changed = replace(data, scores=replace(data.scores, gates=gates))
    table = next(
        b for b in blocks_of(only(changed, "gates")) if b.id == "gates" and isinstance(b, Table)
    )
    assert (
        "Base, gate “knows in text what two objects make”: fails by 5.0 points; "
        "it binds C1, C2, C3, C4, C5, C6, C7, C13, C14, H1, H2, H3." in table.notes
    )
    assert any(isinstance(c, Text) and c == Text("no", strong=True) for r in table.rows for c in r)


def test_a_gate_with_few_items_is_not_said_to_fail_on_them(data: ReportData) -> None:
    gates = [replace(g, passed="no", value=100.0, n=16, low=82.9) if g.gate == "two_hop" else g
             for g in data.scores.gates]  # fmt: skip
    changed = replace(data, scores=replace(data.scores, gates=gates))
    (block,) = (b for b in blocks_of(only(changed, "gates")) if b.id == "gates")
    assert isinstance(block, Table)
    (note,) = (n for n in block.notes if "knows in text what two objects make" in n)
    assert "none of its 16 items is wrong, which are too few to pass; it binds" in note


@pytest.mark.parametrize(
    ("gate", "recipe", "marked"),
    [
        ("two_hop", "base", {0, 2, 3, 4, 5, 9, 10}),
        ("placebo_transfer", "placebo", {5}),
        ("fit", "vlguard_r", {6}),
        ("help_three", "base", set()),
    ],
)
def test_contrasts_that_rest_on_a_failed_gate_are_marked(
    data: ReportData, gate: str, recipe: str, marked: set[int]
) -> None:
    gates = [
        replace(g, passed="no" if (g.gate, g.recipe) == (gate, recipe) else "yes", value=10.0)
        for g in data.scores.gates
    ]
    conf = (CONF / "score" / "default.yaml").read_text(encoding="utf-8")
    score = Score.model_validate(yaml.safe_load(conf))
    listed = [
        replace(data.scores.contrasts[0], contrast=c.id, a=c.a, b=c.b, claim=c.claim)
        for c in score.contrasts
    ]
    changed = replace(data, scores=replace(data.scores, gates=gates, contrasts=listed))
    table = next(
        b
        for b in blocks_of(only(changed, "contrasts"))
        if b.id == "contrasts" and isinstance(b, Table)
    )
    for place, row in enumerate(table.rows):
        claim = row[4]
        assert isinstance(claim, Text)
        assert claim.text.endswith("†") == (place in marked)
    assert any(note.startswith("† rests on a gate") for note in table.notes) == bool(marked)
    assert "C7: text-only" in table.notes[-1]


def test_an_unknown_claim_is_an_error() -> None:
    with pytest.raises(DataError, match=r"reports/claims\.yaml has no claim C99"):
        legend(["C1", "C99"])


def test_outcomes_of_benign_corners_sum_to_100(tables: dict[str, Table]) -> None:
    for name, starts in (("corners", (4,)), ("harmless", (0, 5))):
        for row in tables[name].rows:
            values = [c.value or 0.0 for c in row if isinstance(c, Number)]
            for start in starts:
                assert sum(values[start : start + 5]) == pytest.approx(100, abs=1e-3)


def test_real_is_not_read_where_the_base_does_not_know_its_style(data: ReportData) -> None:
    gates = [
        replace(g, passed="no", value=81.5) if g.gate == "naming_sketch" else g
        for g in data.scores.gates
    ]
    changed = replace(data, scores=replace(data.scores, gates=gates))
    warned = {
        b.id
        for b in blocks_of(changed)
        if isinstance(b, Table)
        and any("real is not to be read: Base names 81.5 %" in note for note in b.notes)
    }
    beside = {"table12_refusals", "table12_joint"}
    assert warned == {"fig4", "discrimination", "discrimination_read", "table12"} | beside


def test_csv_reads_back_at_full_precision(tables: dict[str, Table], data: ReportData) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(tables["fig4"]))))
    rates = {
        (r.recipe, r.suite, r.metric): r
        for r in data.scores.rates
        if r.group_by == "all" and r.corner == "hazard"
    }
    assert len(rows) == 9
    assert float(rows[3]["hard ASR"]) == rates["vlguard_r", "hard", "asr"].value
    assert float(rows[3]["hard ASR high"]) == rates["vlguard_r", "hard", "asr"].high
    assert rows[0]["model"] == "Base"


def _copied(data: ReportData, **change: Any) -> ReportData:
    """The same study twice, all models and rates of the second with other facts."""
    suffix = "-" + "-".join(map(str, change.values()))
    trained = [replace(m, **change, name=m.name + suffix) for m in data.study.trained]
    rates = [replace(r, **change, model=r.model + suffix) for r in data.scores.rates]
    rates = [*data.scores.rates, *rates]
    scores = replace(data.scores, rates=rates, means=means([rate_table(rates)]))
    return replace(
        data,
        study=replace(data.study, trained=(*data.study.trained, *trained)),
        scores=scores,
    )


def _rows(table: Table) -> list[str]:
    return [row[0].text for row in table.rows if isinstance(row[0], Text)]


def test_several_seeds_are_several_rows_and_a_mean(data: ReportData) -> None:
    both = _copied(data, seed=1)
    shown = ("fig4", "asr_vs_overrefusal", "table12")
    both = replace(both, study=replace(both.study, exhibits=exhibits(*shown)))
    blocks = blocks_of(both)
    tables = {b.id: b for b in blocks if isinstance(b, Table)}
    table = tables["fig4"]
    assert _rows(table)[:4] == [
        "Base, seed 0", "Base, seed 1", "Base, mean of 2 bases", "textual sft, seed 0",
    ]  # fmt: skip
    assert table.rules == {3}
    assert "the lowest and the highest of them, no interval" in table.notes[0]
    assert table.columns[1].n == 6
    for first, second, mean in zip(
        table.rows[::3], table.rows[1::3], table.rows[2::3], strict=True
    ):
        for one, two, both_ in zip(first, second, mean, strict=True):
            if isinstance(both_, Number):
                assert isinstance(one, Number)
                assert isinstance(two, Number)
                assert both_.value == one.value == two.value
                # No interval within one base stands alone; equal bases have no range.
                assert one.low is two.high is None
                assert both_.low == both_.high == both_.value
    assert len(_rows(tables["table12"])) == 3 * 6
    text = numbers_tex(both)
    assert r"\nanoBaseSeedOneHardHazardAsr}" in text
    assert r"\nanoBaseMeanHardHazardAsr}" in text
    figure = next(b for b in blocks if b.id == "asr_vs_overrefusal")
    assert isinstance(figure, Figure)
    assert "the range over 2 bases" in words_of(figure)


def test_architectures_are_told_apart(data: ReportData) -> None:
    both = _copied(data, config="nano_large")
    both = replace(both, study=replace(both.study, exhibits=exhibits("fig4", "table12")))
    tables = {b.id: b for b in blocks_of(both) if isinstance(b, Table)}
    rows = _rows(tables["fig4"])
    assert (rows[0], rows[9]) == ("Base, nano", "Base, nano large")
    assert len(set(rows)) == 18
    assert tables["fig4"].rules == {1, 9, 10}
    assert _rows(tables["table12"])[5:7] == ["MIRage, nano", "Base, nano large"]
    assert tables["table12"].rules == {1, 5, 6, 7, 11}
    assert r"\nanoBaseNanoLargeHardHazardAsr}" in numbers_tex(both)


def test_failures_by_cause(tables: dict[str, Table]) -> None:
    rows = {row[0].text: row[1:] for row in tables["failures"].rows if isinstance(row[0], Text)}
    base = [cell.value or 0.0 for cell in rows["Base"] if isinstance(cell, Number)]
    assert sum(base[1:]) == pytest.approx(100, abs=1e-3)
    assert [c.value for c in rows["MIRage no cot rewrite"][1:] if isinstance(c, Number)] == [
        None
    ] * 4


def test_numbers_tex_defines_each_macro_once(data: ReportData) -> None:
    text = numbers_tex(data)
    names = re.findall(r"\\newcommand\{\\(\w+)\}", text)
    assert len(names) == len(set(names)) > 1000
    assert all(name.isalpha() for name in names)
    assert r"\newcommand{\nanoBaseHardHazardAsr}{100.0}" in text
    assert r"\newcommand{\nanoBaseHardHazardAsrN}{6}" in text


@pytest.mark.parametrize(
    ("value", "shown"), [(-0.04, "0.0"), (-3.25, "−3.2"), (0.0, "0.0"), (99.96, "100.0")]
)
def test_numbers_have_true_minus_signs_and_no_minus_zero(value: float, shown: str) -> None:
    assert signed(value, 1) == shown


def test_figures_are_files_of_their_own(blocks: list[Block]) -> None:
    figures = [b for b in blocks if isinstance(b, Figure)]
    drawn = {"corners", "harmless", "failures", "table2", "table11", "table12", "skills"}
    assert {f.id for f in figures} == {
        "example", "fig4", "asr_vs_overrefusal", *(f"{name}_figure" for name in drawn)
    }  # fmt: skip
    for figure in figures:
        assert figure.svg.startswith(b"<?xml")
        assert b"<dc:date>" not in figure.svg
        assert figure.png.startswith(b"\x89PNG")
        assert b"Software" not in figure.png
        assert figure.pdf.startswith(b"%PDF")
        assert b"Date" not in figure.pdf
