"""One self-contained HTML page: nothing is loaded, and only its own style and script may run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from mirage.report.captions import SOURCES
from mirage.report.data import StudyInfo
from mirage.report.gallery import Gallery
from mirage.report.table import Cell, Column, Figure, Number, Table, own_n
from mirage.report.text import visible
from mirage.report.words import FOOTER, WARNING, lead

Block = Table | Figure | Gallery


def to_html(study: StudyInfo, blocks: Sequence[Block]) -> str:
    """Returns the page; the template engine escapes every text, made visible before."""
    style, script = (_source(f"html/page.{kind}") for kind in ("css", "js"))
    # DictLoader keeps the name *.html that autoescape looks at; nothing else is ever loaded.
    environment = Environment(
        loader=DictLoader({"page.html": _source("html/page.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["shown"] = visible
    return environment.get_template("page.html").render(
        study=study,
        blocks=[_block(b) for b in blocks],
        lead=lead(study),
        warning=WARNING,
        footer=FOOTER,
        style=Markup(style),
        style_hash=_digest(style),
        script=Markup(script),
        script_hash=_digest(script),
    )


def _source(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _block(block: Block) -> dict[str, Any]:
    words = {
        "title": block.title,
        "short": _short(block.title),
        "caption": block.caption,
        "reading": block.reading,
    }
    if isinstance(block, Figure):
        uri = f"data:image/svg+xml;base64,{base64.b64encode(block.svg).decode()}"
        return {**words, "kind": "figure", "anchor": f"figure-{block.id}", "uri": uri}
    if isinstance(block, Gallery):
        return {**words, "kind": "gallery", "anchor": block.id, "quads": block.quads}
    return {
        **words,
        "kind": "table",
        "anchor": f"table-{block.id}",
        "groups": block.groups() if block.has_groups() else [],
        "columns": block.columns,
        "listing": sum(c.is_text for c in block.columns) > 2,
        "many": sum(not c.is_text for c in block.columns) > 8,
        "rows": [_row(block, place) for place in range(len(block.rows))],
        "notes": block.notes,
    }


def _short(title: str) -> str:
    """A title for the list of contents, whose page says "nano" already."""
    rest = title.removeprefix("Nano: ").removeprefix("Nano counterpart of ")
    return rest[:1].upper() + rest[1:]


def _row(table: Table, place: int) -> dict[str, Any]:
    cells = zip(table.rows[place], table.columns, strict=True)
    return {
        "rule": place in table.rules,
        "cells": [_cell(cell, column) for cell, column in cells],
    }


def _cell(cell: Cell, column: Column) -> dict[str, Any]:
    if isinstance(cell, Number):
        return {
            "is_text": False,
            "text": cell.shown,
            "strong": cell.strong,
            "value": "" if cell.value is None else repr(cell.value),
            "below": " ".join(x for x in (cell.interval, own_n(cell, column)) if x),
        }
    return {"is_text": True, "text": visible(cell.text), "strong": cell.strong}
