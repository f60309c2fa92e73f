"""Tables and figures from entries of ``reports/tables.yaml``: data become blocks here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mirage.context import load_entry
from mirage.model_card import BASE, ModelCard
from mirage.plan.schema.exhibit import ColumnGroup, Exhibit, Words
from mirage.report.blocks import Banner, Figure, Table, TextBlock
from mirage.report.captions import Caption, caption, filled
from mirage.report.data import ReportData
from mirage.report.definitions import definitions
from mirage.report.exhibits.rate_figure import rate_figure
from mirage.report.exhibits.rate_table import RateColumn, rate_table
from mirage.report.platforms import with_platform_note
from mirage.report.samples.gallery import Gallery

APPENDIX = "Appendix: tables in full"
"""Chapter of the tables that stand behind the figures of the body."""

Block = Table | Figure | Gallery | TextBlock | Banner


def block_of(exhibit: Exhibit, data: ReportData, facts: Mapping[str, str]) -> Block:
    """Returns the table, figure or words of an entry.

    Args:
        exhibit: The entry.
        data: What it shows.
        facts: What captions may name.

    Raises:
        ConfigError: A function it names cannot be imported.
        DataError: It has no words.
    """
    words = _caption(exhibit, facts)
    if exhibit.maker:
        block: Block = load_entry(exhibit.maker)(data, words)
        models = data.study.trained if exhibit.measured else ()
        return _defined(with_platform_note(block, data.study, models), words, facts)
    rows = rows_of(exhibit, data)
    leading = load_entry(exhibit.leading)(data, rows) if exhibit.leading else ()
    table = rate_table(
        exhibit.id,
        words,
        data,
        rate_columns(exhibit.columns, data),
        rows,
        exhibit.ablations_of or BASE,
        leading,
        exhibit.unnamed and bool(leading),
    )
    return _defined(with_platform_note(table, data.study, rows), words, facts)


def blocks_from(exhibit: Exhibit, data: ReportData, facts: Mapping[str, str]) -> list[Block]:
    """Returns what an entry puts into the report: its block, and before a drawn table its figure.

    Args:
        exhibit: The entry.
        data: What it shows.
        facts: What captions may name.

    Raises:
        ConfigError: A function it names cannot be imported.
        DataError: It has no words.
    """
    block = block_of(exhibit, data, facts)
    if not isinstance(block, Table):
        return [block]
    table = replace(block, chapter=APPENDIX if exhibit.detail or exhibit.drawn else "")
    rates = rate_columns(exhibit.columns, data) if exhibit.drawn else []
    words, rows = _caption(exhibit, facts), rows_of(exhibit, data)
    drawn = rate_figure(f"{exhibit.id}_figure", words, data, rates, rows) if rates else None
    if drawn is None:
        return [table]
    figure = replace(drawn, definitions=block.definitions)
    return [
        with_platform_note(figure, data.study, rows),
        replace(table, title=f"{block.title}, values"),
    ]


def _defined(block: Block, words: Caption, facts: Mapping[str, str]) -> Block:
    """Returns a block with what its words and the headings of its columns mean."""
    if isinstance(block, Table):
        headings = {text for c in block.columns for text in (c.name, c.group)}
        return replace(block, definitions=definitions(words.defines, headings, facts))
    if isinstance(block, Figure | Gallery):
        return replace(block, definitions=definitions(words.defines, (), facts))
    return block


def _caption(exhibit: Exhibit, facts: Mapping[str, str]) -> Caption:
    if isinstance(exhibit.caption, Words):
        return filled(exhibit.caption.model_dump(), facts, f"tables.yaml, {exhibit.id}")
    words = caption(exhibit.caption or exhibit.id, facts)
    return replace(words, title=f"{words.title}, models of {exhibit.of}") if exhibit.of else words


def rows_of(exhibit: Exhibit, data: ReportData) -> list[ModelCard]:
    """Returns the models of a table, in its order."""
    if exhibit.ablations_of:
        return ablation_models(data, exhibit.ablations_of)
    if exhibit.rows == "all":
        return data.study.models
    if isinstance(exhibit.rows, str):
        models: list[ModelCard] = load_entry(exhibit.rows)(data)
        return models
    return rows_for(data, exhibit.rows, exhibit.thinking)


def rows_for(data: ReportData, recipes: Sequence[str], thinking: bool = False) -> list[ModelCard]:
    """Returns the base and some recipes, in the order given, per architecture.

    Args:
        data: The report's data.
        recipes: Recipes; those that the study lacks are left out.
        thinking: Of bases that think, instead of the others.
    """
    order, configs = [BASE, *recipes], data.study.configs
    models = [m for m in data.study.trained if m.recipe in order and m.thinks == thinking]
    tuned = {m.config for m in models if not m.is_base}
    rows = data.study.rows([m for m in models if m.config in tuned])
    return sorted(rows, key=lambda m: (configs.index(m.config), order.index(m.recipe)))


def ablation_models(data: ReportData, parent: str) -> list[ModelCard]:
    """Returns the base, the ablations of a parent, then the parent (the paper's order).

    None at all where the study has no ablation of it.
    """
    configs = {m.config for m in data.study.models if m.parent == parent}
    rows = [
        m
        for m in data.study.models
        if m.config in configs and (m.parent == parent or m.recipe in (BASE, parent))
    ]
    return sorted(rows, key=lambda m: (data.study.configs.index(m.config), m.recipe == parent))


def rate_columns(groups: Sequence[str | ColumnGroup], data: ReportData) -> list[RateColumn]:
    """Returns the columns of a table; text names a function that reads them off the data."""
    columns: list[RateColumn] = []
    for group in groups:
        if isinstance(group, str):
            columns += load_entry(group)(data)
        else:
            for suite in group.suites or (group.suite,):
                columns += [_column(group, suite, name, value) for name, value in group.columns]
    return columns


def _column(group: ColumnGroup, suite: str, name: str, value: str) -> RateColumn:
    metric, _, corner = (group.rate or value).partition(" ")
    place = next(iter(group.where.items()), ("all", "all"))
    if group.by == "suite":
        suite = value
    elif group.by:
        place = (group.by, value)
    heading = group.heading.format(suite=suite)
    return RateColumn(name, suite, metric, corner, place, heading)
