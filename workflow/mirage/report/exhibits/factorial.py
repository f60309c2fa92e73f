"""The factorial: which cells tables show, how factors interact, several model sizes."""

from __future__ import annotations

from collections.abc import Sequence

from mirage.model_card import MATCHED, ModelCard
from mirage.report.blocks import Column, Figure, Text, TextBlock
from mirage.report.captions import Caption, spread
from mirage.report.data import ReportData
from mirage.report.draw.marks import LABELS, PLAIN
from mirage.report.draw.plots import Panel, Series, curves, dots, percent_axis
from mirage.report.exhibits.curves import HARD, Curve, panel
from mirage.report.exhibits.factorial_levels import (
    LABEL_WORDS,
    ORDERS,
    factors_that_differ,
    in_order,
    matched,
    word,
)
from mirage.report.exhibits.fit import fit_column
from mirage.report.exhibits.rate_table import LeadingColumn, empty, find, number
from mirage.report.scale import percent


def plain_cells(data: ReportData) -> list[ModelCard]:
    """Returns the cells of the main design: the factorial's own steps, and no equated tokens."""
    return [m for m in matched(data) if float(m.factors["steps"]) == 1 and not m.factors["tokens"]]


def _first_config(data: ReportData, models: Sequence[ModelCard]) -> list[ModelCard]:
    """The models of the architecture that has most cells."""
    configs = data.study.configs
    best = max(configs, key=lambda c: sum(m.config == c for m in models), default="")
    return [m for m in models if m.config == best]


def main_cells(data: ReportData) -> list[ModelCard]:
    """Rows of the tables of cells: one architecture, in the order of levels, seeds averaged."""
    return in_order(data.study.drawn_of(_first_config(data, plain_cells(data))))


def cell_factors(data: ReportData, models: Sequence[ModelCard]) -> list[LeadingColumn]:
    """Returns what those cells differ in, and how far each fits its own labels."""
    return [*factors_that_differ(data, models), *fit_column(data)]


def _cells_with(data: ReportData, **levels: str) -> list[ModelCard]:
    return [
        m
        for m in main_cells(data)
        if all(m.factors[factor] == level for factor, level in levels.items())
    ]


def by_images(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """J, ASR and over-refusal over the images, a line per label style."""
    rows = _cells_with(data, benign="image_twins", wording="neutral")
    text = "how pictures are given (image twins, neutral wording)"
    return _interaction("factorial_images", data, caption, rows, "images", text)


def by_benign(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """J, ASR and over-refusal over the kind of benign items, a line per label style."""
    rows = _cells_with(data, images="two", wording="neutral")
    text = "benign training items (two images, neutral wording)"
    return _interaction("factorial_benign", data, caption, rows, "benign", text)


def by_benign_explicit(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """The same with explicit wording."""
    rows = _cells_with(data, images="two", wording="explicit")
    text = "benign training items (two images, explicit wording)"
    return _interaction("factorial_benign_explicit", data, caption, rows, "benign", text)


def _interaction(
    name: str,
    data: ReportData,
    caption: Caption,
    rows: Sequence[ModelCard],
    factor: str,
    x_label: str,
) -> Figure | TextBlock:
    order = [v for v in ORDERS[factor] if any(m.factors[factor] == v for m in rows)]
    lines = []
    for label in LABEL_WORDS:
        models_by_level = {
            float(order.index(str(m.factors[factor]))): m
            for m in rows
            if m.factors["labels"] == label and m.factors[factor] in order
        }
        if len(models_by_level) > 1:
            lines.append(Curve(word(label), LABELS[label], models_by_level))
    if not lines:
        return empty(name, caption, data)
    ticks = [(float(at), word(v, factor).replace(" ", "\n")) for at, v in enumerate(order)]
    panels = [panel(data, lines, place) for place in HARD]
    x_label = f"{x_label}; bars: {spread(data)}"
    return curves(name, caption, panels, x_label, percent(data.study, "hard"), ticks, bands=False)


def _several_sizes(data: ReportData) -> list[ModelCard]:
    """The cells that more than one architecture has."""
    cells = plain_cells(data)
    configs: dict[str, set[str]] = {}
    for model in cells:
        configs.setdefault(model.recipe, set()).add(model.config)
    return [m for m in cells if len(configs[m.recipe]) > 1]


def cells_of_several_sizes(data: ReportData) -> list[ModelCard]:
    """Returns the core cells at every model size."""
    return in_order(data.study.drawn_of(_several_sizes(data)))


def factors_and_size(data: ReportData, models: Sequence[ModelCard]) -> list[LeadingColumn]:
    """Returns what those cells differ in."""
    size: LeadingColumn = (
        Column("model", is_text=True),
        lambda m: Text(m.config.replace("_", " ")),
    )
    return [*factors_that_differ(data, models), size, *fit_column(data)]


def sizes(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """J, ASR and over-refusal of the core cells, a dot per model size."""
    models = cells_of_several_sizes(data)
    names = list(dict.fromkeys(m.recipe for m in models))
    if not names:
        return empty("sizes", caption, data)
    first = {m.recipe: m for m in reversed(models)}
    columns = factors_that_differ(data, [first[n] for n in names])
    rows = [", ".join(_shown(cell(first[n])) for _, cell in columns) for n in names]
    panels = []
    for place in HARD:
        series = []
        sizes = [c for c in data.study.configs if _has(models, c)]
        for mark, config in zip(PLAIN, sizes, strict=False):
            measures = {
                float(names.index(m.recipe)): number(find(data, m, place))
                for m in models
                if m.config == config
            }
            series.append(Series(config.replace("_", " "), mark, measures))
        panels.append(Panel(place.name, tuple(series), percent_axis(series)))
    unit = f"{percent(data.study, 'hard')}; bars: {spread(data)}"
    return dots("sizes", caption, panels, rows, unit)


def _has(models: Sequence[ModelCard], config: str) -> bool:
    return any(m.config == config for m in models)


def _shown(cell: object) -> str:
    return cell.text if isinstance(cell, Text) else ""


def conflict_rows(data: ReportData) -> list[ModelCard]:
    """Returns the cells of a factorial, or else the models of the study."""
    return main_cells(data) if data.study.mode_shown == MATCHED else data.study.models


def conflict_factors(data: ReportData, models: Sequence[ModelCard]) -> list[LeadingColumn]:
    """Returns the factors of cells; recipes of other modes have names instead."""
    return factors_that_differ(data, models) if data.study.mode_shown == MATCHED else []
