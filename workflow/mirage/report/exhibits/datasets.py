"""What the data are: test categories, suites, training sets, and how recipes are tuned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from mirage.contracts import Sample
from mirage.report.blocks import Cell, Column, Number, Table, Text, TextBlock
from mirage.report.captions import Caption, captioned
from mirage.report.data import ReportData, Training
from mirage.report.exhibits.ends import ends_by_recipe, steps_in_words
from mirage.report.exhibits.rate_table import empty

CANDIDATES = ("easy", "hard")
"""Suites whose hazards Table 3 counts."""

IMAGES = {
    "own": "the user's own",
    "two": "two",
    "one": "one",
    "one_of_two": "one",
    "composite": "two, in one slot",
    "black": "one, black",
    "none": "none",
}
SAFETY = ("hazard", "benign", "unknowable", "conflict")


def _count(value: int | None) -> Number:
    return Number(None if value is None else float(value), digits=0)


def categories(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Hazards of easy and hard by category and sub-category."""
    hazards = [
        s for s in data.samples if s.suite in CANDIDATES and s.truth.get("corner") == "hazard"
    ]
    if not hazards:
        return empty("data_categories", caption, data)
    counts = Counter((s.category, s.sub_category) for s in hazards)
    totals = Counter(s.category for s in hazards)
    rows: list[tuple[Cell, ...]] = []
    rules = set()
    for category, total in sorted(totals.items(), key=lambda each: (-each[1], each[0])):
        if rows:
            rules.add(len(rows))
        rows.append(
            (Text(category, strong=True), Text(""), *_sizes(hazards, total, category, None))
        )
        for (name, sub), n in sorted(counts.items()):
            if name == category:
                rows.append((Text(""), Text(sub), *_sizes(hazards, n, category, sub)))
    columns = [
        Column("category", is_text=True),
        Column("sub-category", is_text=True),
        *(Column(name, bare=True) for name in ("hazards", "%", "pairs")),
    ]
    return captioned("data_categories", caption, columns, rows, frozenset(rules))


def _sizes(
    hazards: Sequence[Sample], n: int, category: str, sub: str | None
) -> tuple[Number, Number, Number]:
    pairs = {
        str(s.truth.get("pair", s.id))
        for s in hazards
        if s.category == category and sub in (None, s.sub_category)
    }
    return _count(n), Number(100 * n / len(hazards), digits=2), _count(len(pairs))


