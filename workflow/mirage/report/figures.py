"""The figures: outcomes per split, and ASR against over-refusal. Same input, same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from mirage.report.captions import Caption
from mirage.report.data import Measure, Rates, ReportData
from mirage.report.labels import place_labels
from mirage.report.table import Figure
from mirage.report.tables import SPLITS

# Okabe and Ito's palette: told apart with every common colour vision.
COLOURS = {"asr": "#D55E00", "hr": "#F0E442", "rsr": "#009E73", "rr": "#56B4E9"}
HATCHES = {"asr": "", "hr": "....", "rsr": "", "rr": "////"}
MARKS: tuple[tuple[str, str], ...] = (
    ("s", "#000000"),
    ("o", "#E69F00"),
    ("^", "#D55E00"),
    ("v", "#CC79A7"),
    ("D", "#009E73"),
    ("P", "#0072B2"),
    ("X", "#56B4E9"),
    ("<", "#999999"),
    ("*", "#7A5195"),
    (">", "#6B8E23"),
)
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
    "figure.dpi": 100,
}


@contextmanager
def _style() -> Iterator[None]:
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def _finish(name: str, canvas: Canvas, caption: Caption, width: float = 13.0) -> Figure:
    svg, png = io.BytesIO(), io.BytesIO()
    canvas.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    canvas.savefig(png, format="png", dpi=200, metadata={"Software": None})
    words = (caption.title, caption.caption, caption.reading)
    return Figure(name, *words, svg.getvalue(), png.getvalue(), width)


def outcomes(data: ReportData, caption: Caption) -> Figure:
    """Stacked outcomes of every model, a panel per split, with the interval of ASR."""
    rates = Rates(data.scores)
    models = data.study.drawn
    splits = [s for s in SPLITS if any(rates.find(m, s, "asr", "hazard") for m in models)]
    with _style():
        canvas = Canvas(figsize=(7.2, 0.75 + 0.26 * len(models)), layout="constrained")
        panels = canvas.subplots(1, max(1, len(splits)), sharey=True, squeeze=False)[0]
        for axes, split in zip(panels, splits, strict=False):
            for row, model in enumerate(models):
                values = {m: rates.find(model, split, m, "hazard") for m in COLOURS}
                _stack(axes, row, {m: r.value or 0.0 for m, r in values.items() if r})
                asr = values["asr"]
                if asr and (limits := _drawn_limits(asr)):
                    axes.plot(limits, [row + 0.25] * 2, color="black", linewidth=1.0)
            n = next((r.n for m in models if (r := rates.find(m, split, "asr", "hazard"))), 0)
            axes.set_title(f"{split} (n = {n})", fontsize=8)
            axes.set_xlim(0, 100)
            axes.set_xticks([0, 50, 100])
            axes.tick_params(axis="y", length=0)
        panels[0].set_yticks(
            range(len(models)), [data.study.named(m.recipe.label, m.config) for m in models]
        )
        panels[0].invert_yaxis()
        canvas.supxlabel(
            "percent of hazardous items (nano); line: 95 % interval of ASR, "
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
        return _finish("fig4", canvas, caption, 16.5)


def _drawn_limits(asr: Measure) -> tuple[float, float] | None:
    """The interval as drawn; one that ends at the frame would look like a stray tick there."""
    _, low, high = _limits(asr)
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


def asr_vs_overrefusal(data: ReportData, caption: Caption) -> Figure:
    """ASR over over-refusal on ``hard``, both with intervals; a panel per architecture."""
    configs = data.study.configs
    wide = len(configs) > 1
    with _style():
        canvas = Canvas(
            figsize=(3.8 * len(configs), 4.2) if wide else (5.2, 4.9), layout="constrained"
        )
        panels = canvas.subplots(1, len(configs), sharey=True, squeeze=False)[0]
        for axes, config in zip(panels, configs, strict=True):
            axes.set_title(config.replace("_", " ") if wide else "", fontsize=8)
            _scatter(axes, _points(data, config))
        panels[0].set_ylabel("ASR on hazards, percent (nano, hard)")
        for axes, config in zip(panels, configs, strict=True):
            points = _points(data, config)
            marks = [(label, x.value or 0.0, y.value or 0.0) for label, x, y in points]
            lines = [line for _, x, y in points for line in _whiskers(x, y)]
            diagonal = (0.0, 100.0, 100.0, 0.0)
            place_labels(canvas, axes, [*marks, ("J = 0", 50.0, 50.0)], [*lines, diagonal])
        return _finish("asr_vs_overrefusal", canvas, caption, 16.5 if wide else 13.0)


def _scatter(axes: Axes, points: Sequence[tuple[str, Measure, Measure]]) -> None:
    axes.plot([0, 100], [100, 0], linestyle=(0, (4, 3)), color="#999999", linewidth=0.8, zorder=1)
    for place, (_, x, y) in enumerate(points):
        mark, colour = MARKS[place % len(MARKS)]
        axes.errorbar(
            _limits(x)[0], _limits(y)[0], xerr=_bars(x), yerr=_bars(y), marker="none",
            color=colour, elinewidth=0.9, capsize=0, linestyle="none", zorder=2,
        )  # fmt: skip
        axes.plot(
            _limits(x)[0], _limits(y)[0], marker=mark, color=colour, markersize=6.5,
            markeredgecolor="white", markeredgewidth=0.6, linestyle="none", zorder=4,
            clip_on=False,
        )  # fmt: skip
    axes.set_xlim(-3, 103)
    axes.set_ylim(-3, 103)
    axes.set_aspect("equal")
    axes.set_xlabel("over-refusal on benign twins, percent (nano, hard)")


def _points(data: ReportData, config: str) -> list[tuple[str, Measure, Measure]]:
    """Label, over-refusal and ASR of every model of an architecture that has both."""
    rates = Rates(data.scores)
    found = []
    for model in data.study.drawn:
        if model.config != config:
            continue
        x = rates.find(model, "hard", "over_refusal", "twin_trigger")
        y = rates.find(model, "hard", "asr", "hazard")
        if x is not None and y is not None and x.value is not None and y.value is not None:
            found.append((model.recipe.label, x, y))
    return found


def _limits(rate: Measure) -> tuple[float, float, float]:
    value = rate.value or 0.0
    low = value if rate.low is None else rate.low
    high = value if rate.high is None else rate.high
    return value, low, high


def _bars(rate: Measure) -> list[list[float]]:
    value, low, high = _limits(rate)
    return [[max(0.0, value - low)], [max(0.0, high - value)]]


def _whiskers(x: Measure, y: Measure) -> list[tuple[float, float, float, float]]:
    """Both bars of a point as lines (x0, y0, x1, y1), which labels keep clear of."""
    (x_mid, x_low, x_high), (y_mid, y_low, y_high) = _limits(x), _limits(y)
    return [(x_low, y_mid, x_high, y_mid), (x_mid, y_low, x_mid, y_high)]
