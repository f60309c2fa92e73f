"""The factorial: its cells, how factors interact, three model sizes, conflict corners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mirage.report.blocks import Column, Figure, Table, Text, TextBlock
from mirage.report.captions import Caption
from mirage.report.data import MATCHED, ModelInfo, ReportData
from mirage.report.draw.plots import Panel, Series, curves, dots
from mirage.report.exhibits.columns import TableMaker, refusals, telling_apart
from mirage.report.exhibits.curves import HARD, Curve, FigureMaker, find, panel
from mirage.report.exhibits.factorial_levels import (
    LABEL_WORDS,
    ORDERS,
    factor_columns,
    in_order,
    label_style,
    matched,
    word,
)
from mirage.report.exhibits.outcomes import Lead, Place, empty, number, rates_table


def plain_cells(data: ReportData) -> list[ModelInfo]:
    """Returns the cells of the main design: the factorial's own steps, and no equated tokens."""
    return [
        m
        for m in matched(data)
        if float(m.recipe.factors["steps"]) == 1 and not m.recipe.factors["tokens"]
    ]


def _first_config(data: ReportData, models: Sequence[ModelInfo]) -> list[ModelInfo]:
    """The models of the architecture that has most cells."""
    configs = data.study.configs
    best = max(configs, key=lambda c: sum(m.config == c for m in models), default="")
    return [m for m in models if m.config == best]


def main_cells(data: ReportData) -> list[ModelInfo]:
    """Rows of the tables of cells: one architecture, in the order of levels, seeds averaged."""
    return in_order(data.study.drawn_of(_first_config(data, plain_cells(data))))


def cells(data: ReportData, caption: Caption) -> Table | TextBlock:
    """ASR and what it hides, per cell."""
    return _cells("factorial_cells", data, caption, telling_apart())


def cells_refusals(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Refusals on every benign corner, d' and grounded reasons, per cell."""
    places = [
        *refusals(("hard",)),
        Place("grounded", "hard", "grounded", "hazard", heading="hard"),
        Place("d′", "hard", "d_prime", "pair", heading="hard", digits=2),
    ]
    return _cells("factorial_cells_refusals", data, caption, places)


def _cells(
    table_id: str, data: ReportData, caption: Caption, places: Sequence[Place]
) -> Table | TextBlock:
    rows = main_cells(data)
    leads = factor_columns(rows)
    return rates_table(table_id, caption, data, places, rows, leads=leads, labelled=not leads)


def _cells_with(data: ReportData, **levels: str) -> list[ModelInfo]:
    return [
        m
        for m in main_cells(data)
        if all(m.recipe.factors[factor] == level for factor, level in levels.items())
    ]


def by_images(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """J, ASR and over-refusal over the images, a line per label style."""
    rows = _cells_with(data, benign="image_twins", wording="neutral")
    return _interaction("factorial_images", data, caption, rows, "images", "how pictures are given")


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
    rows: Sequence[ModelInfo],
    factor: str,
    x_label: str,
) -> Figure | TextBlock:
    order = [v for v in ORDERS[factor] if any(m.recipe.factors[factor] == v for m in rows)]
    lines = []
    for label in LABEL_WORDS:
        mine = {
            float(order.index(m.recipe.factors[factor])): m
            for m in rows
            if m.recipe.factors["labels"] == label and m.recipe.factors[factor] in order
        }
        if len(mine) > 1:
            lines.append(Curve(word(label), label_style(label), mine))
    if not lines:
        return empty(name, caption, data)
    ticks = [(float(at), word(v, factor).replace(" ", "\n")) for at, v in enumerate(order)]
    panels = [panel(data, lines, place) for place in HARD]
    return curves(name, caption, panels, x_label, "percent (nano, hard)", ticks, bands=False)


def _several_sizes(data: ReportData) -> list[ModelInfo]:
    """The cells that more than one architecture has."""
    mine = plain_cells(data)
    configs: dict[str, set[str]] = {}
    for model in mine:
        configs.setdefault(model.recipe.name, set()).add(model.config)
    return [m for m in mine if len(configs[m.recipe.name]) > 1]


def sizes_table(data: ReportData, caption: Caption) -> Table | TextBlock:
    """The core cells at every model size."""
    rows = in_order(data.study.drawn_of(_several_sizes(data)))
    size: Lead = (
        Column("model", is_text=True),
        lambda m: Text(m.config.replace("_", " ")),
    )
    leads = [*factor_columns(rows), size]
    return rates_table(
        "sizes_values", caption, data, telling_apart(), rows, leads=leads, labelled=False
    )


def sizes(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """J, ASR and over-refusal of the core cells, a dot per model size."""
    models = in_order(data.study.drawn_of(_several_sizes(data)))
    names = list(dict.fromkeys(m.recipe.name for m in models))
    if not names:
        return empty("sizes", caption, data)
    first = {m.recipe.name: m for m in reversed(models)}
    columns = factor_columns([first[n] for n in names])
    rows = [", ".join(_shown(cell(first[n])) for _, cell in columns) for n in names]
    panels = []
    for place in HARD:
        series = []
        for style, config in enumerate(c for c in data.study.configs if _has(models, c)):
            found = {
                float(names.index(m.recipe.name)): number(find(data, m, place))
                for m in models
                if m.config == config
            }
            series.append(Series(config.replace("_", " "), style, found))
        ends = (-100.0, 100.0) if place.metric == "j" and _negative(series) else (0.0, 100.0)
        panels.append(Panel(place.name, tuple(series), ends))
    return dots("sizes", caption, panels, rows, "percent (nano, hard)")


def _negative(series: Sequence[Series]) -> bool:
    return any((v.low or 0) < 0 for s in series for v in s.values.values())


def _has(models: Sequence[ModelInfo], config: str) -> bool:
    return any(m.config == config for m in models)


def _shown(cell: object) -> str:
    return cell.text if isinstance(cell, Text) else ""


CONFLICT = (
    ("hazard, neutral", "hazard_neutral"),
    ("hazard, explicit", "hazard_explicit"),
    ("harmless, neutral", "twin_neutral"),
    ("harmless, explicit", "twin_explicit"),
)
"""Pictures and wording of the four conflict corners."""


def conflict(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Declined or warned in each corner of {hazardous, harmless} pictures x wording."""
    places = [
        *(
            Place(name.partition(", ")[2], "conflict", "declined", corner, heading=_pictures(name))
            for name, corner in CONFLICT
        ),
        Place(
            "strict", "conflict", "asr_strict", "hazard_neutral", heading="hazardous pictures, ASR"
        ),
        Place(
            "strict, expl.",
            "conflict",
            "asr_strict",
            "hazard_explicit",
            heading="hazardous pictures, ASR",
        ),
        *telling_apart(),
    ]
    mode = data.study.mode_shown
    rows = main_cells(data) if mode == MATCHED else data.study.models
    leads = factor_columns(rows) if mode == MATCHED else []
    return rates_table("conflict", caption, data, places, rows, leads=leads, labelled=not leads)


def _pictures(name: str) -> str:
    return f"declined, {name.partition(', ')[0]} pictures"


MAKERS: Mapping[str, Mapping[str, TableMaker | FigureMaker]] = {
    "factorial_cells": {"factorial_cells": cells, "factorial_cells_refusals": cells_refusals},
    "sizes": {"sizes": sizes, "sizes_values": sizes_table},
    "conflict": {"conflict": conflict},
}
"""Id in a study's ``tables`` -> entry of ``captions.yaml`` -> maker."""
