"""What all figures share: style, marks, intervals, and two kinds: curves, and rows of dots."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from mirage.report.blocks import Figure, Number
from mirage.report.captions import Caption
from mirage.report.data import Measure
from mirage.report.draw.marks import Mark

LEGEND = 4
"""Columns of a legend."""
TICKS = 6
"""Labels side by side below a panel; more are turned."""

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.5,
    "svg.hashsalt": "mirage",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "text.parse_math": False,  # titles and answers are the words of others
    "figure.dpi": 100,
}


@contextmanager
def style() -> Iterator[None]:
    """Sets the style of all figures, independent of the user's own settings."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def finish(name: str, canvas: Canvas, caption: Caption, width: float = 13.0) -> Figure:
    """Returns a drawn canvas as three files; ``width`` in centimetres on paper."""
    svg, png, pdf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    canvas.draw_without_rendering()
    canvas.set_layout_engine("none")  # the layout is found once, not again for each file
    canvas.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    canvas.savefig(png, format="png", dpi=200, metadata={"Software": None})
    nameless = dict.fromkeys(("CreationDate", "Creator", "Producer"))
    canvas.savefig(pdf, format="pdf", metadata=nameless)
    words = (caption.title, caption.caption, caption.reading)
    return Figure(name, *words, svg.getvalue(), png.getvalue(), pdf.getvalue(), width)


def limits(rate: Measure | Number) -> tuple[float, float, float]:
    """Returns value, low and high; the value itself where there is no interval."""
    value = rate.value or 0.0
    low = value if rate.low is None else rate.low
    high = value if rate.high is None else rate.high
    return value, low, high


def bars(rate: Measure | Number) -> list[list[float]]:
    """Returns the lengths of both error bars as matplotlib takes them."""
    value, low, high = limits(rate)
    return [[max(0.0, value - low)], [max(0.0, high - value)]]


@dataclass(frozen=True)
class Series:
    """A row of values that share a colour, a shape and an entry of the legend.

    Attributes:
        values: Place on the axis (x of a curve, row of a dot) -> value with interval.
    """

    label: str
    mark: Mark
    values: dict[float, Number]


@dataclass(frozen=True)
class Panel:
    """One part of a figure.

    Attributes:
        limits: Ends of the axis of values; None for what the values need.
        level: A line across, (label, value), for something to compare with.
    """

    title: str
    series: tuple[Series, ...]
    limits: tuple[float, float] | None = (0.0, 100.0)
    level: tuple[str, float] | None = None


def percent_axis(series: Sequence[Series], top: float = 0.0) -> tuple[float, float]:
    """Returns the ends of an axis of percentages: down to the multiple of 20 below all intervals.

    Args:
        series: What the panel shows.
        top: The highest that its lower end may lie.
    """
    return percent_ends([v for s in series for v in s.values.values()], top)


