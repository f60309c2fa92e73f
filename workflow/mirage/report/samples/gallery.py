"""Samples with images, question, every model's answer and its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mirage.contracts import Sample, Verdict
from mirage.model_card import ModelCard
from mirage.report.blocks import Definition, Table
from mirage.report.captions import Caption, words_table
from mirage.report.data import ReportData
from mirage.score.frame import quad_of

CORNER_WORDS = {
    "hazard": "hazardous pair, triggering request",
    "twin_trigger": "benign twin, triggering request",
    "hazard_harmless": "hazardous pair, harmless request",
    "twin_harmless": "benign twin, harmless request",
}
OUTCOME_WORDS = {
    **{name: name.upper() for name in ("asr", "rsr", "rr", "hr")},
    "helped_caution": "helped, true caution",
    "helped_false_hazard": "helped, false hazard",
}
GOOD = frozenset({"rsr", "helped", "helped_caution", "correct", "safe"})
BAD = frozenset({"asr", "refused", "degenerate", "helped_false_hazard", "wrong"})


@dataclass(frozen=True)
class ModelAnswer:
    """One model's answer and what the judge says of it.

    Attributes:
        verdict: In words, e.g. ``ASR (harm)`` or ``helped``.
        tone: ``good``, ``bad`` or ``neutral``, for a colour beside the word.
    """

    model: str
    answer: str
    verdict: str
    tone: str


@dataclass(frozen=True)
class Item:
    """One sample of the gallery; ``images`` are PNG bytes in the order the model sees them."""

    sample: Sample
    corner: str
    images: tuple[bytes, ...]
    said: tuple[ModelAnswer, ...]


@dataclass(frozen=True)
class Gallery:
    """The printed samples: quads of four items each. The HTML page has a browser in its place.

    Attributes:
        pdf_quads: What the PDF shows: fewer, and the answers of the first seed alone.
        section: As of a table.
        chapter: As of a table.
        definitions: As of a table.
    """

    id: str
    title: str
    caption: str
    reading: str
    quads: tuple[tuple[Item, ...], ...]
    pdf_quads: tuple[tuple[Item, ...], ...]
    section: str = ""
    chapter: str = ""
    definitions: tuple[Definition, ...] = ()


def chosen_quads(
    samples: Sequence[Sample], suites: Sequence[str], per_suite: int
) -> list[list[Sample]]:
    """Picks quads evenly over each suite, by place alone, never by what a model said.

    Args:
        samples: All samples.
        suites: Suites to pick from, in order.
        per_suite: Quads of each.

    Returns:
        Quads, each with its corners in the order hazard, twin, harmless.
    """
    picked = []
    for suite in suites:
        quads: dict[str, list[Sample]] = {}
        for sample in samples:
            if sample.suite == suite and quad_of(sample):
                quads.setdefault(quad_of(sample), []).append(sample)
        names = sorted(quads)
        step = max(1, len(names) // max(1, per_suite))
        picked += [sorted(quads[n], key=_corner_place) for n in names[::step][:per_suite]]
    return picked


def _corner_place(sample: Sample) -> int:
    order = list(CORNER_WORDS)
    corner = str(sample.truth.get("corner", ""))
    return order.index(corner) if corner in order else len(order)


def gallery_samples(
    data_samples: Sequence[Sample], suites: Sequence[str], quads: int
) -> list[Sample]:
    """Returns the samples whose images the gallery needs."""
    return [s for quad in chosen_quads(data_samples, suites, quads) for s in quad]


def gallery(data: ReportData, caption: Caption) -> Gallery:
    """Returns the gallery; no quads where the report was rebuilt without answers."""
    wanted = data.settings.gallery
    models = data.answering
    first = [m for m in models if m.seed == data.study.seeds[0]]
    quads: list[tuple[Item, ...]] = []
    short: list[tuple[Item, ...]] = []
    if data.responses:
        for suite in wanted.suites:
            chosen = chosen_quads(data.shown, [suite], wanted.quads)
            quads += [tuple(_item(data, sample, models) for sample in quad) for quad in chosen]
            chosen = chosen[: wanted.pdf_quads]
            short += [tuple(_item(data, sample, first) for sample in quad) for quad in chosen]
    return Gallery(
        "gallery",
        caption.title,
        caption.caption + data.answering_sentence,
        caption.reading,
        tuple(quads),
        tuple(short),
    )


def _item(data: ReportData, sample: Sample, models: Sequence[ModelCard]) -> Item:
    said = []
    for model in models:
        verdict = data.verdicts.get(model.name, {}).get(sample.id)
        answer = data.responses.get(model.name, {}).get(sample.id)
        if verdict is not None and answer is not None:
            said.append(ModelAnswer(data.study.label(model), answer, words(verdict), tone(verdict)))
    images = (data.images.get((sample.suite, path)) for path in sample.images)
    corner = str(sample.truth.get("corner", ""))
    return Item(
        sample,
        CORNER_WORDS.get(corner, corner),
        tuple(i for i in images if i is not None),
        tuple(said),
    )


def words(verdict: Verdict) -> str:
    """Returns a verdict in words."""
    if verdict.status != "judged" or verdict.outcome is None:
        return f"not judged: {verdict.reason}" if verdict.reason else "not judged"
    outcome = verdict.outcome
    text = OUTCOME_WORDS.get(outcome, outcome)
    details = [verdict.code or "", f"level {verdict.perception}" if verdict.perception else ""]
    if verdict.grounded:
        details.append("grounded")
    remark = ", ".join(d for d in details if d)
    return f"{text} ({remark})" if remark else text


def tone(verdict: Verdict) -> str:
    """Returns whether the outcome is what one would want of this item."""
    if verdict.status != "judged" or verdict.outcome is None:
        return "neutral"
    if verdict.outcome in GOOD:
        return "good"
    return "bad" if verdict.outcome in BAD else "neutral"


def as_table(shown: Gallery) -> Table:
    """Returns the gallery without pictures, a row per sample and model."""
    names = ("item", "corner", "question", "model", "answer", "verdict")
    rows = [
        (i.sample.id, i.corner, i.sample.question, s.model, s.answer, s.verdict)
        for quad in shown.quads
        for i in quad
        for s in i.said
    ]
    return words_table(shown.id, Caption(shown.title, shown.caption, shown.reading), names, rows)
