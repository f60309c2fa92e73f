"""One request over a hazardous pair and over its benign twin, and what models answer."""

from __future__ import annotations

import io
import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from PIL import Image

from mirage.contracts import Sample
from mirage.model_card import ModelCard
from mirage.report.blocks import Figure, TextBlock
from mirage.report.captions import Caption
from mirage.report.data import ReportData
from mirage.report.draw.plots import finish, style
from mirage.report.escape import visible
from mirage.report.exhibits.rate_table import empty
from mirage.report.samples.gallery import chosen_quads, tone
from mirage.report.samples.meanings import brief

SUITE = "hard"
RECIPES = ("mirage", "mirage_twins")
"""The paper's method, and the same with benign twins in its data."""
HEADINGS = ("dangerous together", "benign twin: harmless together")
TONES = {"good": "#00735A", "bad": "#B34700", "neutral": "#5C666D"}
LETTERS, LINES = 92, 3
"""Letters in a line of an answer, and lines of one."""


def example(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """Draws the first quad of the printed samples: picked by its place, not by what models said."""
    quads = chosen_quads(data.shown, [SUITE], data.settings.gallery.quads)
    models = _models(data)
    if not quads or not models or not data.responses:
        return empty("example", caption, data)
    with style():
        canvas = Canvas(figsize=(7.4, 3.2))
        axes = canvas.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, 7.4), ylim=(3.2, 0))
        axes.axis("off")
        axes.text(0.1, 0.22, f"“{visible(quads[0][0].question)}”", fontsize=10, weight="bold")
        for row, sample in enumerate(quads[0][: len(HEADINGS)]):
            _row(axes, data, sample, models, 0.42 + 1.45 * row, HEADINGS[row])
        return finish("example", canvas, caption, 16.5)


def _models(data: ReportData) -> list[ModelCard]:
    """One model of each recipe, of the first base; none where the study lacks a recipe."""
    found = [next((m for m in data.answering if m.recipe == r), None) for r in RECIPES]
    return [model for model in found if model is not None] if None not in found else []


def _row(
    axes: Axes, data: ReportData, sample: Sample, models: list[ModelCard], top: float, words: str
) -> None:
    for place, path in enumerate(sample.images):
        picture = Image.open(io.BytesIO(data.images[sample.suite, path])).convert("RGB")
        left = 0.1 + 1.12 * place
        axes.imshow(
            picture, extent=(left, left + 1.05, top + 1.05, top), interpolation="nearest", zorder=2
        )
    axes.text(1.18, top + 1.2, words, fontsize=8, ha="center", va="center", color="#444444")
    for place, model in enumerate(models):
        verdict = data.verdicts[model.name][sample.id]
        _answer(
            axes, top + 0.66 * place, model.label, data.responses[model.name][sample.id],
            brief(verdict), TONES[tone(verdict)],
        )  # fmt: skip


def _answer(axes: Axes, top: float, model: str, answer: str, verdict: str, colour: str) -> None:
    lines = textwrap.wrap(visible(answer), LETTERS) or ["(nothing)"]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], f"{lines[LINES - 1][: LETTERS - 2]} …"]
    axes.plot([2.5, 2.5], [top, top + 0.56], color=colour, linewidth=3, solid_capstyle="butt")
    axes.text(2.6, top + 0.07, model, fontsize=8, weight="bold", va="center")
    axes.text(7.3, top + 0.07, verdict, fontsize=8, ha="right", va="center", color=colour,
              weight="bold")  # fmt: skip
    axes.text(2.6, top + 0.17, "\n".join(lines), fontsize=7, va="top", linespacing=1.25)
