"""One self-contained HTML page: nothing is loaded, and only its own style and script may run.

Without JavaScript it shows all tables and figures. The script adds search, sorting and the sample
browser, whose data stand in the page as JSON.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Container, Sequence
from functools import cache
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from mirage.report.better import best
from mirage.report.blocks import Banner, Cell, Column, Figure, Number, Table, TextBlock, own_n
from mirage.report.captions import SOURCES
from mirage.report.data import StudyInfo
from mirage.report.escape import visible
from mirage.report.exhibits.tables import Block
from mirage.report.render.boilerplate import footer, lead, warning
from mirage.report.render.long_csv import has_values
from mirage.report.render.outline import outline
from mirage.report.samples.browser import Browser
from mirage.report.samples.gallery import Gallery
from mirage.report.scale import HEADINGS

SCRIPTS = ("page.js", "browser.js")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,2})?", re.ASCII)
"""Words that are a number, as 1e-5 is, and are sorted as one."""
FIGURES = re.compile(r"[0-9+./%,\[\]() −–-]*[0-9][0-9+./%,\[\]() −–-]*", re.ASCII)
"""Words that are numbers side by side, as 0 / 0 / 3 is; a short cell of them stays on one line."""
LINE = 24
FOLDED = 240
"""Letters of notes from which on they fold away."""

NO_WORDS = {"caption": "", "reading": "", "definitions": (), "notes": (), "folded": False}

TEMPLATES = ("page.html", "block.html", "browser.html", "provenance.html", "view.html")


def to_html(study: StudyInfo, blocks: Sequence[Block], browser: Browser) -> str:
    """Returns the page; the template engine makes every text visible and escapes it."""
    views = [_block(block) for block in blocks]
    return rendered(
        "page.html",
        SCRIPTS,
        study=study,
        blocks=views,
        outline=outline(views),
        browser=browser,
        browser_json=Markup(browser.json),
        lead=lead(study),
        heading=HEADINGS[study.scale],
        warning=warning(study),
        footer=footer(study),
    )


def to_view(block: Table | Figure) -> str:
    """Returns a page with one table or figure and its words, as Snakemake's report shows it."""
    view = _block(block)
    outline([view])
    return rendered("view.html", (), block=view)


def rendered(name: str, scripts: Sequence[str], **values: Any) -> str:
    """Fills a template of ``reports/html``; its style and scripts may run by their hashes."""
    style = _source("html/page.css")
    script = "\n".join(_source(f"html/{each}") for each in scripts)
    return (
        _environment()
        .get_template(name)
        .render(
            style=Markup(style),
            style_hash=_digest(style),
            script=Markup(script),
            script_hash=_digest(script),
            **values,
        )
    )


@cache
def _environment() -> Environment:
    """The templates, each compiled once: a report has a page for every exhibit."""
    # DictLoader keeps the names *.html that autoescape looks at; nothing else is ever loaded.
    return Environment(
        loader=DictLoader({each: _source(f"html/{each}") for each in TEMPLATES}),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def _finalized(value: object) -> object:
    """What a template shows of a value; Markup is the page's own and stays as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _source(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _block(block: Block) -> dict[str, Any]:
    place = {"chapter": block.chapter, "section": block.section, "title": block.title}
    if isinstance(block, TextBlock):
        return {
            **place,
            "kind": "text",
            "anchor": f"text-{block.id}",
            "paragraphs": block.paragraphs,
        }
    if isinstance(block, Banner):
        own = {"kind": "banner", "anchor": f"banner-{block.id}", "lines": block.lines}
        return {**NO_WORDS, **place, **own}
    words = {
        **NO_WORDS,
        **place,
        "caption": block.caption,
        "reading": block.reading,
        "definitions": block.definitions,
    }
    if isinstance(block, Figure):
        uri = Markup(f"data:image/svg+xml;base64,{base64.b64encode(block.svg).decode()}")
        files = [(kind.upper(), f"figures/{block.id}.{kind}") for kind in ("svg", "pdf", "png")]
        anchor = f"figure-{block.id}"
        return {**words, "kind": "figure", "anchor": anchor, "uri": uri, "files": files}
    if isinstance(block, Gallery):
        return {**words, "definitions": (), "kind": "browser", "anchor": "samples"}
    marked, means = best(block), any(map(_is_mean, block.rows))
    return {
        **words,
        "kind": "table",
        "anchor": f"table-{block.id}",
        "groups": block.groups() if block.has_groups() else [],
        "columns": block.columns,
        "listing": sum(c.is_text for c in block.columns) > 2,
        "many": sum(not c.is_text for c in block.columns) > 8,
        "rows": [_row(block, place, means, marked) for place in range(len(block.rows))],
        "means": means,
        "best": bool(marked),
        "notes": block.notes,
        "folded": sum(map(len, block.notes)) > FOLDED,
        "files": [
            ("CSV", f"tables/{block.id}.csv"),
            *([("long CSV", f"tables/long/{block.id}.csv")] if has_values(block) else []),
        ],
    }


def _is_mean(row: Sequence[Cell]) -> bool:
    return any(isinstance(cell, Number) and bool(cell.by_base) for cell in row)


def _is_measured(row: Sequence[Cell]) -> bool:
    return any(isinstance(cell, Number) and cell.value is not None for cell in row)


def _row(
    table: Table, place: int, means: bool, marked: Container[tuple[int, int]]
) -> dict[str, Any]:
    row = table.rows[place]
    cells = zip(row, table.columns, strict=True)
    single = means and _is_measured(row) and not _is_mean(row)
    kinds = {"rule": place in table.rules, "single": single}
    return {
        "kinds": " ".join(kind for kind, holds in kinds.items() if holds),
        "cells": [
            {**_cell(cell, column), "best": (place, at) in marked}
            for at, (cell, column) in enumerate(cells)
        ],
    }


def _cell(cell: Cell, column: Column) -> dict[str, Any]:
    if isinstance(cell, Number):
        return {
            "is_text": False,
            "text": cell.shown,
            "strong": cell.strong,
            "value": "" if cell.value is None else repr(cell.value),
            "below": " ".join(x for x in (cell.interval, own_n(cell, column)) if x),
            "mark": cell.mark,
            "alone": None,
            "keep": False,
        }
    value = repr(float(cell.said)) if NUMBER.fullmatch(cell.said) else None
    return {
        "is_text": True,
        "text": cell.text,
        "strong": cell.strong,
        "value": "" if not cell.said else value,
        "alone": cell.alone or None,
        "keep": len(cell.text) <= LINE and FIGURES.fullmatch(cell.text) is not None,
    }