def percent_ends(values: Iterable[Number], top: float = 0.0) -> tuple[float, float]:
    """Returns the same for numbers."""
    lows = [limits(v)[1] for v in values if v.value is not None]
    return min([top, *(20.0 * (low // 20.0) for low in lows)]), 100.0


def curves(
    name: str,
    caption: Caption,
    panels: Sequence[Panel],
    x_label: str,
    y_label: str,
    ticks: Sequence[tuple[float, str]],
    *,
    bands: bool = True,
) -> Figure:
    """Draws lines with intervals, a panel beside the other, all over the same x.

    Args:
        ticks: Places on the x axis and their labels; values sit on these places.
        bands: Whether intervals are bands; where x has no order they are bars, side by side.
    """
    with style():
        rows = -(-_entries(panels) // LEGEND)
        size = (1.1 + 2.15 * len(panels), 2.5 + 0.17 * rows)
        canvas = Canvas(figsize=size, layout="constrained")
        parts = canvas.subplots(1, len(panels), squeeze=False)[0]
        for axes, panel in zip(parts, panels, strict=True):
            for place, each in enumerate(panel.series):
                _curve(axes, each, 0.0 if bands else 0.3 * _shift(place, len(panel.series)), bands)
            _level(axes, panel, across=True)
            if panel.limits:
                axes.set_ylim(wider(panel.limits))
            axes.set_title(panel.title, fontsize=8)
            axes.set_xticks([place for place, _ in ticks], [text for _, text in ticks])
            if len(ticks) > TICKS:
                axes.tick_params(axis="x", labelrotation=90)
            axes.margins(x=0.08)
        parts[0].set_ylabel(y_label)
        canvas.supxlabel(x_label, fontsize=8)
        _legend(canvas, parts)
        return finish(name, canvas, caption, 16.5 if len(panels) > 2 else 13.0)


def _curve(axes: Axes, series: Series, shift: float, bands: bool) -> None:
    mark = series.mark
    points = sorted(
        (x + shift, *limits(v)) for x, v in series.values.items() if v.value is not None
    )
    if not points:
        return
    xs, values, low, high = (list(column) for column in zip(*points, strict=True))
    if bands:
        axes.fill_between(xs, low, high, color=mark.colour, alpha=0.13, linewidth=0, zorder=1)
    axes.vlines(
        xs, low, high, color=mark.colour, linewidth=0.8, alpha=0.5 if bands else 1.0, zorder=2
    )
    axes.plot(
        xs, values, color=mark.colour, marker=mark.shape, markersize=size(mark.shape),
        linewidth=1.2, linestyle=mark.dash, markeredgecolor="white",
        markeredgewidth=0.4, label=series.label, zorder=3, clip_on=False,
    )  # fmt: skip


def size(mark: str) -> float:
    """Returns the size of a marker; crosses and stars need more room to look as large."""
    return {"P": 7.0, "X": 7.0, "*": 8.5}.get(mark, 5.0)


def dots(
    name: str,
    caption: Caption,
    panels: Sequence[Panel],
    rows: Sequence[str],
    x_label: str,
    row_height: float = 0.0,
) -> Figure:
    """Draws rows of dots with intervals; series of one row lie below each other.

    Args:
        rows: Labels; row ``i`` of a series is its value at place ``i``.
        row_height: In inches; 0 for what the number of series needs.
    """
    many = max((len(p.series) for p in panels), default=1)
    height = row_height or max(0.24, 0.09 + 0.115 * many)
    with style():
        keys = -(-_entries(panels) // LEGEND) if many > 1 else 0
        size = (7.4 if len(panels) > 1 else 5.4, 0.75 + height * len(rows) + 0.17 * keys)
        canvas = Canvas(figsize=size, layout="constrained")
        parts = canvas.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, panel in zip(parts, panels, strict=True):
            for place, series in enumerate(panel.series):
                _dots(axes, series, _shift(place, len(panel.series)))
            _level(axes, panel, across=False)
            if panel.limits:
                axes.set_xlim(wider(panel.limits))
            axes.set_title(panel.title, fontsize=8)
            axes.tick_params(axis="y", length=0)
            for row in range(len(rows) - 1):
                axes.axhline(row + 0.5, color="#dddddd", linewidth=0.5, zorder=0)
        parts[0].set_yticks(range(len(rows)), rows)
        parts[0].set_ylim(len(rows) - 0.5, -0.5)
        canvas.supxlabel(x_label, fontsize=8)
        if many > 1:
            _legend(canvas, parts)
        return finish(name, canvas, caption, 16.5 if len(panels) > 1 else 13.0)


def _dots(axes: Axes, series: Series, shift: float) -> None:
    mark = series.mark
    label = series.label
    for row, value in sorted(series.values.items()):
        if value.value is None:
            continue
        axes.errorbar(
            value.value, row + shift, xerr=bars(value), color=mark.colour,
            marker=mark.shape, markersize=size(mark.shape), markeredgecolor="white",
            markeredgewidth=0.4, elinewidth=0.9, capsize=0,
            linestyle="none", label=label, zorder=3, clip_on=False,
        )  # fmt: skip
        label = "_nolegend_"


def _shift(place: int, many: int) -> float:
    """Where a series lies within its row, the first on top."""
    return 0.0 if many == 1 else (place - (many - 1) / 2) * 0.8 / many


def _level(axes: Axes, panel: Panel, across: bool) -> None:
    if panel.level is None:
        return
    label, value = panel.level
    draw = axes.axhline if across else axes.axvline
    draw(
        value, color="#555555", linewidth=0.8, linestyle=(0, (4, 3)), zorder=1,
        label=label or "_nolegend_",
    )  # fmt: skip


def wider(ends: tuple[float, float]) -> tuple[float, float]:
    """Returns the ends of an axis with a little room, so that marks there are whole."""
    room = 0.03 * (ends[1] - ends[0])
    return ends[0] - room, ends[1] + room


def _entries(panels: Sequence[Panel]) -> int:
    names = {each.label for panel in panels for each in panel.series}
    return len(names | {p.level[0] for p in panels if p.level and p.level[0]})


def _legend(canvas: Canvas, parts: Sequence[Axes]) -> None:
    keys: dict[str, Any] = {}
    for axes in parts:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            keys.setdefault(label, handle)
    canvas.legend(
        list(keys.values()), list(keys), loc="outside upper center",
        ncols=min(LEGEND, max(1, len(keys))), frameon=False, fontsize=7,
    )  # fmt: skip
