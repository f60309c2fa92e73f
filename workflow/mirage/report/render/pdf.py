"""The PDF, set by Typst from JSON; no LaTeX, no fonts of the machine, no clock."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import typst

from mirage.report.blocks import (
    Banner,
    BannerLine,
    Cell,
    Column,
    Figure,
    Number,
    Table,
    Text,
    TextBlock,
    own_n,
)
from mirage.report.captions import SOURCES
from mirage.report.data import StudyInfo
from mirage.report.escape import breakable, visible
from mirage.report.exhibits.tables import APPENDIX, Block
from mirage.report.paper.side_by_side import ANSWER
from mirage.report.render.boilerplate import footer, lead, warning
from mirage.report.render.outline import outline
from mirage.report.samples.gallery import Gallery, Item
from mirage.report.scale import HEADINGS, in_sentence

WIDE = 14
"""Numbers in a row from which a table stands on a turned page."""

TIGHT = 12
"""Numbers in a row from which they stand closer, so that names keep one line."""

LONG_TEXT = 42
"""Letters from which a column shares the free width and wraps; its share grows up to three times
as many."""

LINE = 110
"""Letters of text beside each other from which shorter columns share the width as well."""

WORD, SHORT_TEXT = 14, 30
"""In such a table: letters up to which a column never wraps, and those that weigh at most."""

UNBROKEN_ROWS = 29
"""Rows up to which a table is kept on one page; longer ones go on over the next."""


def to_pdf(study: StudyInfo, blocks: Sequence[Block]) -> bytes:
    """Returns the PDF of a report's tables, figures and gallery; same input, same bytes."""
    (pdf,) = _compiled(study, blocks, "pdf")
    return pdf


def to_pictures(study: StudyInfo, blocks: Sequence[Block], dots_per_inch: float) -> list[bytes]:
    """Returns the pages of the PDF as PNG."""
    return _compiled(study, blocks, "png", dots_per_inch)


def _compiled(
    study: StudyInfo,
    blocks: Sequence[Block],
    kind: Literal["pdf", "png"],
    dots_per_inch: float | None = None,
) -> list[bytes]:
    with tempfile.TemporaryDirectory(prefix="mirage-report-") as name:
        folder = Path(name)
        # The report's only clock is SOURCE_DATE_EPOCH; without it the PDF has no date.
        clock = os.environ.get("SOURCE_DATE_EPOCH")
        shutil.copyfile(SOURCES / "typst" / "report.typ", folder / "report.typ")
        views = [_block(block, folder) for block in blocks]
        opening = [view for view in views if view["chapter"] == ANSWER]
        views = [view for view in views if view["chapter"] != ANSWER]
        outline(opening)
        outline(views)
        plain = {
            "opening": opening,
            "appendix": APPENDIX,
            "title": f"MIRage Suite: {in_sentence(HEADINGS[study.scale])}, study {study.name}",
            "lead": lead(study),
            "warning": warning(study),
            "footer": footer(study),
            "dated": clock is not None,
            "definitions": _definitions(blocks),
            "blocks": views,
        }
        (folder / "data.json").write_text(json.dumps(plain), encoding="utf-8")
        compiler = typst.Compiler(
            input=str(folder / "report.typ"),
            root=str(folder),
            ignore_system_fonts=True,
        )
        made = compiler.compile(format=kind, ppi=dots_per_inch, timestamp=int(clock or 0))
        pages = made if isinstance(made, list) else [made]
        return [page for page in pages if isinstance(page, bytes)]


