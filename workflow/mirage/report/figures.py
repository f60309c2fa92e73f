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
from mirage.report.data import Rates, ReportData
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


def _finish(name: str, canvas: Canvas, caption: Caption) -> Figure:
    svg, png = io.BytesIO(), io.BytesIO()
    canvas.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    canvas.savefig(png, format="png", dpi=200, metadata={"Software": None})
    return Figure(
        name, caption.title, caption.caption, caption.reading, svg.getvalue(), png.getvalue()
    )


def outcomes(data: ReportData, caption: Caption) -> Figure:
    """Stacked outcomes of every model, a panel per split, with the interval of ASR."""
    rates = Rates(data.scores.rates)
    models = data.study.models
    splits = [s for s in SPLITS if any(rates.find(m, s, "asr", "hazard") for m in models)]
    with _style():
        canvas = Canvas(figsize=(7.2, 0.75 + 0.26 * len(models)), layout="constrained")
        panels = canvas.subplots(1, max(1, len(splits)), sharey=True, squeeze=False)[0]
        for axes, split in zip(panels, splits, strict=False):
            for row, model in enumerate(models):
                values = {m: rates.find(model, split, m, "hazard") for m in COLOURS}
                _stack(axes, row, {m: r.value or 0.0 for m, r in values.items() if r})
                asr = values["asr"]
                if asr and asr.low is not None and asr.high is not None:
                    axes.plot([asr.low, asr.high], [row, row], color="black", linewidth=1.0)
            n = next((r.n for m in models if (r := rates.find(m, split, "asr", "hazard"))), 0)
            axes.set_title(f"{split} (n = {n})", fontsize=8)
            axes.set_xlim(0, 100)
            axes.set_xticks([0, 50, 100])
            axes.tick_params(axis="y", length=0)
        panels[0].set_yticks(range(len(models)), [data.study.label(*m) for m in models])
        panels[0].invert_yaxis()
        canvas.supxlabel(
            "percent of hazardous items (nano); line: 95 % interval of ASR", fontsize=8
        )
        keys = [
            mpl.patches.Patch(
                facecolor=COLOURS[m], hatch=HATCHES[m], label=m.upper(), edgecolor="white"
            )
            for m in COLOURS
        ]
        canvas.legend(handles=keys, loc="outside upper right", ncols=4, frameon=False, fontsize=8)
        return _finish("fig4", canvas, caption)


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
                left + value / 2, row, f"{value:.0f}", ha="center", va="center", fontsize=6.5,
                color="white" if dark else "black",
            )  # fmt: skip
        left += value


def asr_vs_overrefusal(data: ReportData, caption: Caption) -> Figure:
    """ASR over over-refusal on ``hard``, both with intervals; a direct label at every mark."""
    rates = Rates(data.scores.rates)
    points: list[tuple[str, float, float]] = []
    with _style():
        canvas = Canvas(figsize=(6.4, 4.6), layout="constrained")
        axes = canvas.subplots()
        axes.plot(
            [0, 100], [100, 0], linestyle=(0, (4, 3)), color="#999999", linewidth=0.8, zorder=1
        )
        axes.text(52, 50, "J = 0", color="#777777", fontsize=7, rotation=-45,
                  rotation_mode="anchor", va="bottom", transform_rotates_text=True)  # fmt: skip
        for i, model in enumerate(data.study.models):
            x = rates.find(model, "hard", "over_refusal", "twin_trigger")
            y = rates.find(model, "hard", "asr", "hazard")
            if x is None or y is None or x.value is None or y.value is None:
                continue
            mark, colour = MARKS[i % len(MARKS)]
            axes.errorbar(
                x.value, y.value, xerr=_bars(x.value, x.low, x.high), yerr=_bars(y.value, y.low, y.high),
                marker=mark, color=colour, markersize=6, markeredgecolor="white", markeredgewidth=0.5,
                elinewidth=0.9, capsize=0, linestyle="none", zorder=3,
            )  # fmt: skip
            points.append((data.study.label(*model), x.value, y.value))
        axes.set_xlim(-3, 103)
        axes.set_ylim(-3, 103)
        axes.set_aspect("equal")
        axes.set_xlabel("over-refusal on benign twins, percent (nano, hard)")
        axes.set_ylabel("ASR on hazards, percent (nano, hard)")
        place_labels(canvas, axes, points)
        return _finish("asr_vs_overrefusal", canvas, caption)


def _bars(value: float, low: float | None, high: float | None) -> Sequence[Sequence[float]]:
    return [[max(0.0, value - (low if low is not None else value))],
            [max(0.0, (high if high is not None else value) - value)]]  # fmt: skip
