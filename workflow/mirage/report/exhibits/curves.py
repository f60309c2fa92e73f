"""Curves: general data, number of safety samples, steps; each with its values as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mirage.model_card import BASE, ModelCard
from mirage.report.blocks import Cell, Column, Figure, Number, Text, TextBlock
from mirage.report.captions import Caption
from mirage.report.data import ReportData
from mirage.report.draw.marks import LABELS, RECIPES, Mark
from mirage.report.draw.plots import Panel, Series, curves, percent_axis
from mirage.report.exhibits.factorial_levels import LABEL_WORDS, matched, word
from mirage.report.exhibits.fit import fit_column
from mirage.report.exhibits.rate_table import LeadingColumn, RateColumn, empty, find, number
from mirage.report.scale import percent

HARD = (
    RateColumn("J", "hard", "j", "pair"),
    RateColumn("ASR", "hard", "asr", "hazard"),
    RateColumn("refused twins", "hard", "over_refusal", "twin_trigger"),
)
"""What curves over matched recipes show, a panel each."""

HELD_OUT = tuple(
    RateColumn(f"{n}-image skills", "general", "accuracy", "", ("skill_class", f"{n} held out"))
    for n in ("single", "multi")
)
"""Skills of families that no recipe holds."""

SHARES = (
    ("Textual SFT", ("textual_sft_plus", "textual_sft")),
    ("VLGuard-R", ("vlguard_r_plus", "vlguard_r_75", "vlguard_r")),
    ("MIRage", ("mirage_general_0", "mirage")),
)
"""Families of recipes that differ in their share of general data alone; the last gives the mark."""


@dataclass(frozen=True)
class Curve:
    """A line: its label, its mark, and the model at each x."""

    label: str
    mark: Mark
    models: Mapping[float, ModelCard]


def panel(
    data: ReportData,
    lines: Sequence[Curve],
    place: RateColumn,
    title: str = "",
    level: tuple[str, float] | None = None,
) -> Panel:
    """Returns a panel with a line per curve; J may be negative, skills are all near the top."""
    series = []
    for line in lines:
        values = {
            x: number(measure)
            for x, model in line.models.items()
            if (measure := find(data, model, place)) is not None
        }
        series.append(Series(line.label, line.mark, values))
    ends = percent_axis(series, 80.0 if place.metric == "accuracy" else 0.0)
    return Panel(title or place.name, tuple(series), ends, level)


def _any(panels: Sequence[Panel]) -> bool:
    return any(s.values for p in panels for s in p.series)


def general_share(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """Held-out skills over the share of general data, the untuned base as a level."""
    drawn = {m.recipe: m for m in data.study.drawn}
    lines = []
    for label, names in SHARES:
        chosen = [drawn[n] for n in names if n in drawn]
        models = {m.general_share: m for m in chosen if m.general_share is not None}
        if models:
            lines.append(Curve(label, RECIPES[names[-1]], models))
    panels = []
    for place in HELD_OUT:
        base = find(data, drawn[BASE], place) if BASE in drawn else None
        level = None if base is None or base.value is None else ("base", base.value)
        panels.append(panel(data, lines, place, f"{place.name}, held out", level))
    panels.append(panel(data, lines, HARD[1], "ASR, hard"))
    if not _any(panels):
        return empty("general_share", caption, data)
    shares = sorted({x for line in lines for x in line.models})
    ticks = [(share, f"{share:.0f}") for share in shares]
    return curves(
        "general_share", caption, panels,
        "general and harmless data, percent of the training items", percent(data.study),
        ticks,
    )  # fmt: skip


def share_column(data: ReportData, models: Sequence[ModelCard]) -> list[LeadingColumn]:
    """Returns the column with the share of general data of each model."""
    del data, models
    return [(Column("general %", bare=True), lambda m: Number(m.general_share))]


def _by_labels(
    data: ReportData, models: Sequence[ModelCard], x: Callable[[ModelCard], float | None]
) -> list[Curve]:
    """A line per label style over those models that differ in x alone."""
    by_label: dict[str, dict[float, ModelCard]] = {}
    for model in data.study.drawn_of(models):
        at = x(model)
        if at is not None:
            by_label.setdefault(str(model.factors["labels"]), {})[at] = model
    order = [name for name in LABEL_WORDS if name in by_label]
    return [
        Curve(word(name), LABELS[name], by_label[name]) for name in order if len(by_label[name]) > 1
    ]


def _log_places(values: Sequence[float]) -> dict[float, float]:
    """Even steps for numbers that grow by factors; labels say the numbers."""
    return {value: float(place) for place, value in enumerate(sorted(values))}


def _curves_over(
    name: str,
    data: ReportData,
    caption: Caption,
    models: Sequence[ModelCard],
    x: Callable[[ModelCard], float | None],
    x_label: str,
    tick: Callable[[float], str],
) -> Figure | TextBlock:
    lines = _by_labels(data, models, x)
    if not lines:
        return empty(name, caption, data)
    places = _log_places(list({at for line in lines for at in line.models}))
    even = [
        Curve(each.label, each.mark, {places[at]: m for at, m in each.models.items()})
        for each in lines
    ]
    panels = [panel(data, even, place) for place in HARD]
    ticks = [(place, tick(value)) for value, place in sorted(places.items())]
    return curves(name, caption, panels, x_label, percent(data.study, "hard"), ticks)


def scaled(data: ReportData) -> list[ModelCard]:
    """Matched recipes of one config that differ in labels and number of hazardous items alone."""
    return _largest_group(data, ("labels", "steps"), lambda m: m.unsafe, ())


def stepped(data: ReportData) -> list[ModelCard]:
    """Matched recipes that differ in labels and number of steps alone."""

    def x(model: ModelCard) -> object:
        return model.factors["steps"]

    return _largest_group(data, ("labels", "steps"), x, ("unsafe",))


def _largest_group(
    data: ReportData,
    free: Sequence[str],
    x: Callable[[ModelCard], object],
    fixed: Sequence[str],
) -> list[ModelCard]:
    """Returns the largest set of recipes over x that agree in all but the free factors.

    Args:
        fixed: Facts of the recipe, beside its factors, in which they agree.
    """
    groups: dict[tuple[str, ...], list[ModelCard]] = {}
    for model in matched(data):
        rest = [str(v) for k, v in sorted(model.factors.items()) if k not in free]
        rest += [str(getattr(model, name)) for name in fixed]
        groups.setdefault((model.config, *rest), []).append(model)
    best = max(groups.values(), key=lambda group: len({x(m) for m in group}), default=[])
    return best if len({x(m) for m in best}) > 1 else []


def scaling(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """J, ASR and over-refusal over the number of hazardous samples, a line per label style."""
    return _curves_over(
        "scaling", data, caption, scaled(data), lambda m: m.unsafe,
        "hazardous training samples, each with as many benign ones (not to scale)",
        lambda n: f"{n:,.0f}",
    )  # fmt: skip


def sensitivity(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """J, ASR and over-refusal over the number of steps, a line per label style."""
    return _curves_over(
        "sensitivity", data, caption, stepped(data),
        lambda m: float(m.factors["steps"]),
        "training steps as a multiple of the factorial's (not to scale)", lambda n: f"{n:g}×",
    )  # fmt: skip


def _labels(model: ModelCard) -> Cell:
    return Text(word(str(model.factors["labels"])))


def _samples(model: ModelCard) -> Cell:
    return Number(float(model.unsafe), digits=0)


def _steps(model: ModelCard) -> Cell:
    return Text(f"{float(model.factors['steps']):g}×")


def _tokens(model: ModelCard) -> Cell:
    return Text("equal" if model.factors["tokens"] else "as they are")


def scaling_rows(data: ReportData) -> list[ModelCard]:
    """Returns the models of the curve over the number of safety samples."""
    return data.study.drawn_of(scaled(data))


def scaling_columns(data: ReportData, models: Sequence[ModelCard]) -> list[LeadingColumn]:
    """Returns what those models differ in: labels and number of hazardous items."""
    del models
    return [
        (Column("labels", is_text=True), _labels),
        (Column("hazards", bare=True), _samples),
        *fit_column(data),
    ]


def sensitivity_rows(data: ReportData) -> list[ModelCard]:
    """Returns the models of the curve over steps, and those with equal answer tokens."""
    by_steps = stepped(data)
    return data.study.drawn_of([m for m in matched(data) if m in by_steps or m.factors["tokens"]])


def sensitivity_columns(data: ReportData, models: Sequence[ModelCard]) -> list[LeadingColumn]:
    """Returns what those models differ in: labels, steps and answer tokens."""
    del models
    return [
        (Column("labels", is_text=True), _labels),
        (Column("steps", is_text=True), _steps),
        (Column("answer tokens", is_text=True), _tokens),
        *fit_column(data),
    ]
