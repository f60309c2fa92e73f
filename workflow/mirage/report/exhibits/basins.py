"""Where each base falls: values base by base, their range, and how many lie in which basin.

Between bases a recipe's J and ASR lie near one of the two ends more often than between them, so a
mean says little: the values stand in the order of the seeds, with the counts of both basins.
"""

from __future__ import annotations

from collections.abc import Sequence

from mirage.model_card import ModelCard
from mirage.report.blocks import Cell, Column, Table, Text, TextBlock
from mirage.report.captions import Caption, captioned
from mirage.report.data import ReportData
from mirage.report.exhibits.over_seeds import base_by_base, range_in_words
from mirage.report.exhibits.rate_table import RateColumn, empty, find
from mirage.score.means import Mean

HIGH, LOW = 90.0, 10.0
"""Above the first, in percent, is the upper basin; below the second the lower one."""
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
            rows.append((name, *(cell for some in values for cell in _cells(some))))
    if not rows:
        return empty("basins", caption, data)
    columns = [
        Column("model", is_text=True),
        *(
            Column(name, f"{place.name} on {place.suite}", is_text=True)
            for place in MEASURES
            for name in ("base by base", "range", "basins")
        ),
    ]
    return captioned("basins", caption, tuple(columns), rows)


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
    above, below = sum(v > HIGH for v in values), sum(v < LOW for v in values)
    return above, len(values) - above - below, below


def _cells(values: Sequence[float]) -> tuple[Cell, ...]:
    if not values:
        return Text("–"), Text("–"), Text("–")
    in_basins = " / ".join(map(str, counts(values)))
    return Text(base_by_base(values)), Text(range_in_words(values, 1)), Text(in_basins)
