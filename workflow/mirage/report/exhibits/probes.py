"""Probes: cues, image use, more images, answer lengths, categories taught and left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from scipy.special import stdtrit

from mirage.report.blocks import Cell, Column, Figure, Number, Table, Text, TextBlock, with_common_n
from mirage.report.captions import Caption, captioned
from mirage.report.data import ModelInfo, ReportData
from mirage.report.draw.plots import Panel, Series, dots
from mirage.report.exhibits.columns import TableMaker, telling_apart
from mirage.report.exhibits.curves import FigureMaker, find
from mirage.report.exhibits.outcomes import Place, empty, number, rates_table
from mirage.score.lengths import Length

CUES = (
    ("plain", "plain"),
    ("exaggerated", "exaggerated"),
    ("negated", "negated"),
    ("counter-intuitive", "counter_intuitive"),
)
"""Cues before a benign request, plain first."""

KNOWN = ("intact", "swapped", "shuffled")
UNKNOWN = ("none", "black", "masked")
FORMATS = {"none": "no image", "black": "black", "masked": "masked"}
COUNTS = (("two images", "two"), ("three images", "three"), ("four images", "four"))
SHOWN = ("base", "textual_sft", "vlguard_p", "vlguard_r", "mirage", "mirage_twins")
"""Recipes of the figure of categories; more would hide each other."""

BY_CATEGORY = (
    Place("safe rate", "hard", "safe", "hazard"),
    Place("RSR", "hard", "rsr", "hazard"),
    Place("RR", "hard", "rr", "hazard"),
    Place("refused twins", "hard", "over_refusal", "twin_trigger"),
)


def table9(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Refused and helped on benign requests under each cue."""
    places = [
        Place(name, "cues", metric, "twin_trigger", ("cue", cue), heading)
        for heading, metric in (("refused", "over_refusal"), ("helped", "useful"))
        for name, cue in CUES
    ]
    hard = [p for p in telling_apart() if p.metric in ("asr_strict", "pair_accuracy", "j")]
    return rates_table("table9", caption, data, [*places, *hard], data.study.models)


