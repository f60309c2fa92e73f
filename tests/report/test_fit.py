"""The column that says how far a model fits its own labels."""

from __future__ import annotations

from dataclasses import replace

from mirage.model_card import ModelCard
from mirage.report.blocks import Number
from mirage.report.data import ReportData
from mirage.report.exhibits.fit import GATE, fit_column
from mirage.score.gates import GateResult


def _gate(model: ModelCard, seed: int, value: float, gate: str = GATE) -> GateResult:
    return GateResult(
        gate, model.name, model.recipe, model.config, seed, "at least", 95.0, 3.0,
        value, 120 + seed, value - 2.0, 100.0, "yes",
    )  # fmt: skip


def _fit(data: ReportData, model: ModelCard) -> Number:
    ((column, fit),) = fit_column(data)
    assert column.name == "fit"
    cell = fit(model)
    assert isinstance(cell, Number)
    return cell


def test_a_mean_has_the_range_of_its_bases_and_a_model_its_own(data: ReportData) -> None:
    mirage, other = data.study.recipes[:2]
    listed = [
        *(_gate(mirage, seed, value) for seed, value in enumerate((100.0, 40.0, 85.0))),
        _gate(mirage, 0, 1.0, gate="two_hop"),
        _gate(other, 0, 2.0),
        replace(_gate(mirage, 0, 3.0), config="another"),
    ]
    changed = replace(data, scores=replace(data.scores, gates=listed))
    mean = _fit(changed, replace(mirage, name=""))
    assert (mean.value, mean.low, mean.high, mean.n) == (75.0, 40.0, 100.0, 120)
    assert mean.by_base == (100.0, 40.0, 85.0)
    own = _fit(changed, replace(mirage, name="m", seed=2))
    assert own == Number(85.0, n=122)
    assert _fit(changed, replace(mirage, recipe="nobody")).value is None


def test_no_column_where_nobody_was_asked(data: ReportData) -> None:
    mirage = data.study.recipes[0]
    unasked = replace(_gate(mirage, 0, 0.0), value=None, n=0, passed="not measured")
    for gates in ([], [unasked], [_gate(mirage, 0, 99.0, gate="two_hop")]):
        assert fit_column(replace(data, scores=replace(data.scores, gates=gates))) == []
