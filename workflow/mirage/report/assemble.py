"""From report data to all files: what the stage and the rebuild from the tracking store share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mirage.report.blocks import Figure, Table
from mirage.report.captions import setting_facts
from mirage.report.data import ReportData
from mirage.report.exhibits.tables import Block, blocks_from
from mirage.report.paper.side_by_side import arranged
from mirage.report.render.tex_macros import numbers_tex
from mirage.report.render.writers import write_table
from mirage.report.samples.gallery import Gallery, as_table


def blocks_of(data: ReportData) -> list[Block]:
    """Returns all tables and figures of the study, in its order or in chapters.

    Raises:
        DataError: Words are missing, or published values are broken.
    """
    facts = setting_facts(data)
    blocks = {
        name: [block for exhibit in exhibits for block in blocks_from(exhibit, data, facts)]
        for name, exhibits in data.study.exhibits.items()
    }
    return arranged(data.study, blocks)


def build_tables(data: ReportData, out: Path) -> list[Block]:
    """Writes ``tables/``, ``figures/`` and ``numbers.tex``: the part that is rebuilt anywhere.

    Returns:
        The tables, figures and words, for the pages.
    """
    blocks = blocks_of(data)
    for block in blocks:
        if isinstance(block, Figure):
            block.write(out / "figures")
        elif isinstance(block, Table):
            write_table(block, out / "tables", data.study.seeds, data.study.scale)
        elif isinstance(block, Gallery) and block.quads:
            write_table(as_table(block), out / "tables", data.study.seeds, data.study.scale)
    (out / "numbers.tex").write_text(numbers_tex(data, blocks), encoding="utf-8")
    return blocks


def build_pages(data: ReportData, blocks: Sequence[Block], out: Path) -> None:
    """Writes the HTML page, the PDF and ``report_pages/``, which has each exhibit by itself."""
    from mirage.report.render.html import to_html, to_view
    from mirage.report.render.pdf import to_pdf
    from mirage.report.samples.browser import browser

    for block in blocks:
        if isinstance(block, Table | Figure):
            kind = "figures" if isinstance(block, Figure) else "tables"
            path = out / "report_pages" / kind / f"{block.id}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(to_view(block), encoding="utf-8")
    (out / "report.html").write_text(to_html(data.study, blocks, browser(data)), encoding="utf-8")
    (out / "report.pdf").write_bytes(to_pdf(data.study, blocks))


def build_report(data: ReportData, out: Path) -> None:
    """Writes the whole report into a folder; the same data give the same bytes."""
    out.mkdir(parents=True, exist_ok=True)
    build_pages(data, build_tables(data, out), out)
