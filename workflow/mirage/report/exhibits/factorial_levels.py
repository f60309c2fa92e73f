"""Cells of the factorial: their factors in words, their table, and how factors interact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from mirage.model_card import MATCHED, ModelCard
from mirage.report.blocks import Cell, Column, Text
from mirage.report.data import ReportData
from mirage.report.exhibits.rate_table import LeadingColumn

LABEL_WORDS = {
    "cot": "CoT",
    "describe_refuse": "describe, refuse",
    "sorry_reasons": "refuse, reasons",
    "filler": "filler",
    "short_refusal": "short refusal",
}
"""Label styles, from the most said to the least."""

WORDS = {
    **LABEL_WORDS,
    "none": "none",
    "two": "two images",
    "one_of_two": "one image",
    "composite": "composite",
    "black": "black image",
    "unmatched": "unmatched",
    "image_twins": "image twins",
    "text_twins": "text twins",
    "neutral": "neutral",
    "explicit": "explicit",
    "neutral+explicit": "both",
}
ORDERS: Mapping[str, tuple[str, ...]] = {
    "images": ("none", "one_of_two", "two", "composite"),
    "labels": tuple(LABEL_WORDS),
    "benign": ("none", "unmatched", "image_twins", "text_twins"),
    "wording": ("neutral", "explicit", "neutral+explicit"),
}
"""Levels of each factor, in the order of tables and axes."""

FACTOR_NAMES = {
    "images": "images",
    "labels": "labels",
    "benign": "benign items",
    "wording": "wording",
}


def word(level: str, factor: str = "") -> str:
    """Returns a level as tables call it; images ``none`` are text."""
    return "text" if (factor, level) == ("images", "none") else WORDS.get(level, level)


def matched(data: ReportData) -> list[ModelCard]:
    """Returns the trained models of the mode ``matched``, without the bases."""
    return [m for m in data.study.of_mode(MATCHED) if not m.is_base and m.factors]


def factors_that_differ(data: ReportData, models: Sequence[ModelCard]) -> list[LeadingColumn]:
    """Returns a text column per factor in which the models differ."""
    del data
    return [
        (Column(FACTOR_NAMES[factor], is_text=True), _cell(factor))
        for factor in FACTOR_NAMES
        if len({str(m.factors[factor]) for m in models}) > 1
    ]


def _cell(factor: str) -> Callable[[ModelCard], Cell]:
    return lambda model: Text(word(str(model.factors[factor]), factor))


def words_of_cells(models: Iterable[ModelCard]) -> dict[str, str]:
    """Returns recipe -> the factors in which it differs from others, in the words of all tables.

    Args:
        models: Of which only cells count; empty where their factors do not tell them apart.
    """
    cells = {m.recipe: m for m in models if m.mode == MATCHED and m.factors}
    for count in (len(FACTOR_NAMES), len(FACTOR_NAMES) + 2, len(FACTOR_NAMES) + 3):
        facts = [_facts(model)[:count] for model in cells.values()]
        differ = [at for at, some in enumerate(zip(*facts, strict=True)) if len(set(some)) > 1]
        words = [", ".join(fact[at] for at in differ) for fact in facts]
        if len(set(words)) == len(cells) > 1:
            return dict(zip(cells, words, strict=True))
    return {}


def _facts(model: ModelCard) -> tuple[str, ...]:
    """A cell's factors in words, then its steps and answer tokens, last its number of samples."""
    levels = [word(str(model.factors.get(factor, "")), factor) for factor in FACTOR_NAMES]
    steps = f"{float(model.factors.get('steps', 1)):g}× steps"
    tokens = "equal tokens" if model.factors.get("tokens") else "own tokens"
    return (*levels, steps, tokens, f"{model.unsafe:,} hazards")


def in_order(models: Sequence[ModelCard]) -> list[ModelCard]:
    """Returns cells by the order of their levels, factor by factor."""

    def place(model: ModelCard) -> tuple[int, ...]:
        levels = [(f, str(model.factors[f])) for f in ORDERS]
        return tuple(ORDERS[f].index(v) if v in ORDERS[f] else len(ORDERS[f]) for f, v in levels)

    return sorted(models, key=place)
