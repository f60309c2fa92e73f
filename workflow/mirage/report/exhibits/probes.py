"""Answer lengths, categories and skill families: tables and figures beyond a row of rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mirage.model_card import BASE, MATCHED, ModelCard
from mirage.report.blocks import Cell, Column, Figure, Number, Table, Text, TextBlock, with_common_n
from mirage.report.captions import Caption, captioned, spread
from mirage.report.data import ReportData
from mirage.report.draw.marks import PLAIN, recipe_marks
from mirage.report.draw.plots import Panel, Series, dots, percent_axis
from mirage.report.exhibits.over_seeds import mean_and_range
from mirage.report.exhibits.rate_table import RateColumn, empty, find, number
from mirage.report.scale import percent
from mirage.score.lengths import Length

SHOWN = ("base", "textual_sft", "vlguard_p", "vlguard_r", "mirage", "mirage_twins")
"""Recipes of the figure of categories; more would hide each other."""

BY_CATEGORY = (
    RateColumn("safe rate", "hard", "safe", "hazard"),
    RateColumn("RSR", "hard", "rsr", "hazard"),
    RateColumn("RR", "hard", "rr", "hazard"),
    RateColumn("refused twins", "hard", "over_refusal", "twin_trigger"),
)


def table10(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Answer length on the counterparts of the paper's three suites."""
    return _lengths("table10", data, caption, ("general", "hard", "mss"))


