"""Rows and panels: a row per model, a panel per rate, each base small, their mean large."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from mirage.report.blocks import Figure, Number
from mirage.report.captions import Caption
from mirage.report.draw.marks import Mark
from mirage.report.draw.plots import bars, finish, percent_ends, size, style, wider

ROOMY, ROOM, CLOSE = 16, 0.23, 0.125
"""Rows up to which each has so much room, and how much it has of more, in inches."""
FEW = 5
"""Panels up to which an axis has three labels and its title is large."""


@dataclass(frozen=True)
class Row:
    """A model: its name, its mark, and a value per panel."""

    name: str
    mark: Mark
    values: tuple[Number, ...]


@dataclass(frozen=True)
class Head:
    """What stands above a panel, and below it; neighbours with one group share its heading."""

    title: str
    group: str = ""
    below: str = ""


def rows_figure(
    name: str,
    caption: Caption,
    heads: Sequence[Head],
    rows: Sequence[Row],
    rules: Collection[int],
    bases: int,
    x_label: str,
) -> Figure:
    """Draws a row per model and a panel per rate.

    Args:
        name: Id of the figure.
        caption: Its words.
        heads: The panels.
        rows: The models.
        rules: Rows with a line above.
        bases: How many bases there are; of one its interval is drawn.
        x_label: Below all panels; what small and large marks are is added.
    """
    room, few = ROOM if len(rows) <= ROOMY else CLOSE, len(heads) <= FEW
    grouped = any(head.group for head in heads)
    below = any(head.below for head in heads)
    titles = _titles(heads, few)
    with style():
        height = 0.8 + 0.3 * below + 0.12 * titles[0].count("\n") + room * len(rows)
        canvas = Canvas(figsize=(7.2, height), layout="constrained")
        parts = canvas.subplots(1, len(heads), sharey=True, squeeze=False)[0]
        for place, (axes, head) in enumerate(zip(parts, heads, strict=True)):
            for at, row in enumerate(rows):
                _row(axes, at, row.mark, row.values[place])
            ends = percent_ends([row.values[place] for row in rows])
            axes.set_xlim(wider(ends))
            ticks = (-100, -50, 0, 50, 100) if few else (-100, 0, 100)
            axes.set_xticks([x for x in ticks if x >= ends[0]])
            axes.set_title(titles[place], fontsize=8 if few else 6.5, fontweight="bold")
            axes.spines["left"].set_visible(False)
            axes.set_xlabel(head.below, fontsize=7.5)
            axes.axvline(0, color="#bbbbbb", linewidth=0.6, zorder=0)
            axes.tick_params(axis="y", length=0)
            axes.tick_params(axis="x", labelsize=8 if few else 6.5)
            axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
            axes.set_axisbelow(True)
            for at in rules:
                axes.axhline(at - 0.5, color="#999999", linewidth=0.6, zorder=0)
        small = 8 if room == ROOM else 6
        parts[0].set_yticks(range(len(rows)), [row.name for row in rows], fontsize=small)
        parts[0].set_ylim(len(rows) - 0.5, -0.5)
        told = f"small: each of {bases} bases, large: their mean"
        told = told if bases > 1 else "bars: 95 % intervals"
        canvas.supxlabel(f"{x_label}; {told}", fontsize=7.5)
        if grouped:
            _group_headings(canvas, parts, heads)
        return finish(name, canvas, caption, 16.5)


def _titles(heads: Sequence[Head], few: bool) -> list[str]:
    """Titles of one height; long ones break, and above panels of groups a line is empty."""
    lines = [
        h.title.split("\n")
        if few
        else h.title.replace("+ ", "+\u00a0").replace(" ", "\n").split("\n")
        for h in heads
    ]
    most = max(map(len, lines)) + any(head.group for head in heads)
    return ["\n" * (most - len(some)) + "\n".join(some) for some in lines]


def _row(axes: Axes, at: int, mark: Mark, number: Number) -> None:
    if number.value is None:
        return
    if number.by_base:
        axes.plot(
            number.by_base, [at] * len(number.by_base), linestyle="none", marker="o",
            markersize=2.6, color=mark.colour, alpha=0.55, markeredgewidth=0, zorder=2,
            clip_on=False,
        )  # fmt: skip
        ends = min(number.by_base), max(number.by_base)
        axes.hlines(at, *ends, color=mark.colour, linewidth=0.8, alpha=0.55, zorder=2)
    else:
        axes.errorbar(number.value, at, xerr=bars(number), color=mark.colour, elinewidth=0.9)
    axes.plot(
        number.value, at, linestyle="none", marker=mark.shape, color=mark.colour,
        markersize=1.2 * size(mark.shape), markeredgecolor="white", markeredgewidth=0.5, zorder=3,
        clip_on=False,
    )  # fmt: skip


def _group_headings(canvas: Canvas, parts: Sequence[Axes], heads: Sequence[Head]) -> None:
    """Words over panels of one group, on the empty first line of their titles."""
    canvas.draw_without_rendering()
    frames = [axes.get_position() for axes in parts]
    top = max(axes.title.get_window_extent().y1 for axes in parts) / canvas.bbox.height
    for name, some in groupby(range(len(heads)), key=lambda at: heads[at].group):
        members = list(some)
        left, right = frames[members[0]].x0, frames[members[-1]].x1
        said = canvas.text((left + right) / 2, top, name, ha="center", va="top", fontsize=7.5)
        said.set_in_layout(False)
