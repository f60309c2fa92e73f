"""The paper's tables beside ours: a section per table or figure, never one table with both.

Without ``published: true`` a report is the list of the study's tables; with it, chapters of
``reports/chapters.yaml`` order them, and each section has the published values, the nano
counterpart or why there is none, and the slot for full-scale results.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mirage.contracts import DataError
from mirage.plan.schema.types import Strict
from mirage.report.blocks import Figure, Table, TextBlock
from mirage.report.captions import SOURCES, Caption, changes, parsed, source, validated, words_table
from mirage.report.data import ReportData, StudyInfo
from mirage.report.exhibits.tables import APPENDIX, Block
from mirage.report.paper.full_scale import is_own, measured_tables
from mirage.report.paper.published import Entry, Paper, heading, named, paper, published_table

BlocksById = Mapping[str, Sequence[Block]]
"""Id in a study's ``tables`` -> its blocks."""

DATA_FILES = (
    "../../../../reports/published/check.csv",
    "../../../../reports/published/check.yaml",
)

PROVENANCE = "Provenance"
ANSWER_ID = "answer"
"""Id in ``tables`` of what opens a report, wherever a study lists it."""
ANSWER = "The answer"
"""Its chapter: pages show it before their contents."""
FULL_CLAIMS = "full_claims"
"""Id in ``tables`` after whose results the paper's values stand, each table by itself."""
RESULTS = "Results"
"""Chapter of a report that has no published values beside its own."""
FURTHER = "Further tables and figures"
"""Where tables stand that no chapter names: a user's own, say."""
ORIGIN = (
    "Published values were transcribed from the ICLR 2026 camera-ready (arXiv 2501.18533 version "
    "3), its first version, the released repository and the OpenReview page; each table names its "
    "source. Nano values were measured by this suite. No table holds both.",
    "Commit, devices, versions, dates and minutes of this report are on a page of their own, "
    "provenance.html, because they change between runs that give equal tables.",
)
PRINTED_CHAPTER = "The paper's values"
PRINTED = (
    "What the paper prints for the bases of this study, each table as it stands there: other "
    "training runs, another judge (GPT-4o) and other prompts. None of these numbers was measured "
    "by this suite, and no table holds both.",
)


class Chapter(Strict):
    """A chapter of the report.

    Attributes:
        paper: Ids of ``paper.yaml``, in order.
        own: Ids of report tables that answer none of the paper's.
        heading: Section of those, where the chapter has both.
        study: Where those are, for reports that lack them all; empty if every report has some.
    """

    title: str
    paper: list[str]
    own: list[str]
    heading: str = ""
    study: str = ""


def chapters() -> tuple[Chapter, ...]:
    """Returns the chapters of ``reports/chapters.yaml``.

    Raises:
        DataError: The file is gone or broken, or names a table that ``paper.yaml`` lacks.
    """
    listed = validated(list[Chapter], source("chapters.yaml"), "reports/chapters.yaml")
    known = paper().entries
    for chapter in listed:
        if chapter.study and not chapter.own:
            raise DataError(
                f"reports/chapters.yaml, {chapter.title}: 'study' says where tables of 'own' are, "
                "and there are none. Take 'study' out."
            )
        lost = [key for key in chapter.paper if key not in known]
        if lost:
            raise DataError(
                f"reports/chapters.yaml, {chapter.title}: reports/paper.yaml has no "
                f"{', '.join(lost)}. Correct either."
            )
    return tuple(listed)


def arranged(study: StudyInfo, blocks_by_id: BlocksById) -> list[Block]:
    """Orders a study's blocks, with the paper's beside them where the study asks for it.

    Args:
        study: The study.
        blocks_by_id: Its nano blocks.

    Raises:
        DataError: A file of ``reports/`` is broken.
    """
    opening = [replace(block, chapter=ANSWER) for block in blocks_by_id.get(ANSWER_ID, ())]
    blocks_by_id = {name: some for name, some in blocks_by_id.items() if name != ANSWER_ID}
    if study.published:
        blocks = _in_chapters(study, blocks_by_id)
    else:
        flat = (block for some in blocks_by_id.values() for block in _figures_first(some))
        blocks = [_placed(block, "", RESULTS) for block in flat]
        blocks += _published_values(study) if FULL_CLAIMS in blocks_by_id else []
    return [*opening, *sorted(blocks, key=lambda block: block.chapter == APPENDIX)]


