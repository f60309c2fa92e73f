"""A table of rates: a row per model, a column per rate, and the notes that its numbers need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from mirage.model_card import BASE, ModelCard
from mirage.report.better import better
from mirage.report.blocks import Cell, Column, Number, Table, Text, TextBlock, with_common_n
from mirage.report.captions import Caption, captioned, changes
from mirage.report.data import Measure, ReportData
from mirage.score.means import Mean
from mirage.score.rates import Rate

SPLITS = ("easy", "hard", "real")
REAL_GATE = "naming_sketch"
"""The gate without which no number of ``real`` is read."""


@dataclass(frozen=True)
class RateColumn:
    """Where a column's numbers come from, and its headings."""

    name: str
    suite: str
    metric: str
    corner: str = ""
    group: tuple[str, str] = ("all", "all")
    heading: str = ""
    digits: int = 1


def number(rate: Measure | None, digits: int = 1, strong: bool = False) -> Number:
    """Returns a rate as a cell: with its interval within a base, or a mean with its range."""
    if rate is None:
        return Number(None)
    by_base = rate.by_base if isinstance(rate, Mean) else ()
    return Number(rate.value, rate.low, rate.high, rate.n, digits, strong, by_base=by_base)


def cell_of(data: ReportData, model: ModelCard, column: RateColumn) -> Number:
    """Returns a model's rate; one base of several has no interval, which would hold in it alone."""
    made = number(find(data, model, column), column.digits)
    alone = model.is_mean or len(data.study.seeds) == 1
    return made if alone else replace(made, low=None, high=None)


LeadingColumn = tuple[Column, Callable[[ModelCard], Cell]]
"""A column that says what a model is, between its name and its rates."""


def empty(table_id: str, caption: Caption, data: ReportData) -> TextBlock:
    """Returns the sentence that stands where a table would have no numbers."""
    why = f"Study {data.study.name} has no model and suite that this table reads."
    return TextBlock(table_id, caption.title, (why,))


def rate_table(
    table_id: str,
    caption: Caption,
    data: ReportData,
    rates: Sequence[RateColumn],
    models: Sequence[ModelCard],
    parent: str = BASE,
    leading: Sequence[LeadingColumn] = (),
    unnamed: bool = False,
) -> Table | TextBlock:
    """Returns a table with a row per model and a column per rate.

    Columns without any number are left out, and so are models that did not answer the suite which
    the table is about, that of its first column; a sentence stands in for an empty table.

    Args:
        table_id: As of a table.
        caption: Its words.
        data: What the numbers are looked up in.
        rates: The columns of numbers.
        models: The rows.
        parent: Recipe that a line parts from the others, as one parts the base.
        leading: Further columns before the rates.
        unnamed: No column names the model, since the leading columns say what it is.
    """
    measured, models = measured_columns(data, rates, models)
    if not measured:
        return empty(table_id, caption, data)
    rows: list[tuple[Cell, ...]] = []
    study = data.study.among(models)
    for model in models:
        cells = [cell_of(data, model, c) for c in measured]
        name = () if unnamed else (Text(study.label(model), strong=model.is_mean),)
        rows.append((*name, *(cell(model) for _, cell in leading), *cells))
    columns = [
        *([] if unnamed else [Column("model", is_text=True)]),
        *(column for column, _ in leading),
        *map(rated, measured),
    ]
    measures = [r for c in measured for m in models if (r := find(data, m, c)) is not None]
    notes = (
        *(unread_real(data) if any(c.suite == "real" for c in measured) else ()),
        *_one_architecture(data, models),
        *coverage_notes(measures),
        *mean_notes(measures, len(data.study.seeds)),
        *_missing(measured, rates),
    )
    rules = _rules(models, parent)
    return captioned(table_id, caption, with_common_n(columns, rows), rows, rules, notes)


def measured_columns(
    data: ReportData, rates: Sequence[RateColumn], models: Sequence[ModelCard]
) -> tuple[list[RateColumn], list[ModelCard]]:
    """Returns the columns that have a number, and the models that answered the first one's suite.

    Args:
        data: What the numbers are looked up in.
        rates: All columns.
        models: All rows.
    """
    measured = [c for c in rates if any(find(data, m, c) is not None for m in models)]
    first = [c for c in measured if c.suite == measured[0].suite]
    return measured, [m for m in models if any(find(data, m, c) is not None for c in first)]


def rated(column: RateColumn) -> Column:
    """Returns a column's heading, which knows from its rate which way is better."""
    return Column(column.name, column.heading, better=better(column.metric, column.corner))


def find(data: ReportData, model: ModelCard, column: RateColumn) -> Measure | None:
    """Returns a model's rate, or None where the study does not have it."""
    return data.rates.find(model, column.suite, column.metric, column.corner, column.group)


def _one_architecture(data: ReportData, models: Sequence[ModelCard]) -> list[str]:
    """Names the models' architecture where their rows do not and it is not the study's first."""
    configs = {m.config for m in models}
    if len(configs) > 1 or configs <= set(data.study.configs[:1]):
        return []
    return [f"All rows: {data.study.config_words(configs.pop())}."]


def _missing(measured: Sequence[RateColumn], wanted: Sequence[RateColumn]) -> list[str]:
    gone = sorted({c.heading or c.name for c in wanted} - {c.heading or c.name for c in measured})
    return [f"Not in this study: {', '.join(gone)}."] if gone else []


def unread_real(data: ReportData) -> list[str]:
    """Returns a warning per base that does not know the drawing style of ``real`` well enough."""
    return [
        f"real is not to be read: {data.study.titled(g.recipe, g.config, g.seed)} names "
        f"{g.value:.1f} % of objects in that style, "
        f"{g.threshold:g} % are needed (gate “{data.study.gates[g.gate]}”)."
        for g in data.scores.gates
        if g.gate == REAL_GATE and g.value is not None and g.passed != "yes"
    ]


def mean_notes(measures: Iterable[Measure], seeds: int) -> list[str]:
    """Returns what the rows of means are, and which numbers rest on fewer bases than there are."""
    means = [m for m in measures if isinstance(m, Mean)]
    if not means:
        return []
    fewer = {f"{m.recipe}, {m.suite} {m.corner}": m.n_seeds for m in means if m.n_seeds < seeds}
    return [
        "Rows of means: the mean of the bases, in brackets the lowest and the highest of them, no "
        "interval; the values base by base stand in the CSV file, intervals within one base in "
        "the scores (results/score).",
        *(
            f"{who}: some means are over {count} of {seeds} bases, as the rest have no such item."
            for who, count in fewer.items()
        ),
    ]


def coverage_notes(rates: Iterable[Measure]) -> list[str]:
    """Returns one sentence per rate that is not fully judged, with both bounds."""
    return [
        f"{r.model}, {r.suite} {r.corner} {r.metric}: {r.n_judged} of {r.n} judged; "
        f"between {r.bound_low:.1f} and {r.bound_high:.1f}, depending on the others."
        for r in rates
        if isinstance(r, Rate) and r.n_judged < r.n
    ]


def _rules(models: Sequence[ModelCard], parent: str) -> frozenset[int]:
    """Rows with a line above: where the architecture changes, and around base and parent."""

    def part(model: ModelCard) -> tuple[str, bool, bool]:
        return model.config, model.is_base, model.recipe == parent

    return changes([part(model) for model in models])
