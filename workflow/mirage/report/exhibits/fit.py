"""How far models fit the labels they were tuned on, as a column beside their rates."""

from __future__ import annotations

from dataclasses import replace

from mirage.model_card import ModelCard
from mirage.report.blocks import Column, Number
from mirage.report.data import ReportData
from mirage.report.exhibits.over_seeds import mean_and_range
from mirage.report.exhibits.rate_table import LeadingColumn

GATE = "fit"
"""Answers of the right class, declining or helping, to a recipe's own training items: of that class
which has fewest."""


def fit_column(data: ReportData) -> list[LeadingColumn]:
    """Returns a column of that rate, in percent: of a mean the mean of its bases and their range.

    At equal steps a label style that is learnt slowly has not learnt its items yet; without this
    number such a row reads as if the labels could not do better. No column where nobody was asked.
    """
    asked = [gate for gate in data.scores.gates if gate.gate == GATE and gate.n]

    def fit(model: ModelCard) -> Number:
        own = [
            gate
            for gate in asked
            if (gate.recipe, gate.config) == (model.recipe, model.config)
            and (model.is_mean or gate.seed == model.seed)
        ]
        values = [gate.value for gate in own if gate.value is not None]
        if model.is_mean:
            return replace(mean_and_range(values, [g.n for g in own]), by_base=tuple(values))
        return Number(values[0], n=own[0].n) if own else Number(None)

    return [(Column("fit"), fit)] if asked else []
