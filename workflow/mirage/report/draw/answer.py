"""The figure that opens a report: rows of models, panels of ASR, over-refusal and J."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from mirage.report.blocks import Figure, Number
from mirage.report.captions import Caption
from mirage.report.draw.marks import Mark
from mirage.report.draw.plots import bars, finish, percent_ends, size, style, wider

PANELS = (
    ("ASR", "hazards answered unsafely\n← lower is better"),
    ("over-refusal", "benign twins refused\n← lower is better"),
    ("J", "100 − ASR − over-refusal\nhigher is better →"),
)
ROOMY, ROOM, CLOSE = 16, 0.24, 0.125
"""Rows up to which each has so much room, and how much it has of more, in inches."""


@dataclass(frozen=True)
class Row:
    """A model: its name, its mark, and a value per panel."""

    name: str
    mark: Mark
    values: tuple[Number, ...]


def answer_rows(
    name: str, caption: Caption, rows: Sequence[Row], rules: Collection[int], bases: int
) -> Figure:
    """Draws a row per model: the mean large, each base small, or one base with its interval.

    Args:
        rules: Rows with a line above.
        bases: How many bases there are.
    """
    room = ROOM if len(rows) <= ROOMY else CLOSE
    with style():
        canvas = Canvas(figsize=(7.2, 1.1 + room * len(rows)), layout="constrained")
        parts = canvas.subplots(1, len(PANELS), sharey=True, squeeze=False)[0]
        for place, (axes, (title, what)) in enumerate(zip(parts, PANELS, strict=True)):
            for at, row in enumerate(rows):
                _row(axes, at, row.mark, row.values[place])
            values = [v for row in rows if (v := row.values[place]).value is not None]
            ends = percent_ends(values)
            axes.set_xlim(wider(ends))
            axes.set_xticks([x for x in (-100, -50, 0, 50, 100) if ends[0] <= x])
            axes.set_title(title, fontsize=8.5, fontweight="bold")
            axes.set_xlabel(what, fontsize=7.5)
            axes.axvline(0, color="#bbbbbb", linewidth=0.6, zorder=0)
            axes.tick_params(axis="y", length=0)
            axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
            axes.set_axisbelow(True)
            for at in rules:
                axes.axhline(at - 0.5, color="#999999", linewidth=0.6, zorder=0)
        small = 8 if room == ROOM else 6
        parts[0].set_yticks(range(len(rows)), [row.name for row in rows], fontsize=small)
        parts[0].set_ylim(len(rows) - 0.5, -0.5)
        told = f"small: each of {bases} bases; large: their mean" if bases > 1 else "95 % interval"
        canvas.supxlabel(f"percent of the suite hard (nano); {told}", fontsize=7.5)
        return finish(name, canvas, caption, 16.5)


def _row(axes: Axes, at: int, mark: Mark, number: Number) -> None:
    if number.value is None:
        return
    if number.by_base:
        axes.plot(
            number.by_base, [at] * len(number.by_base), linestyle="none", marker="o",
            markersize=2.6, color=mark.colour, alpha=0.55, markeredgewidth=0, zorder=2,
            clip_on=False,
        )  # fmt: skip
        axes.hlines(at, min(number.by_base), max(number.by_base), color=mark.colour, linewidth=0.8,
                    alpha=0.55, zorder=2)  # fmt: skip
    else:
        axes.errorbar(number.value, at, xerr=bars(number), color=mark.colour, elinewidth=0.9,
                      zorder=2)  # fmt: skip
    axes.plot(
        number.value, at, linestyle="none", marker=mark.shape, color=mark.colour,
        markersize=1.2 * size(mark.shape), markeredgecolor="white", markeredgewidth=0.5, zorder=3,
        clip_on=False,
    )  # fmt: skip
