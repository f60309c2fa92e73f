"""The table that shows the gates of released bases beside those of the study's own."""

from __future__ import annotations

from dataclasses import replace

from mirage.report.blocks import Number
from mirage.report.captions import caption, setting_facts
from mirage.report.data import ReportData
from mirage.report.exhibits.bases_again import bases_again


def test_gates_of_both_stand_side_by_side(data: ReportData) -> None:
    measured = [gate for gate in data.scores.gates if gate.recipe == "base"]
    gates = {g.gate: {"value": 12.5, "n": 480, "passed": "yes"} for g in measured}
    gates[measured[0].gate] |= {"passed": "no"}
    about = {"model": "nano", "seed": 0, "platform": "cpu-there", "gates": gates}
    study = replace(data.study, released=(about,))
    words = caption("bases_again", setting_facts(data))
    table = bases_again(replace(data, study=study), words)
    assert [(c.name, c.group) for c in table.columns[1:]] == [("R", "nano s0"), ("H", "nano s0")]
    assert len(table.rows) == len(measured) > 2
    for row, gate in zip(table.rows, measured, strict=True):
        then, now = row[1:]
        assert isinstance(then, Number) and isinstance(now, Number)
        assert (then.value, now.value) == (12.5, gate.value)
        assert now.strong is (gate.passed != "yes")
    (note,) = table.notes
    assert f"released on cpu-there, fails {measured[0].gate};" in note
    assert "here on " in note
    (none,) = bases_again(data, words).notes
    assert "is not released" in none