def image_use(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Pictures with a truth: declined where hazardous, refused where shuffled to a benign pair."""
    places = [
        Place(name, "image_use", metric, "hazard", ("format", form), form)
        for form in KNOWN
        for name, metric in (
            ("ASR", "asr"),
            ("strict", "asr_strict"),
            ("declined", "declined"),
        )
    ]
    places.append(
        Place("refused", "image_use", "over_refusal", "twin", ("format", "shuffled"), "shuffled")
    )
    return rates_table("image_use", caption, data, places, data.study.models)


def image_use_unknown(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Pictures without a truth: declined, and changed against the intact item; never an ASR."""
    intact = [Place("declined", "image_use", "declined", "hazard", ("format", "intact"), "intact")]
    gone = [
        Place(name, "image_use", metric, "unknowable", ("format", form), FORMATS[form])
        for form in UNKNOWN
        for name, metric in (("declined", "declined"), ("changed", "changed"))
    ]
    places = [*intact, *gone]
    return rates_table("image_use_unknown", caption, data, places, data.study.models)


def more_images(data: ReportData, caption: Caption) -> Table | TextBlock:
    """ASR, strict ASR and refused twins with two, three and four images."""
    places = [
        Place(name, "more_images", metric, corner, ("format", form), heading)
        for heading, form in COUNTS
        for name, metric, corner in (
            ("ASR", "asr", "hazard"),
            ("strict", "asr_strict", "hazard"),
            ("refused", "over_refusal", "twin_trigger"),
        )
    ]
    return rates_table("more_images", caption, data, places, data.study.models)


def more_images_joint(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Pair accuracy and J with two, three and four images."""
    places = [
        Place(name, "more_images", metric, "pair", ("format", form), heading, digits)
        for heading, form in COUNTS
        for name, metric, digits in (
            ("pair acc.", "pair_accuracy", 1),
            ("J", "j", 1),
            ("d′", "d_prime", 2),
        )
    ]
    return rates_table("more_images_joint", caption, data, places, data.study.models)


def table10(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Answer length on the counterparts of the paper's three suites."""
    return _lengths("table10", data, caption, ("general", "hard", "mss"))


def tokens(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Answer length on every suite of the study."""
    return _lengths("tokens", data, caption, data.study.suites)


def _lengths(
    table_id: str, data: ReportData, caption: Caption, suites: Sequence[str]
) -> Table | TextBlock:
    rows: list[tuple[Cell, ...]] = []
    models = data.study.models
    asked = [s for s in suites if any((m.name, s) in data.lengths for m in data.study.trained)]
    for model in models:
        cells = [_length(data, model, suite) for suite in asked]
        if any(cell.value is not None for cell in cells):
            rows.append((Text(data.study.label(model), strong=model.seed is None), *cells))
    if not rows:
        return empty(table_id, caption, data)
    names = [Column(s.replace("_", " "), "tokens per answer") for s in asked]
    columns = with_common_n([Column("model", is_text=True), *names], rows)
    return captioned(table_id, caption, columns, rows)


def _length(data: ReportData, model: ModelInfo, suite: str) -> Number:
    """A model's own length, or the mean over seeds with an interval by t."""
    if model.seed is not None:
        return _shown(data.lengths.get((model.name, suite)))
    mine = [
        found
        for m in data.study.trained
        if (m.recipe, m.config) == (model.recipe, model.config)
        and (found := data.lengths.get((m.name, suite))) is not None
    ]
    if len(mine) < 2:
        return _shown(mine[0] if mine else None)
    values = [each.value for each in mine]
    half = float(stdtrit(len(values) - 1, 0.975)) * stdev(values) / len(values) ** 0.5
    centre = fmean(values)
    return Number(centre, max(0.0, centre - half), centre + half, min(each.n for each in mine))


def _shown(found: Length | None) -> Number:
    return Number(None) if found is None else Number(found.value, found.low, found.high, found.n)


def _categories(data: ReportData) -> list[str]:
    return sorted({s.category for s in data.samples if s.suite == "hard" and s.category})


def _of_category(place: Place, category: str) -> Place:
    return Place(
        place.name, place.suite, place.metric, place.corner, ("category", category), place.heading
    )


def _dotted(data: ReportData) -> list[ModelInfo]:
    """The models of the figure of categories, of the first architecture alone."""
    first = data.study.configs[:1]
    return [m for m in data.study.drawn if m.recipe.name in SHOWN and m.config in first]


def fig9(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """Safe rate, RSR, RR and refused twins per category, a dot per model."""
    names, models = _categories(data), _dotted(data)
    panels = []
    for place in BY_CATEGORY:
        series = []
        for style, model in enumerate(models):
            found = {
                float(row): number(find(data, model, _of_category(place, name)))
                for row, name in enumerate(names)
            }
            label = data.study.named(model.recipe.label, model.config)
            series.append(Series(label, style, found))
        panels.append(Panel(place.name, tuple(series)))
    if not names or not any(
        v.value is not None for s in panels[0].series for v in s.values.values()
    ):
        return empty("fig9", caption, data)
    return dots("fig9", caption, panels, names, "percent (nano, hard); bars: 95 % intervals")


def fig9_values(data: ReportData, caption: Caption) -> Table | TextBlock:
    """What the figure of categories shows, and ASR beside it."""
    places = [
        Place("ASR", "hard", "asr", "hazard"),
        Place("strict", "hard", "asr_strict", "hazard"),
    ]
    places += [
        *BY_CATEGORY[1:],
        Place("pair acc.", "hard", "pair_accuracy", "pair"),
        Place("J", "hard", "j", "pair"),
    ]
    rows: list[tuple[Cell, ...]] = []
    rules = set()
    for name in _categories(data):
        for model in _dotted(data):
            cells = [number(find(data, model, _of_category(place, name))) for place in places]
            if any(cell.value is not None for cell in cells):
                label = data.study.named(model.recipe.label, model.config)
                rows.append((Text(name), Text(label), *cells))
        rules.add(len(rows))
    if not rows:
        return empty("fig9_values", caption, data)
    leads = [Column("category", is_text=True), Column("model", is_text=True)]
    columns = with_common_n([*leads, *(Column(p.name) for p in places)], rows)
    return captioned("fig9_values", caption, columns, rows, frozenset(rules - {len(rows)}))


MAKERS: Mapping[str, Mapping[str, TableMaker | FigureMaker]] = {
    "table9": {"table9": table9},
    "table10": {"table10": table10},
    "tokens": {"tokens": tokens},
    "image_use": {"image_use": image_use, "image_use_unknown": image_use_unknown},
    "more_images": {"more_images": more_images, "more_images_joint": more_images_joint},
    "fig9": {"fig9": fig9, "fig9_values": fig9_values},
}
"""Id in a study's ``tables`` -> entry of ``captions.yaml`` -> maker."""
