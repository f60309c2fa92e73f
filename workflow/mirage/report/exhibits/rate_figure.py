"""A table of rates drawn, a panel per column: the body has the figure, the appendix the values."""

from __future__ import annotations

from collections.abc import Sequence

from mirage.model_card import ModelCard
from mirage.report.blocks import Figure
from mirage.report.captions import Caption, changes
from mirage.report.data import ReportData
from mirage.report.draw.marks import recipe_marks
from mirage.report.draw.rows import Head, Row, rows_figure
from mirage.report.exhibits.rate_table import RateColumn, find, measured_columns, number
from mirage.report.scale import percent


def rate_figure(
    name: str,
    caption: Caption,
    data: ReportData,
    rates: Sequence[RateColumn],
    models: Sequence[ModelCard],
) -> Figure | None:
    """Returns the figure of a table, a row per recipe and none per base; None without numbers.

    Args:
        name: Id of the figure.
        caption: Its words.
        data: What is shown.
        rates: The columns of the table, a panel each.
        models: The rows of the table.
    """
    of_table = list(dict.fromkeys((m.recipe, m.config) for m in models))
    drawn = [m for m in data.study.drawn_of(data.study.trained) if (m.recipe, m.config) in of_table]
    drawn.sort(key=lambda m: of_table.index((m.recipe, m.config)))
    shown, rows = measured_columns(data, rates, drawn)
    if not shown:
        return None
    marks, study = recipe_marks(data.study.trained), data.study.among(rows)
    return rows_figure(
        name,
        caption,
        [Head(column.name, column.heading) for column in shown],
        [
            Row(
                study.named(m.label, m.config),
                marks[m.recipe],
                tuple(number(find(data, m, column)) for column in shown),
            )
            for m in rows
        ],
        changes([(m.config, m.is_base) for m in rows]),
        len(data.study.seeds),
        percent(data.study),
    )