def suites(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Every safety suite: items by kind, what is harmless by itself, images, models."""
    by_suite: dict[str, list[Sample]] = {}
    for sample in data.samples:
        if sample.truth.get("kind") in SAFETY and sample.suite in data.study.suites:
            by_suite.setdefault(sample.suite, []).append(sample)
    asked = Counter(suite for _, suite in data.lengths)
    rows: list[tuple[Cell, ...]] = []
    for suite in data.study.suites:
        if suite in by_suite and suite != "gates":
            rows.append(_suite(suite, by_suite[suite], asked[suite]))
    if not rows:
        return empty("data_suites", caption, data)
    columns = [
        Column("suite", is_text=True),
        *(Column(name, bare=True) for name in ("items", "hazards", "benign", "pairs")),
        *(Column(name, "hazards", is_text=True) for name in ("safe text", "safe image")),
        Column("images", is_text=True),
        Column("models", bare=True),
    ]
    return captioned("data_suites", caption, columns, rows)


def _suite(name: str, samples: Sequence[Sample], models: int) -> tuple[Cell, ...]:
    kinds = Counter(str(s.truth.get("kind")) for s in samples)
    hazards = [s for s in samples if s.truth.get("kind") == "hazard"]
    seen = [s for s in hazards if any(s.truth.get("objects", []))]
    pairs = {str(s.truth.get("pair", s.id)) for s in samples}
    images = sorted({len(s.images) for s in samples})
    return (
        Text(name.replace("_", " ")),
        _count(len(samples)),
        _count(kinds["hazard"]),
        _count(kinds["benign"]),
        _count(len(pairs)),
        Text(_share(str(s.truth.get("wording", "neutral")) == "neutral" for s in hazards)),
        Text(_share(not any(s.truth.get("states", [])) for s in seen)),
        Text(" or ".join(map(str, images))),
        _count(models or None),
    )


def _share(answers: Iterable[bool]) -> str:
    """``yes`` or ``no`` where all agree, else ``mixed``; a dash where nothing is asked."""
    values = set(answers)
    if not values:
        return "–"
    return "mixed" if len(values) > 1 else "yes" if values.pop() else "no"


def training_sets(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Every recipe's data as built: items, what is harmless by itself, images, reasoning."""
    rows = [_training_set(data, t) for t in _in_order(data)]
    if not rows:
        return empty("data_training", caption, data)
    columns = [
        Column("recipe", is_text=True),
        *(Column(n, bare=True) for n in ("items", "hazards", "benign", "general")),
        *(Column(n, "hazards", is_text=True) for n in ("safe text", "safe image")),
        *(Column(n, is_text=True) for n in ("images", "reasons in labels")),
    ]
    return captioned("data_training", caption, columns, rows)


def _in_order(data: ReportData) -> list[Training]:
    """What each compared recipe was trained on, in the order of the study."""
    by_recipe = {training.recipe: training for training in data.trainings}
    return [by_recipe[r.recipe] for r in data.study.recipes if r.recipe in by_recipe]


def _training_set(data: ReportData, training: Training) -> tuple[Cell, ...]:
    planned = training.data
    return (
        Text(data.study.title(training.recipe)),
        _count(sum(training.items.values())),
        *(_count(training.items.get(part, 0)) for part in ("hazard", "benign", "general")),
        Text(_safe_text(planned)),
        Text(_safe_image(planned)),
        Text(IMAGES[planned["images"]]),
        Text("yes" if planned["labels"] in ("cot", "rewritten", "sorry_reasons") else "no"),
    )


def _safe_text(planned: Mapping[str, object]) -> str:
    if planned["source"] == "vlguard":
        return "mixed"
    wording = planned["wording"]
    assert isinstance(wording, list)
    return _share(each == "neutral" for each in wording)


def _safe_image(planned: Mapping[str, object]) -> str:
    """Hazardous states are drawn for some of the scenarios, where anything is drawn."""
    return "–" if planned["images"] in ("none", "black") else "mixed"


def recipe_sizes(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Sizes, share of general data, learning rate and epochs of every recipe, from the plan."""
    shares = {r.recipe: r.general_share for r in data.study.recipes}
    rows: list[tuple[Cell, ...]] = []
    # Of several architectures the first, as of the rest of a row.
    ends = {recipe: found for (recipe, _), found in reversed(ends_by_recipe(data).items())}
    for t in _in_order(data):
        planned = t.data
        rate = Text("as the base" if t.learning_rate is None else f"{t.learning_rate:.1e}")
        rows.append(
            (
                Text(data.study.title(t.recipe)),
                *(_count(int(planned[key])) for key in ("unsafe", "benign", "twins", "general")),
                Number(shares[t.recipe]),
                rate,
                Number(t.epochs, digits=0),
                *([Text(steps_in_words(ends.get(t.recipe, {})) or "–")] if ends else []),
                Text(", ".join(p.replace("_", " ") for p in t.parts) or "all"),
            )
        )
    if not rows:
        return empty("recipe_sizes", caption, data)
    columns = [
        Column("recipe", is_text=True),
        *(
            Column(n, "training items", bare=True)
            for n in ("hazards", "benign", "twins", "general")
        ),
        Column("general %", bare=True),
        Column("learning rate", is_text=True),
        Column("epochs", bare=True),
        *([Column("steps to criterion, base by base", is_text=True)] if ends else []),
        Column("parts trained", is_text=True),
    ]
    return captioned("recipe_sizes", caption, columns, rows)
