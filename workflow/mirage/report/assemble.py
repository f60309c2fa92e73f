"""From report data to all files: what the stage and the rebuild from the tracking store share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mirage.contracts import DataError
from mirage.report import exhibits as nano
from mirage.report.blocks import Figure, Table
from mirage.report.captions import Caption, caption, setting_facts
from mirage.report.data import ReportData
from mirage.report.exhibits import contrasts as lists
from mirage.report.exhibits import outcome_figures as figures
from mirage.report.exhibits import outcomes as tables
from mirage.report.paper import side_by_side as pages
from mirage.report.paper.side_by_side import Block
from mirage.report.render.tex_macros import numbers_tex
from mirage.report.render.writers import write_table
from mirage.report.samples.gallery import Gallery, as_table, gallery

Maker = Callable[[ReportData, Caption], Block]

BLOCKS: dict[str, Mapping[str, Maker]] = {
    "fig4": {"fig4": figures.outcomes, "fig4_values": tables.fig4},
    "asr_vs_overrefusal": {"asr_vs_overrefusal": figures.asr_vs_overrefusal},
    "corners": {"corners": tables.corners},
    "harmless": {"harmless": tables.harmless},
    "failures": {"failures": tables.failures},
    "discrimination": {"discrimination": tables.discrimination},
    "table2": {"table2": tables.table2},
    "table11": {"table11": tables.table11},
    "table12": {"table12": tables.table12},
    "contrasts": {"contrasts": lists.contrasts},
    "formats": {"formats": tables.formats},
    "skills": {"skills": tables.skills},
    "categories": {"categories": tables.categories},
    "gates": {"gates": lists.gates},
    "hazards": {"hazards": lists.hazards},
    "gallery": {"gallery": gallery},
    "published_check": {"published_check": pages.published_check},
    **nano.MAKERS,
}
"""Id in a study's ``tables`` -> what it puts into the report, by the entry of ``captions.yaml``."""


def blocks_of(data: ReportData) -> list[Block]:
    """Returns all tables and figures of the study, in its order or in chapters.

    Raises:
        DataError: The study lists a table that does not exist, or published values are broken.
    """
    unknown = [name for name in data.study.tables if name not in BLOCKS]
    if unknown:
        raise DataError(
            f"study {data.study.name}: no table {', '.join(unknown)}; there are "
            f"{', '.join(BLOCKS)}. Correct 'tables' in conf/study/{data.study.name}.yaml."
        )
    facts = setting_facts(data)
    made = {
        name: [make(data, caption(words, facts)) for words, make in BLOCKS[name].items()]
        for name in data.study.tables
    }
    return pages.arranged(data.study, made)


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
            write_table(block, out / "tables")
        elif isinstance(block, Gallery) and block.quads:
            write_table(as_table(block), out / "tables")
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
