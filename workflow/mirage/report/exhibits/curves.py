"""Curves: general data, number of safety samples, steps; each with its values as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mirage.report.blocks import Cell, Column, Figure, Number, Table, Text, TextBlock
from mirage.report.captions import Caption
from mirage.report.data import BASE, Measure, ModelInfo, ReportData
from mirage.report.draw.plots import Panel, Series, curves
from mirage.report.exhibits.columns import (
    TableMaker,
    held_out_skills,
    named,
    refusals,
    telling_apart,
)
from mirage.report.exhibits.factorial_levels import LABEL_WORDS, label_style, matched, word
from mirage.report.exhibits.outcomes import Place, empty, number, rates_table

FigureMaker = Callable[[ReportData, Caption], Figure | TextBlock]

HARD = (
    Place("J", "hard", "j", "pair"),
    Place("ASR", "hard", "asr", "hazard"),
    Place("refused twins", "hard", "over_refusal", "twin_trigger"),
)
"""What curves over matched recipes show, a panel each."""

SHARES = (
    ("Textual SFT", ("textual_sft", "textual_sft_plus")),
    ("VLGuard-R", ("vlguard_r", "vlguard_r_plus", "vlguard_r_75")),
    ("MIRage", ("mirage_general_0", "mirage")),
)
"""Families of recipes that differ in their share of general data alone."""


@dataclass(frozen=True)
class Curve:
    """A line: its label, its style, and the model at each x."""

    label: str
    style: int
    models: Mapping[float, ModelInfo]


def find(data: ReportData, model: ModelInfo, place: Place) -> Measure | None:
    """Returns a rate of a model."""
    return data.rates.find(model, place.suite, place.metric, place.corner, place.group)


def panel(
    data: ReportData,
    lines: Sequence[Curve],
    place: Place,
    title: str = "",
    level: tuple[str, float] | None = None,
) -> Panel:
    """Returns a panel with a line per curve; J may be negative, skills are all near the top."""
    series = []
    for line in lines:
        values = {
            x: number(found)
            for x, model in line.models.items()
            if (found := find(data, model, place)) is not None
        }
        series.append(Series(line.label, line.style, values))
    low = min((v.low for s in series for v in s.values.values() if v.low is not None), default=0.0)
    least = -100.0 if low < 0 and place.metric == "j" else 0.0
    if place.metric == "accuracy":
        least = min(80.0, 20.0 * (low // 20))
    return Panel(title or place.name, tuple(series), (least, 100.0), level)


def _any(panels: Sequence[Panel]) -> bool:
    return any(s.values for p in panels for s in p.series)


def general_share(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """Held-out skills over the share of general data, the untuned base as a level."""
    drawn = {m.recipe.name: m for m in data.study.drawn}
    lines = []
    for style, (label, names) in enumerate(SHARES):
        mine = [drawn[n] for n in names if n in drawn]
        models = {m.recipe.general_share: m for m in mine if m.recipe.general_share is not None}
        if models:
            lines.append(Curve(label, style + 1, models))
    panels = []
    for place in held_out_skills():
        base = find(data, drawn[BASE.name], place) if BASE.name in drawn else None
        level = None if base is None or base.value is None else ("base", base.value)
        panels.append(panel(data, lines, place, f"{place.heading}, held out", level))
    panels.append(panel(data, lines, HARD[1], "ASR, hard"))
    if not _any(panels):
        return empty("general_share", caption, data)
    shares = sorted({x for line in lines for x in line.models})
    ticks = [(share, f"{share:.0f}") for share in shares]
    return curves(
        "general_share", caption, panels,
        "general and harmless data, percent of the training items", "percent (nano)",
        ticks,
    )  # fmt: skip


def share_values(data: ReportData, caption: Caption) -> Table | TextBlock:
    """What keeping skills costs in safety: the recipes of the curve on ``hard``."""
    names = [name for _, names in SHARES for name in names]
    share = Column("general %", bare=True)
    return rates_table(
        "general_share_values",
        caption,
        data,
        [*held_out_skills(), *telling_apart()],
        named(*names)(data),
        leads=[(share, lambda m: Number(m.recipe.general_share))],
    )


def _by_labels(
    data: ReportData, models: Sequence[ModelInfo], x: Callable[[ModelInfo], float | None]
) -> list[Curve]:
    """A line per label style over those models that differ in x alone."""
    found: dict[str, dict[float, ModelInfo]] = {}
    for model in data.study.drawn_of(models):
        at = x(model)
        if at is not None:
            found.setdefault(str(model.recipe.factors["labels"]), {})[at] = model
    order = [name for name in LABEL_WORDS if name in found]
    return [
        Curve(word(name), label_style(name), found[name]) for name in order if len(found[name]) > 1
    ]


def _log_places(values: Sequence[float]) -> dict[float, float]:
    """Even steps for numbers that grow by factors; labels say the numbers."""
    return {value: float(place) for place, value in enumerate(sorted(values))}


def _curves_over(
    name: str,
    data: ReportData,
    caption: Caption,
    models: Sequence[ModelInfo],
    x: Callable[[ModelInfo], float | None],
    x_label: str,
    tick: Callable[[float], str],
) -> Figure | TextBlock:
    lines = _by_labels(data, models, x)
    if not lines:
        return empty(name, caption, data)
    places = _log_places(list({at for line in lines for at in line.models}))
    even = [
        Curve(each.label, each.style, {places[at]: m for at, m in each.models.items()})
        for each in lines
    ]
    panels = [panel(data, even, place) for place in HARD]
    ticks = [(place, tick(value)) for value, place in sorted(places.items())]
    return curves(name, caption, panels, x_label, "percent (nano, hard)", ticks)


def scaled(data: ReportData) -> list[ModelInfo]:
    """Matched recipes of one config that differ in labels and number of hazardous items alone."""
    return _largest_group(data, ("labels", "steps"), lambda m: m.recipe.unsafe, ())


def stepped(data: ReportData) -> list[ModelInfo]:
    """Matched recipes that differ in labels and number of steps alone."""

    def x(model: ModelInfo) -> object:
        return model.recipe.factors["steps"]

    return _largest_group(data, ("labels", "steps"), x, ("unsafe",))


def _largest_group(
    data: ReportData,
    free: Sequence[str],
    x: Callable[[ModelInfo], object],
    fixed: Sequence[str],
) -> list[ModelInfo]:
    """Returns the largest set of recipes over x that agree in all but the free factors.

    Args:
        fixed: Facts of the recipe, beside its factors, in which they agree.
    """
    groups: dict[tuple[str, ...], list[ModelInfo]] = {}
    for model in matched(data):
        rest = [str(v) for k, v in sorted(model.recipe.factors.items()) if k not in free]
        rest += [str(getattr(model.recipe, name)) for name in fixed]
        groups.setdefault((model.config, *rest), []).append(model)
    best = max(groups.values(), key=lambda group: len({x(m) for m in group}), default=[])
    return best if len({x(m) for m in best}) > 1 else []


def scaling(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """J, ASR and over-refusal over the number of hazardous samples, a line per label style."""
    return _curves_over(
        "scaling", data, caption, scaled(data), lambda m: m.recipe.unsafe,
        "hazardous training samples, each with as many benign ones (not to scale)",
        lambda n: f"{n:,.0f}",
    )  # fmt: skip


def sensitivity(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """J, ASR and over-refusal over the number of steps, a line per label style."""
    return _curves_over(
        "sensitivity", data, caption, stepped(data),
        lambda m: float(m.recipe.factors["steps"]),
        "training steps as a multiple of the factorial's (not to scale)", lambda n: f"{n:g}×",
    )  # fmt: skip


def _values(
    table_id: str,
    models: Callable[[ReportData], list[ModelInfo]],
    leads: Sequence[tuple[Column, Callable[[ModelInfo], Cell]]],
) -> dict[str, TableMaker]:
    def main(data: ReportData, caption: Caption) -> Table | TextBlock:
        places = [*telling_apart(), *held_out_skills()]
        return rates_table(
            table_id, caption, data, places, _rows(data), leads=leads, labelled=False
        )

    def corners(data: ReportData, caption: Caption) -> Table | TextBlock:
        places = [*refusals(("hard",)), Place("d′", "hard", "d_prime", "pair", digits=2)]
        found = _rows(data)
        return rates_table(
            f"{table_id}_refusals", caption, data, places, found, leads=leads, labelled=False
        )

    def _rows(data: ReportData) -> list[ModelInfo]:
        return data.study.drawn_of(models(data))

    return {table_id: main, f"{table_id}_refusals": corners}


def _labels(model: ModelInfo) -> Cell:
    return Text(word(str(model.recipe.factors["labels"])))


def _samples(model: ModelInfo) -> Cell:
    unsafe = model.recipe.unsafe
    return Number(None if unsafe is None else float(unsafe), digits=0)


def _steps(model: ModelInfo) -> Cell:
    return Text(f"{float(model.recipe.factors['steps']):g}×")


def _tokens(model: ModelInfo) -> Cell:
    return Text("equal" if model.recipe.factors["tokens"] else "as they are")


def sensitive(data: ReportData) -> list[ModelInfo]:
    """The recipes of the steps curve, and those with equal answer tokens."""
    chosen = stepped(data)
    tokens = [m for m in matched(data) if m.recipe.factors["tokens"]]
    return [m for m in matched(data) if m in chosen or m in tokens]


SCALING: Mapping[str, TableMaker] = _values(
    "scaling_values",
    scaled,
    ((Column("labels", is_text=True), _labels), (Column("hazards", bare=True), _samples)),
)
SENSITIVITY: Mapping[str, TableMaker] = _values(
    "sensitivity_values",
    sensitive,
    (
        (Column("labels", is_text=True), _labels),
        (Column("steps", is_text=True), _steps),
        (Column("answer tokens", is_text=True), _tokens),
    ),
)

MAKERS: Mapping[str, Mapping[str, TableMaker | FigureMaker]] = {
    "general_share": {"general_share": general_share, "general_share_values": share_values},
    "scaling": {"scaling": scaling, **SCALING},
    "sensitivity": {"sensitivity": sensitivity, **SENSITIVITY},
}
"""Id in a study's ``tables`` -> entry of ``captions.yaml`` -> maker."""
