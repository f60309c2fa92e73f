"""Known answers: whether what is large in the paper appears here, before finer claims are read."""

from __future__ import annotations

from typing import Any

from mirage.report.blocks import Cell, Column, Table, Text, TextBlock
from mirage.report.captions import Caption, captioned, changes, source
from mirage.report.data import ReportData
from mirage.report.exhibits.claims import printed_pair
from mirage.report.exhibits.over_seeds import base_by_base
from mirage.report.exhibits.rate_table import empty
from mirage.report.paper.published import paper
from mirage.score.means import parsed
from mirage.score.paper_contrasts import (
    AGREE,
    DISAGREE,
    MIXED,
    NOT_RUN,
    NOTHING,
    NanoContrast,
    agreement,
)

DATA_FILES = ("../../../../reports/known_answers.yaml",)

ANSWERS = {
    DISAGREE: "the other way round, on every base",
    MIXED: "turns with the base",
    AGREE: "appears, on every base",
    NOT_RUN: "not run in this study",
    NOTHING: "no nano counterpart",
}
"""What is said of a large effect, in the order of the rows."""

ON_ONE_BASE = {
    DISAGREE: "the other way round, on this base",
    MIXED: "no difference on this base",
    AGREE: "appears, on this base",
}
"""What is said of it where it was read on one base."""

ONE_BASE = (
    "One base: the sign alone is read, of small differences too. Studies known_answers and confirm "
    "read three and ten."
)


def known_answers(data: ReportData, caption: Caption) -> Table | TextBlock:
    """A row per large published effect: does it appear, and why not; the paper's side in words."""
    known: dict[str, Any] = source("known_answers.yaml")
    printed = {": ".join((c.table, c.row, c.column)): c.value for c in paper().cells}
    large = [
        (row, difference)
        for row in data.scores.paper_contrasts
        if (difference := _difference(row, printed)) is not None
        and abs(difference) >= known["at_least"]
    ]
    if not large:
        return empty("known_answers", caption, data)
    answers = list(ANSWERS)
    ranked = sorted(
        ((agreement(difference, row), difference, row) for row, difference in large),
        key=lambda each: (answers.index(each[0]), -abs(each[1])),
    )
    rows: list[tuple[Cell, ...]] = []
    for answer, difference, row in ranked:
        said = ANSWERS | ON_ONE_BASE if row.n_seeds == 1 else ANSWERS
        rows.append(
            (
                Text(printed_pair(row)),
                Text("higher" if difference > 0 else "lower"),
                Text(base_by_base(parsed(row.per_seed))),
                Text(said[answer], strong=answer == AGREE),
                Text(_why(row, answer, known["mechanisms"])),
            )
        )
    columns = [
        Column("effect", is_text=True),
        Column("paper, a − b", is_text=True),
        Column("here, base by base", is_text=True),
        Column("does it appear?", is_text=True),
        Column("why not", is_text=True),
    ]
    rules = changes([answer for answer, _, _ in ranked])
    notes = [ONE_BASE] if len(data.study.seeds) == 1 else []
    return captioned("known_answers", caption, columns, rows, rules, notes)


def _difference(row: NanoContrast, printed: dict[str, str]) -> float | None:
    a, b = printed.get(row.a, ""), printed.get(row.b, "")
    return float(a) - float(b) if a and b else None


def _why(row: NanoContrast, answer: str, mechanisms: dict[str, str]) -> str:
    if answer == NOTHING:
        return row.reason
    if answer == NOT_RUN:
        return f"not run: {row.missing}"
    if answer == AGREE:
        return ""
    return mechanisms.get(row.contrast, "no mechanism found yet")