def tokens(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Answer length on every suite that several recipes answer; not on each one's own items."""
    return _lengths("tokens", data, caption, [s for s in data.study.suites if _shared(data, s)])


def _lengths(
    table_id: str, data: ReportData, caption: Caption, suites: Sequence[str]
) -> Table | TextBlock:
    rows: list[tuple[Cell, ...]] = []
    models = data.study.drawn if data.study.mode_shown == MATCHED else data.study.models
    asked = [s for s in suites if any((m.name, s) in data.lengths for m in data.study.trained)]
    for model in models:
        cells = [_length(data, model, suite) for suite in asked]
        if any(cell.value is not None for cell in cells):
            rows.append((Text(data.study.label(model), strong=model.is_mean), *cells))
    if not rows:
        return empty(table_id, caption, data)
    names = [Column(s.replace("_", " "), "tokens per answer") for s in asked]
    columns = with_common_n([Column("model", is_text=True), *names], rows)
    return captioned(table_id, caption, columns, rows)


def _shared(data: ReportData, suite: str) -> bool:
    trained = data.study.trained
    answering = {m.recipe for m in trained if (m.name, suite) in data.lengths}
    return len(answering) > 1


def _length(data: ReportData, model: ModelCard, suite: str) -> Number:
    """A model's own length, or the mean over seeds with their range."""
    if not model.is_mean:
        return _shown(data.lengths.get((model.name, suite)))
    lengths = [
        length
        for m in data.study.trained
        if (m.recipe, m.config) == (model.recipe, model.config)
        and (length := data.lengths.get((m.name, suite))) is not None
    ]
    if len(lengths) < 2:
        return _shown(lengths[0] if lengths else None)
    return mean_and_range((each.value for each in lengths), (each.n for each in lengths))


def _shown(length: Length | None) -> Number:
    return (
        Number(None) if length is None else Number(length.value, length.low, length.high, length.n)
    )


def _categories(data: ReportData) -> list[str]:
    return sorted({s.category for s in data.samples if s.suite == "hard" and s.category})


def _of_category(column: RateColumn, category: str) -> RateColumn:
    return replace(column, group=("category", category))


def _dotted(data: ReportData) -> list[ModelCard]:
    """The models of the figure of categories, of the first architecture alone."""
    first = data.study.configs[:1]
    return [m for m in data.study.drawn if m.recipe in SHOWN and m.config in first]


def fig9(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """Safe rate, RSR, RR and refused twins per category, a dot per model."""
    names, models = _categories(data), _dotted(data)
    marks = recipe_marks(data.study.trained)
    panels = []
    for place in BY_CATEGORY:
        series = []
        for model in models:
            measures = {
                float(row): number(find(data, model, _of_category(place, name)))
                for row, name in enumerate(names)
            }
            label = data.study.named(model.label, model.config)
            series.append(Series(label, marks[model.recipe], measures))
        panels.append(Panel(place.name, tuple(series)))
    if not names or not any(
        v.value is not None for s in panels[0].series for v in s.values.values()
    ):
        return empty("fig9", caption, data)
    unit = f"{percent(data.study, 'hard')}; bars: {spread(data)}"
    return dots("fig9", caption, panels, names, unit)


def fig9_values(data: ReportData, caption: Caption) -> Table | TextBlock:
    """What the figure of categories shows, and ASR beside it."""
    places = [
        RateColumn("ASR", "hard", "asr", "hazard"),
        RateColumn("harm", "hard", "asr_strict", "hazard"),
    ]
    places += [
        *BY_CATEGORY[1:],
        RateColumn("pair acc.", "hard", "pair_accuracy", "pair"),
        RateColumn("J", "hard", "j", "pair"),
    ]
    rows: list[tuple[Cell, ...]] = []
    rules = set()
    for name in _categories(data):
        for model in _dotted(data):
            cells = [number(find(data, model, _of_category(place, name))) for place in places]
            if any(cell.value is not None for cell in cells):
                label = data.study.named(model.label, model.config)
                rows.append((Text(name), Text(label), *cells))
        rules.add(len(rows))
    if not rows:
        return empty("fig9_values", caption, data)
    leads = [Column("category", is_text=True), Column("model", is_text=True)]
    columns = with_common_n([*leads, *(Column(p.name) for p in places)], rows)
    return captioned("fig9_values", caption, columns, rows, frozenset(rules - {len(rows)}))


PARTS = (("yes", "left out"), ("no", "taught"))
"""Value of the group ``held_out``, and how tables call these categories."""

UNSEEN = (
    RateColumn("ASR", "hard", "asr", "hazard"),
    RateColumn("refused", "hard", "over_refusal", "twin_trigger"),
    RateColumn("J", "hard", "j", "pair"),
)
"""What the figure of categories left out shows, a panel each."""


def _of_part(column: RateColumn, part: tuple[str, str]) -> RateColumn:
    """Returns a rate on the categories that a recipe of the seed left out, or on the rest."""
    return replace(column, group=("held_out", part[0]))


def taught_and_left_out(data: ReportData) -> list[ModelCard]:
    """Returns the rows of the figure's table."""
    return _compared(data, data.study.models)


def _compared(data: ReportData, models: list[ModelCard]) -> list[ModelCard]:
    """Returns the base, then each parent with the recipe that left out categories of its data."""
    left = {m.recipe: m.parent for m in data.study.trained if m.held_out}
    configs = {m.config for m in data.study.trained if m.held_out}
    order = [BASE, *(name for pair in left.items() for name in reversed(pair) if name)]
    chosen = [m for m in models if left and m.recipe in order and m.config in configs]
    return sorted(chosen, key=lambda m: (m.config, order.index(m.recipe)))


def fig5(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """ASR, over-refusal and J on the categories left out and on the others, a dot each."""
    rows = _compared(data, data.study.drawn)
    panels = []
    for column in UNSEEN:
        series = []
        for mark, part in ((PLAIN[2], PARTS[0]), (PLAIN[4], PARTS[1])):
            values = {
                float(i): number(find(data, model, _of_part(column, part)))
                for i, model in enumerate(rows)
            }
            series.append(Series(f"categories {part[1]}", mark, values))
        panels.append(Panel(column.name, tuple(series), percent_axis(series)))
    if not any(v.value is not None for p in panels for s in p.series for v in s.values.values()):
        return empty("fig5", caption, data)
    names = [data.study.named(model.label, model.config) for model in rows]
    unit = f"{percent(data.study, 'hard')}; bars: {spread(data)}"
    return dots("fig5", caption, panels, names, unit)


def single_image_families(data: ReportData) -> list[RateColumn]:
    """Returns a column per skill family of one image, held-out ones after taught."""
    return _families(data, "single")


def multi_image_families(data: ReportData) -> list[RateColumn]:
    """Returns a column per skill family of several images, held-out ones after taught."""
    return _families(data, "multi")


def _families(data: ReportData, modality: str) -> list[RateColumn]:
    held_out = {
        str(sample.truth["family"]): bool(sample.truth.get("held_out_family"))
        for sample in data.samples
        if sample.suite == "general" and sample.truth.get("modality") == modality
    }
    return [
        RateColumn(
            family.replace("_", " "),
            "general",
            "accuracy",
            "",
            ("family", family),
            "held out of every recipe" if held else "taught by recipes",
        )
        for family, held in sorted(held_out.items(), key=lambda each: (each[1], each[0]))
    ]


def asr_by_category(data: ReportData) -> list[RateColumn]:
    """Returns a column of ASR on ``hard`` per category."""
    return [RateColumn(n, "hard", "asr", "hazard", ("category", n)) for n in _categories(data)]
