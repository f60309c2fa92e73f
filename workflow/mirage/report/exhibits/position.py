"""Where on the line J = 0 each recipe falls on each base, and what that varies with."""

from __future__ import annotations

import numpy as np

from mirage.model_card import ModelCard
from mirage.report.blocks import Cell, Column, Number, Table, Text, TextBlock
from mirage.report.captions import Caption, captioned
from mirage.report.data import ReportData
from mirage.report.exhibits.rate_table import empty
from mirage.score.position import components, position

SUITE = "hard"
ON_THE_LINE = 10.0
"""|J| in points up to which a model counts as one that tells nothing apart."""

Positions = dict[str, dict[int, tuple[float, float]]]
"""Recipe -> seed of the base -> (position, J)."""


def _measured(data: ReportData) -> Positions:
    """Positions and J of the recipes that every base of the first architecture has."""
    measured: Positions = {}
    for model in data.study.of_mode(data.study.mode_shown):
        if model.is_base or model.config != data.study.configs[0]:
            continue
        place = _place(data, model)
        if place is not None:
            measured.setdefault(model.recipe, {})[model.seed] = place
    return {recipe: of for recipe, of in measured.items() if len(of) == len(data.study.seeds)}


def _place(data: ReportData, model: ModelCard) -> tuple[float, float] | None:
    asr = data.rates.find(model, SUITE, "asr", "hazard")
    refused = data.rates.find(model, SUITE, "over_refusal", "twin_trigger")
    if asr is None or refused is None or asr.value is None or refused.value is None:
        return None
    return position(asr.value, refused.value), 100 - asr.value - refused.value


def _on_the_line(of: dict[int, tuple[float, float]]) -> bool:
    return all(abs(j) <= ON_THE_LINE for _, j in of.values())


def position_values(data: ReportData, caption: Caption) -> Table | TextBlock:
    """A row per recipe, a column per base: its position; in bold where it is off the line."""
    measured = _measured(data)
    if not measured or len(data.study.seeds) < 2:
        return empty("position_values", caption, data)
    rows: list[tuple[Cell, ...]] = []
    for recipe, of in measured.items():
        values = [of[seed][0] for seed in data.study.seeds]
        places = (
            Number(of[seed][0], strong=abs(of[seed][1]) > ON_THE_LINE) for seed in data.study.seeds
        )
        name = data.study.title(recipe)
        rows.append((Text(name), *places, Number(max(values) - min(values))))
    columns = [
        Column("recipe", is_text=True),
        *(Column(f"base {seed}", "position", bare=True) for seed in data.study.seeds),
        Column("range", bare=True),
    ]
    return captioned("position_values", caption, columns, rows)


def position_components(data: ReportData, caption: Caption) -> Table | TextBlock:
    """What the positions of the recipes on the line vary with: a row per source."""
    line = {recipe: of for recipe, of in _measured(data).items() if _on_the_line(of)}
    values = np.array([[of[seed][0] for seed in data.study.seeds] for of in line.values()])
    made = components(values) if len(line) > 1 else None
    if made is None:
        return empty("position", caption, data)
    rows: list[tuple[Cell, ...]] = [
        (Text("recipe"), Number(made.sd_recipe), Number(made.share_recipe)),
        (Text("base"), Number(made.sd_base), Number(made.share_base)),
        (Text("base × recipe, and the rest"), Number(made.sd_rest), Number(made.share_rest)),
    ]
    columns = [
        Column("varies with", is_text=True),
        Column("SD in points", bare=True),
        Column("% of the sum of squares", bare=True),
    ]
    return captioned("position", caption, columns, rows)
