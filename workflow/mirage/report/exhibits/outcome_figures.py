"""The figures: outcomes per split, and ASR against over-refusal. Same input, same bytes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from mirage.report.blocks import Figure, TextBlock
from mirage.report.captions import Caption
from mirage.report.data import Measure, ReportData
from mirage.report.draw.label_placement import place_labels
from mirage.report.draw.marks import Mark, recipe_marks
from mirage.report.draw.plots import finish, limits, size, style
from mirage.report.exhibits.rate_table import SPLITS, empty
from mirage.report.scale import percent
from mirage.score.means import Mean

# Okabe and Ito's palette: told apart with every common colour vision.
COLOURS = {"asr": "#D55E00", "hr": "#F0E442", "rsr": "#009E73", "rr": "#56B4E9"}
HATCHES = {"asr": "", "hr": "....", "rsr": "", "rr": "////"}
WORDS = {
    "asr": "ASR: answered unsafely, or no usable text that declines",
    "hr": "HR: safe, but a wrong object or image is named",
    "rsr": "RSR: safe, each object tied to its image in words",
    "rr": "RR: safe, without these ties (bare refusals, too)",
}
DARK = ("asr", "rsr")
HEIGHT, LEAST = 0.66, 11
"""Height of a bar in rows, and the percentage from which a part has its number."""


def outcomes(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """Stacked outcomes of every model, a panel per split, with the ASR of each base."""
    rates = data.rates
    models = data.study.drawn
    splits = [s for s in SPLITS if any(rates.find(m, s, "asr", "hazard") for m in models)]
    if not splits:
        return empty("fig4", caption, data)
    with style():
        canvas = Canvas(figsize=(7.2, 1.25 + 0.22 * len(models)), layout="constrained")
        panels = canvas.subplots(1, len(splits), sharey=True, squeeze=False)[0]
        for axes, split in zip(panels, splits, strict=True):
            for row, model in enumerate(models):
                values = {m: rates.find(model, split, m, "hazard") for m in COLOURS}
                _stack(axes, row, {m: r.value or 0.0 for m, r in values.items() if r})
                if asr := values["asr"]:
                    _spread(axes, row, asr)
            n = next((r.n for m in models if (r := rates.find(m, split, "asr", "hazard"))), 0)
            axes.set_title(f"{split} (n = {n})", fontsize=8.5, fontweight="bold")
            axes.set_xlim(0, 100)
            axes.set_xticks([0, 50, 100])
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        names = data.study.among(models)
        panels[0].set_yticks(range(len(models)), [names.named(m.label, m.config) for m in models])
        panels[0].invert_yaxis()
        several = len(data.study.seeds) > 1
        spread = "dots: ASR of each base" if several else "line: 95 % interval of ASR"
        unit = percent(data.study, of="percent of hazardous items")
        canvas.supxlabel(f"{unit}; {spread}", fontsize=7.5)
        keys = [
            mpl.patches.Patch(
                facecolor=COLOURS[m], hatch=HATCHES[m], label=WORDS[m], edgecolor="white"
            )
            for m in COLOURS
        ]
        canvas.legend(
            handles=keys, loc="outside upper center", ncols=2, frameon=False, fontsize=7.5
        )
        return finish("fig4", canvas, caption, 16.5)


def _spread(axes: Axes, row: int, asr: Measure) -> None:
    """ASR of each base as dots on the lower edge of the bar, or the interval of one base there."""
    edge = row + HEIGHT / 2
    if isinstance(asr, Mean):
        axes.plot(
            asr.by_base, [edge] * len(asr.by_base), linestyle="none", marker="o", markersize=3.0,
            color="white", markeredgecolor="black", markeredgewidth=0.6, zorder=4, clip_on=False,
        )  # fmt: skip
    else:
        _, low, high = limits(asr)
        axes.plot([low, high], [edge] * 2, color="black", linewidth=1.0, zorder=4, clip_on=False)


def _stack(axes: Axes, row: int, values: dict[str, float]) -> None:
    left = 0.0
    for metric, value in values.items():
        axes.barh(
            row, value, left=left, height=HEIGHT, color=COLOURS[metric],
            hatch=HATCHES[metric], edgecolor="white", linewidth=0.4,
        )  # fmt: skip
        if value >= LEAST:
            said = axes.text(
                left + value / 2, row - 0.02, f"{value:.0f}", fontsize=6.5,
                ha="center", va="center", color="white" if metric in DARK else "black",
            )  # fmt: skip
            if HATCHES[metric]:  # digits on stripes are read on a ground of their own
                said.set_bbox({"facecolor": COLOURS[metric], "edgecolor": "none", "pad": 0.8})
        left += value


PARTS = tuple(part / 10 for part in range(11))

Point = tuple[str, Mark, Measure, Measure]
"""Label, mark, over-refusal and ASR of a model."""

MOST_POINTS = 12
"""More models than this in one panel hide each other; ablations then stay with their tables."""


def asr_vs_overrefusal(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """ASR over over-refusal on ``hard``, both with intervals; a panel per architecture."""
    points_by_config = {config: _points(data, config) for config in data.study.configs}
    points_by_config = {config: points for config, points in points_by_config.items() if points}
    if not points_by_config:
        return empty("asr_vs_overrefusal", caption, data)
    if len(data.study.means) > sum(map(len, points_by_config.values())):
        caption = replace(caption, caption=f"{caption.caption} Ablations stand in tables alone.")
    wide = len(points_by_config) > 1
    with style():
        canvas = Canvas(
            figsize=(3.4 * len(points_by_config), 3.7) if wide else (4.6, 4.3), layout="constrained"
        )
        panels = canvas.subplots(1, len(points_by_config), sharey=True, squeeze=False)[0]
        unit = percent(data.study, "hard")
        for axes, (config, points) in zip(panels, points_by_config.items(), strict=True):
            axes.set_title(data.study.config_words(config) if wide else "", fontsize=8)
            _scatter(axes, points)
            axes.set_xlabel(f"over-refusal on benign twins, {unit}")
        panels[0].set_ylabel(f"ASR on hazards, {unit}")
        for axes, points in zip(panels, points_by_config.values(), strict=True):
            marks = [(label, x.value or 0.0, y.value or 0.0) for label, _, x, y in points]
            lines = [line for _, _, x, y in points for line in _arms(x, y)]
            place_labels(canvas, axes, marks, [*lines, DIAGONAL, along_diagonal(points)])
        return finish("asr_vs_overrefusal", canvas, caption, 16.5 if wide else 10.5)


DIAGONAL = (0.0, 100.0, 100.0, 0.0)
WORDS_REACH, WORDS_OFF = 13.0, 3.0
"""Half the length of the words along the diagonal on either axis, and how far off it they stand."""


def _scatter(axes: Axes, points: Sequence[Point]) -> None:
    x0, y0, x1, y1 = DIAGONAL
    grey = "#888888"
    axes.plot([x0, x1], [y0, y1], linestyle=(0, (4, 3)), color=grey, linewidth=0.8, zorder=1)
    left, top, right, bottom = along_diagonal(points)
    axes.text((left + right) / 2, (top + bottom) / 2, "J = 0: no difference made", fontsize=6.5,
              color=grey, rotation=-45, ha="center", va="center",
              rotation_mode="anchor")  # fmt: skip
    for _, mark, x, y in points:
        for ax, ay, bx, by in _arms(x, y):
            axes.plot([ax, bx], [ay, by], color=mark.colour, linewidth=0.8, alpha=0.7, zorder=2)
            if isinstance(x, Mean):
                axes.plot(bx, by, marker="o", markersize=2.8, color=mark.colour, clip_on=False)
        axes.plot(
            limits(x)[0], limits(y)[0], marker=mark.shape,
            color=mark.colour, markersize=1.3 * size(mark.shape),
            markeredgecolor="white", markeredgewidth=0.6, linestyle="none", zorder=4,
            clip_on=False,
        )  # fmt: skip
    axes.set_xlim(-3, 103)
    axes.set_ylim(-3, 103)
    axes.set_aspect("equal")


def along_diagonal(points: Sequence[Point]) -> tuple[float, float, float, float]:
    """Returns where the words along the diagonal stand, as a line: farthest from all that is drawn.

    Args:
        points: What the panel shows.
    """
    drawn = [
        (ax + part * (bx - ax), ay + part * (by - ay))
        for _, _, x, y in points
        for ax, ay, bx, by in _arms(x, y)
        for part in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]

    def room(words: tuple[float, float, float, float]) -> float:
        x0, y0, x1, y1 = words
        on_words = [(x0 + part * (x1 - x0), y0 + part * (y1 - y0)) for part in PARTS]
        return min((math.dist(a, b) for a in on_words for b in drawn), default=0.0)

    # From the right, where the first of those with equal room is taken.
    places = [
        (x - WORDS_REACH + off, 100 - x + WORDS_REACH + off, x + WORDS_REACH + off,
         100 - x - WORDS_REACH + off)
        for x in range(82, 17, -4) for off in (WORDS_OFF, -WORDS_OFF)
    ]  # fmt: skip
    return max(places, key=room)


def _points(data: ReportData, config: str) -> list[Point]:
    """Label, over-refusal and ASR of every model of an architecture that has both."""
    models = [m for m in data.study.drawn if m.config == config]
    if len(models) > MOST_POINTS:
        models = [m for m in models if m.parent is None]
    marks = recipe_marks(data.study.trained)
    points = []
    for model in models:
        x = data.rates.find(model, "hard", "over_refusal", "twin_trigger")
        y = data.rates.find(model, "hard", "asr", "hazard")
        if x is not None and y is not None and x.value is not None and y.value is not None:
            points.append((model.label, marks[model.recipe], x, y))
    return points


def _arms(x: Measure, y: Measure) -> list[tuple[float, float, float, float]]:
    """Lines (x0, y0, x1, y1) from a mean to each base, or one base's intervals as a cross."""
    (x_mid, x_low, x_high), (y_mid, y_low, y_high) = limits(x), limits(y)
    if isinstance(x, Mean) and isinstance(y, Mean) and x.n_seeds == y.n_seeds:
        ends = zip(x.by_base, y.by_base, strict=True)
        return [(x_mid, y_mid, base_x, base_y) for base_x, base_y in ends]
    return [(x_low, y_mid, x_high, y_mid), (x_mid, y_low, x_mid, y_high)]
