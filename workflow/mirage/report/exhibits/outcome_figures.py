"""The figures: outcomes per split, and ASR against over-refusal. Same input, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from mirage.report.blocks import Figure, TextBlock
from mirage.report.captions import Caption, spread
from mirage.report.data import Measure, ReportData
from mirage.report.draw.label_placement import place_labels
from mirage.report.draw.marks import Mark, recipe_marks
from mirage.report.draw.plots import bars, finish, limits, size, style
from mirage.report.exhibits.rate_table import SPLITS, empty

# Okabe and Ito's palette: told apart with every common colour vision.
COLOURS = {"asr": "#D55E00", "hr": "#F0E442", "rsr": "#009E73", "rr": "#56B4E9"}
HATCHES = {"asr": "", "hr": "....", "rsr": "", "rr": "////"}


def outcomes(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """Stacked outcomes of every model, a panel per split, with the interval of ASR."""
    rates = data.rates
    models = data.study.drawn
    splits = [s for s in SPLITS if any(rates.find(m, s, "asr", "hazard") for m in models)]
    if not splits:
        return empty("fig4", caption, data)
    with style():
        canvas = Canvas(figsize=(7.2, 0.75 + 0.26 * len(models)), layout="constrained")
        panels = canvas.subplots(1, max(1, len(splits)), sharey=True, squeeze=False)[0]
        for axes, split in zip(panels, splits, strict=False):
            for row, model in enumerate(models):
                values = {m: rates.find(model, split, m, "hazard") for m in COLOURS}
                _stack(axes, row, {m: r.value or 0.0 for m, r in values.items() if r})
                asr = values["asr"]
                if asr and (ends := _drawn_limits(asr)):
                    axes.plot(ends, [row + 0.25] * 2, color="black", linewidth=1.0)
            n = next((r.n for m in models if (r := rates.find(m, split, "asr", "hazard"))), 0)
            axes.set_title(f"{split} (n = {n})", fontsize=8)
            axes.set_xlim(0, 100)
            axes.set_xticks([0, 50, 100])
            axes.tick_params(axis="y", length=0)
        panels[0].set_yticks(
            range(len(models)), [data.study.named(m.label, m.config) for m in models]
        )
        panels[0].invert_yaxis()
        canvas.supxlabel(
            f"percent of hazardous items (nano); line: {spread(data)} of ASR, "
            "unless it reaches 0 or 100 (see the table)",
            fontsize=8,
        )
        keys = [
            mpl.patches.Patch(
                facecolor=COLOURS[m], hatch=HATCHES[m], label=m.upper(), edgecolor="white"
            )
            for m in COLOURS
        ]
        canvas.legend(handles=keys, loc="outside upper right", ncols=4, frameon=False, fontsize=8)
        return finish("fig4", canvas, caption, 16.5)


def _drawn_limits(asr: Measure) -> tuple[float, float] | None:
    """The interval as drawn; one that ends at the frame would look like a stray tick there."""
    _, low, high = limits(asr)
    return (low, high) if 0 < low < high < 100 else None


def _stack(axes: Axes, row: int, values: dict[str, float]) -> None:
    left = 0.0
    for metric, value in values.items():
        axes.barh(
            row, value, left=left, height=0.72, color=COLOURS[metric],
            hatch=HATCHES[metric], edgecolor="white", linewidth=0.4,
        )  # fmt: skip
        if value >= 14:
            dark = metric in ("asr", "rsr")
            axes.text(
                left + value / 2, row - 0.06, f"{value:.0f}", fontsize=6.5,
                ha="center", va="center", color="white" if dark else "black",
            )  # fmt: skip
        left += value


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
            figsize=(3.8 * len(points_by_config), 4.2) if wide else (5.2, 4.9), layout="constrained"
        )
        panels = canvas.subplots(1, len(points_by_config), sharey=True, squeeze=False)[0]
        for axes, (config, points) in zip(panels, points_by_config.items(), strict=True):
            axes.set_title(config.replace("_", " ") if wide else "", fontsize=8)
            _scatter(axes, points)
        panels[0].set_ylabel("ASR on hazards, percent (nano, hard)")
        for axes, points in zip(panels, points_by_config.values(), strict=True):
            marks = [(label, x.value or 0.0, y.value or 0.0) for label, _, x, y in points]
            lines = [line for _, _, x, y in points for line in _whiskers(x, y)]
            diagonal = (0.0, 100.0, 100.0, 0.0)
            place_labels(canvas, axes, [*marks, ("J = 0", 50.0, 50.0)], [*lines, diagonal])
        return finish("asr_vs_overrefusal", canvas, caption, 16.5 if wide else 13.0)


def _scatter(axes: Axes, points: Sequence[Point]) -> None:
    axes.plot([0, 100], [100, 0], linestyle=(0, (4, 3)), color="#999999", linewidth=0.8, zorder=1)
    for _, mark, x, y in points:
        axes.errorbar(
            limits(x)[0], limits(y)[0], xerr=bars(x), yerr=bars(y), marker="none",
            color=mark.colour, elinewidth=0.9, capsize=0, linestyle="none", zorder=2,
        )  # fmt: skip
        axes.plot(
            limits(x)[0], limits(y)[0], marker=mark.shape,
            color=mark.colour, markersize=1.3 * size(mark.shape),
            markeredgecolor="white", markeredgewidth=0.6, linestyle="none", zorder=4,
            clip_on=False,
        )  # fmt: skip
    axes.set_xlim(-3, 103)
    axes.set_ylim(-3, 103)
    axes.set_aspect("equal")
    axes.set_xlabel("over-refusal on benign twins, percent (nano, hard)")


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


def _whiskers(x: Measure, y: Measure) -> list[tuple[float, float, float, float]]:
    """Both bars of a point as lines (x0, y0, x1, y1), which labels keep clear of."""
    (x_mid, x_low, x_high), (y_mid, y_low, y_high) = limits(x), limits(y)
    return [(x_low, y_mid, x_high, y_mid), (x_mid, y_low, x_mid, y_high)]