def _published_values(study: StudyInfo) -> Iterator[Block]:
    """Yields the paper's tables that the study measures, its bases' rows alone, behind our own."""
    yield TextBlock("published_values", "", PRINTED, chapter=PRINTED_CHAPTER)
    for key in measured_tables(study):
        table = published_table(paper(), key, lambda row: is_own(study, row))
        if table is not None:
            yield _placed(table, "", PRINTED_CHAPTER)


def _figures_first(blocks: Iterable[Block]) -> list[Block]:
    return sorted(blocks, key=lambda block: not isinstance(block, Figure))


def _placed(block: Block, section: str, chapter: str) -> Block:
    """Returns a block below its headings; what belongs to the appendix keeps its section there."""
    return replace(block, section=section, chapter=block.chapter or chapter)


def _in_chapters(study: StudyInfo, blocks_by_id: BlocksById) -> list[Block]:
    published, order = paper(), chapters()
    placed = {t for c in order for t in c.own} | {
        t for e in published.entries.values() for t in e.nano
    }
    lost = [name for name in blocks_by_id if name not in placed]
    blocks = [
        block for chapter in order for block in _chapter(published, chapter, study, blocks_by_id)
    ]
    blocks += [_placed(b, "", FURTHER) for name in lost for b in _figures_first(blocks_by_id[name])]
    return [*blocks, TextBlock("provenance", "", ORIGIN, chapter=PROVENANCE)]


def _chapter(
    published: Paper, chapter: Chapter, study: StudyInfo, blocks_by_id: BlocksById
) -> Iterator[Block]:
    for key in chapter.paper:
        section = f"{heading(key)}: {published.entries[key].title}".removeprefix(": ")
        for block in _section(published, key, study, blocks_by_id):
            yield _placed(block, section, chapter.title)
    for name in chapter.own:
        for block in _figures_first(blocks_by_id.get(name, ())):
            yield _placed(block, chapter.heading, chapter.title)
    if chapter.study and not any(name in blocks_by_id for name in chapter.own):
        words = (
            f"In the report of the study {chapter.study}, not of the study {study.name} "
            f"(snakemake --config study={chapter.study}).",
        )
        yield TextBlock(f"elsewhere_{chapter.own[0]}", "", words, chapter.heading, chapter.title)


def _section(
    published: Paper, key: str, study: StudyInfo, blocks_by_id: BlocksById
) -> Iterator[Block]:
    entry = published.entries[key]
    nano = [
        block
        for name in entry.nano
        for block in blocks_by_id.get(name, ())
        if not entry.only or block.id.removesuffix("_figure") in entry.only
    ]
    yield from (block for block in nano if isinstance(block, Figure))
    table = published_table(published, key)
    if table is not None:
        yield table
    else:
        words = (entry.setting, *(published.flags[flag] for flag in entry.flags))
        yield TextBlock(f"published_{key}", "Published", words)
    yield from (block for block in nano if not isinstance(block, Figure))
    here = any(name in blocks_by_id for name in entry.nano)
    yield TextBlock(f"slot_{key}", "", tuple(_words(entry, study, here)), slot=True)


def _words(entry: Entry, study: StudyInfo, here: bool) -> Iterator[str]:
    """What stands below the tables of a section: counterparts elsewhere or none, and the slot."""
    if entry.absent is not None:
        yield f"No nano counterpart: {entry.absent}"
    elif not here:
        yield (
            f"Nano counterpart: in the study {entry.study}, not part of the study {study.name} "
            f"(snakemake --config study={entry.study})."
        )
    if entry.without:
        yield f"Parts without a nano counterpart: {entry.without}"
    yield f"Full scale (this suite): not run yet; {entry.full}."


def published_check(data: ReportData, caption: Caption) -> Table:
    """Every published cell that fails a recomputation, with what would fit; computed once."""
    del data
    folder = SOURCES / "published"
    totals = parsed(folder / "check.yaml")["totals"]
    with (folder / "check.csv").open(encoding="utf-8", newline="") as file:
        _, *failing = csv.reader(file)
    failed = Counter(row[4] for row in failing)
    names = ("table", "row", "column", "printed", "check", "expected", "note")
    rows = [(named(table), *cells) for table, *cells in failing]
    note = (
        "Recomputed and failing, by check: "
        + "; ".join(f"{name}: {failed[name]} of {total}" for name, total in totals.items())
        + ". k/n: a whole number out of n items; when cut: if further digits were cut off, not "
        "rounded."
    )
    rules = changes([row[4] for row in failing])
    return words_table("published_check", caption, names, rows, rules, [note])
