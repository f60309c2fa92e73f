"""Unseen categories: what a model does where its safety data had nothing, and where it had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mirage.report.blocks import Figure, Table, TextBlock
from mirage.report.captions import Caption
from mirage.report.data import BASE, ModelInfo, ReportData
from mirage.report.draw.plots import Panel, Series, dots
from mirage.report.exhibits.columns import TableMaker, telling_apart
from mirage.report.exhibits.curves import FigureMaker, find
from mirage.report.exhibits.outcomes import Place, empty, number, rates_table

PARTS = (("yes", "left out"), ("no", "taught"))
"""Value of the group ``held_out``, and how tables call these categories."""

DRAWN = ("asr", "over_refusal", "j")


def _of(place: Place, part: tuple[str, str]) -> Place:
    """Returns a place read on the categories that a recipe of the seed left out, or on the rest."""
    return replace(place, group=("held_out", part[0]), heading=f"categories {part[1]}")


def compared(data: ReportData, models: list[ModelInfo]) -> list[ModelInfo]:
    """Returns the base, then each parent with the recipe that left out categories of its data."""
    left = {m.recipe.name: m.recipe.parent for m in data.study.trained if m.held_out}
    configs = {m.config for m in data.study.trained if m.held_out}
    order = [BASE.name, *(name for pair in left.items() for name in reversed(pair) if name)]
    mine = [m for m in models if left and m.recipe.name in order and m.config in configs]
    return sorted(mine, key=lambda m: (m.config, order.index(m.recipe.name)))


def fig5(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """ASR, over-refusal and J on the categories left out and on the others, a dot each."""
    rows = compared(data, data.study.drawn)
    panels = []
    for place in (p for p in telling_apart() if p.metric in DRAWN):
        series = []
        for style, part in ((2, PARTS[0]), (5, PARTS[1])):
            values = {
                float(i): number(find(data, model, _of(place, part)))
                for i, model in enumerate(rows)
            }
            series.append(Series(f"categories {part[1]}", style, values))
        low = min((v.low or 0.0 for s in series for v in s.values.values()), default=0.0)
        panels.append(Panel(place.name, tuple(series), (-100.0 if low < 0 else 0.0, 100.0)))
    if not any(v.value is not None for p in panels for s in p.series for v in s.values.values()):
        return empty("fig5", caption, data)
    names = [data.study.named(model.recipe.label, model.config) for model in rows]
    return dots("fig5", caption, panels, names, "percent (nano, hard); bars: 95 % intervals")


def fig5_values(data: ReportData, caption: Caption) -> Table | TextBlock:
    """The figure's numbers, strict ASR and pair accuracy beside them."""
    places = [_of(place, part) for part in PARTS for place in telling_apart()]
    return rates_table("fig5_values", caption, data, places, compared(data, data.study.models))


MAKERS: Mapping[str, Mapping[str, TableMaker | FigureMaker]] = {
    "fig5": {"fig5": fig5, "fig5_values": fig5_values},
}
"""Id in a study's ``tables`` -> entry of ``captions.yaml`` -> maker."""