def _block(block: Block, folder: Path) -> dict[str, Any]:
    place = {
        "title": breakable(visible(block.title)),
        "section": breakable(visible(block.section)),
        "chapter": breakable(visible(block.chapter)),
        "anchor": f"{type(block).__name__}-{block.id}",
    }
    if isinstance(block, TextBlock):
        paragraphs = [breakable(visible(text)) for text in block.paragraphs]
        slot = paragraphs.pop() if block.slot else ""
        return {**place, "kind": "text", "paragraphs": paragraphs, "slot": slot}
    if isinstance(block, Banner):
        return {**place, "kind": "banner", "lines": [_line(line) for line in block.lines]}
    words = {
        **place,
        "caption": breakable(visible(block.caption)),
        "reading": breakable(visible(block.reading)),
    }
    if isinstance(block, Figure):
        (folder / f"{block.id}.svg").write_bytes(block.svg)
        return {**words, "kind": "figure", "file": f"{block.id}.svg", "width": block.width}
    if isinstance(block, Gallery):
        items = [i for quad in block.pdf_quads for i in quad]
        return {
            **words,
            "kind": "gallery",
            "items": [_item(item, place, folder) for place, item in enumerate(items)],
        }
    numbers = sum(not c.is_text for c in block.columns)
    return {
        **words,
        "kind": "table",
        # A base above its recipe keeps narrow columns narrow.
        "groups": [[visible(name).replace(" + ", "\n+ "), span] for name, span in block.groups()]
        if block.has_groups()
        else [],
        "columns": [
            {"name": breakable(visible(c.name)), "n": c.n, "is_text": c.is_text}
            for c in block.columns
        ],
        "widths": _widths(block),
        "rows": [
            [_cell(cell, column) for cell, column in zip(row, block.columns, strict=True)]
            for row in block.rows
        ],
        "rules": sorted(block.rules),
        "notes": [breakable(visible(note)) for note in block.notes],
        "wide": numbers >= WIDE,
        "whole": len(block.rows) <= UNBROKEN_ROWS,
        "dense": len(block.columns) > 6,
        "tight": TIGHT <= numbers < WIDE,
        "marked": any(isinstance(c, Number) and c.mark for row in block.rows for c in row),
    }


def _definitions(blocks: Sequence[Block]) -> list[dict[str, str]]:
    """What the words of all tables and figures mean, each once, by their terms."""
    told = {d for block in blocks for d in getattr(block, "definitions", ())}
    in_order = sorted(told, key=lambda d: (d.term.lower(), d.text))
    return [
        {"term": breakable(visible(d.term)), "text": breakable(visible(d.text))} for d in in_order
    ]


def _line(line: BannerLine) -> dict[str, str]:
    said = {"text": breakable(visible(line.text)), "detail": breakable(visible(line.detail))}
    return {"state": line.state, **said}


def _widths(table: Table) -> list[int]:
    """Shares of the free width: columns of long text wrap, others are as wide as they need (0).

    Where short columns alone fill the line, they share it as well, and none outweighs the others.
    """
    letters = [_letters(table, place) for place in range(len(table.columns))]
    if sum(n for n in letters if n <= LONG_TEXT) > LINE:
        return [min(n, SHORT_TEXT) if n > WORD else 0 for n in letters]
    return [min(n, 3 * LONG_TEXT) if n > LONG_TEXT else 0 for n in letters]


def _letters(table: Table, place: int) -> int:
    if not table.columns[place].is_text:
        return 0
    cells = [row[place] for row in table.rows]
    return max((len(cell.text) for cell in cells if isinstance(cell, Text)), default=0)


def _cell(cell: Cell, column: Column) -> dict[str, Any]:
    if isinstance(cell, Number):
        own = own_n(cell, column)
        beside = cell.interval if cell.sd is not None else ""
        below = own if beside else " ".join(x for x in (cell.interval, own) if x)
        return {
            "is_text": False,
            "beside": beside,
            "text": cell.shown,
            "below": below,
            "strong": cell.strong,
            "mark": cell.mark,
        }
    text = breakable(visible(cell.text)).replace(" / ", "\u00a0/\u00a0")
    return {"is_text": True, "text": text, "strong": cell.strong}


def _item(item: Item, place: int, folder: Path) -> dict[str, Any]:
    files = []
    for number, image in enumerate(item.images):
        name = f"item-{place}-{number}.png"
        (folder / name).write_bytes(image)
        files.append(name)
    return {
        "id": visible(item.sample.id),
        "corner": item.corner,
        "question": breakable(visible(item.sample.question)),
        "images": files,
        "said": [
            {
                "model": s.model,
                "answer": breakable(visible(s.answer)),
                "verdict": visible(s.verdict),
                "tone": s.tone,
            }
            for s in item.said
        ],
    }
