"""Where each base falls: values base by base, their range, and how many lie in which basin.

Between bases a recipe's J and ASR lie near one of the two ends more often than between them, so a
mean says little: the values stand in the order of the seeds, with the counts of both basins.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import fmean, variance

from mirage.model_card import ModelCard, in_any_order
from mirage.report.blocks import Cell, Column, Number, Table, Text, TextBlock
from mirage.report.captions import Caption, captioned
from mirage.report.data import ReportData
from mirage.report.exhibits.over_seeds import base_by_base, range_in_words
from mirage.report.exhibits.rate_table import RateColumn, empty, find
from mirage.score.means import Mean
from mirage.vocabulary import basin

MEASURES = (
    RateColumn("J", "hard", "j", "pair"),
    RateColumn("J, read", "hard", "j_read", "pair"),
    RateColumn("ASR", "hard", "asr", "hazard"),
)


def basins(data: ReportData, caption: Caption) -> Table | TextBlock:
    """J and ASR on hard of every recipe, base by base, with range and basin counts."""
    rows: list[tuple[Cell, ...]] = []
    for model in data.study.means:
        values = [values_of(data, model, place) for place in MEASURES]
        if any(values):
            name = Text(data.study.named(model.label, model.config))
            spreads = [Number(between_orders(data, model, place)) for place in MEASURES]
            rows.append((name, *(cell for some in values for cell in _cells(some)), *spreads))
    if not rows:
        return empty("basins", caption, data)
    orders = any(isinstance(c, Number) and c.value is not None for row in rows for c in row)
    columns = [
        Column("model", is_text=True),
        *(
            Column(name, f"{place.name} on {place.suite}", is_text=True)
            for place in MEASURES
            for name in ("base by base", "range", "basins")
        ),
        *(Column(place.name, "SD between tuning orders", bare=True) for place in MEASURES),
    ]
    shown = len(columns) if orders else len(columns) - len(MEASURES)
    return captioned("basins", caption, tuple(columns[:shown]), [row[:shown] for row in rows])


def values_of(data: ReportData, model: ModelCard, place: RateColumn) -> tuple[float, ...]:
    """Returns a rate of a recipe on every base that has it, in the order of the seeds.

    Args:
        data: What is shown.
        model: Stands for a recipe over all its bases.
        place: The rate.
    """
    found = find(data, model, place)
    if isinstance(found, Mean):
        return found.by_base
    each = [
        find(data, m, place)
        for m in data.study.trained
        if (m.recipe, m.config) == (model.recipe, model.config)
    ]
    return tuple(rate.value for rate in each if rate is not None and rate.value is not None)


def counts(values: Sequence[float]) -> tuple[int, int, int]:
    """Returns how many values lie above 90, from 10 to 90, and below 10."""
    found = Counter(basin(value) for value in values)
    return found["high"], found["between"], found["low"]


def between_orders(data: ReportData, model: ModelCard, place: RateColumn) -> float | None:
    """Returns the SD between tuning orders on one base, pooled over bases; None without several.

    Only the row of the first order has it.
    """
    alike = [
        other
        for other in data.study.means
        if (other.config, in_any_order(other.recipe)) == (model.config, in_any_order(model.recipe))
    ]
    values = [values_of(data, other, place) for other in alike]
    whole = len({len(some) for some in values}) == 1 and bool(values[0])
    if len(alike) < 2 or alike[0] != model or not whole:
        return None
    return math.sqrt(fmean(variance(orders) for orders in zip(*values, strict=True)))


def _cells(values: Sequence[float]) -> tuple[Cell, ...]:
    if not values:
        return Text("–"), Text("–"), Text("–")
    in_basins = " / ".join(map(str, counts(values)))
    return Text(base_by_base(values)), Text(range_in_words(values, 1)), Text(in_basins)
