"""``numbers.tex``: every number as a LaTeX macro, and the macros that the tables use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mirage.report.blocks import Cell, Column, Number, Table, Text, signed
from mirage.report.data import Measure, ReportData, StudyInfo
from mirage.report.escape import latex
from mirage.report.scale import Scale
from mirage.score.rates import Rate

HEAD = r"""% %WHOSE% of study %STUDY%. A macro is \%SCALE%<Recipe><Suite><Corner><Metric>, with
% the endings Low, High and N for the limits (of a mean the lowest and the highest base) and the
% number of items; a number of a table is
% also \%SCALE%Table<Id><Row><Column>, its limits those of the table. Input this file before the
% tables: they use \%SCALE%rate, \%SCALE%head and the packages booktabs and fontenc with option T1.
\providecommand{\%SCALE%rate}[2]{\begin{tabular}[c]{@{}r@{}}#1\\[-3pt]{\tiny #2}\end{tabular}}
\providecommand{\%SCALE%head}[2]{\begin{tabular}[b]{@{}r@{}}#1\\[-3pt]{\tiny $n = #2$}\end{tabular}}
"""
PUBLISHED = "published_"
"""Ids of tables that hold the paper's numbers, which were not measured here."""

DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def numbers_tex(data: ReportData, blocks: Sequence[object] = ()) -> str:
    """Returns the file's text; TeX names hold letters only, so digits are spelled.

    Args:
        data: The overall rates of models that have a row, and all means, each get a macro.
        blocks: The report's; each number of a table of theirs gets one as well.
    """
    trained = data.study.trained
    names = {model.recipe for model in trained}
    rows = {model.name for model in data.study.rows(trained)}
    scale = data.study.scale
    whose = "Nano numbers" if scale == "nano" else "Numbers"
    head = HEAD.replace("%WHOSE%", whose).replace("%SCALE%", scale)
    lines = [head.replace("%STUDY%", latex(data.study.name))]
    measures: list[Measure] = [*data.rates.of(rows), *data.scores.means]
    for rate in measures:
        if rate.group_by == "all" and rate.recipe in names and rate.value is not None:
            lines += _macros(rate, data.study)
    for block in blocks:
        if isinstance(block, Table) and not block.id.startswith(PUBLISHED):
            lines += _of_table(block, scale)
    return "".join(lines)


def _of_table(table: Table, scale: Scale) -> Iterator[str]:
    """Yields the macros of a table's numbers; a name taken already gets the number of its row."""
    used: set[str] = set()
    for place, (row, name) in enumerate(zip(table.rows, _row_names(table), strict=True)):
        for column, cell in zip(table.columns, row, strict=True):
            if not isinstance(cell, Number) or cell.value is None:
                continue
            words = ("table", table.id.removeprefix("table"), name, column.group, column.name)
            macro = scale + "".join(_camel(w) for w in words)
            if macro in used:
                macro += _camel(f"row {place + 1}")
            used.add(macro)
            yield from _values(macro, cell)


def _values(macro: str, cell: Number) -> Iterator[str]:
    values = {"": cell.value, "Low": cell.low, "High": cell.high}
    for end, value in values.items():
        if value is not None:
            yield f"\\newcommand{{\\{macro}{end}}}{{{latex(signed(value, cell.digits))}}}\n"
    if cell.n is not None:
        yield f"\\newcommand{{\\{macro}N}}{{{cell.n}}}\n"


def _row_names(table: Table) -> list[str]:
    """The text of as many leading text columns as it takes to tell the rows apart."""
    texts = [_texts(row, table.columns) for row in table.rows]
    most = max((len(t) for t in texts), default=0)
    for count in range(1, most + 1):
        names = [" ".join(t[:count]) for t in texts]
        if len(set(names)) == len(names):
            return names
    return [" ".join(t) for t in texts]


def _texts(row: Sequence[Cell], columns: Sequence[Column]) -> list[str]:
    pairs = zip(row, columns, strict=True)
    return [cell.text for cell, column in pairs if column.is_text and isinstance(cell, Text)]


def _macros(rate: Measure, study: StudyInfo) -> list[str]:
    assert rate.value is not None
    seed = f"seed {rate.seed}" if isinstance(rate, Rate) else "mean"
    words = [
        rate.recipe,
        rate.config if len(study.configs) > 1 else "",
        seed if len(study.seeds) > 1 else "",
        rate.suite,
        rate.corner,
        rate.metric,
    ]
    name = study.scale + "".join(_camel(w) for w in words)
    values = {"": rate.value, "Low": rate.low, "High": rate.high}
    macros = [
        f"\\newcommand{{\\{name}{end}}}{{{latex(signed(v, 1))}}}\n"
        for end, v in values.items()
        if v is not None
    ]
    return [*macros, f"\\newcommand{{\\{name}N}}{{{rate.n}}}\n"]


def _camel(words: str) -> str:
    spelled = "".join(DIGITS[int(c)] if c in "0123456789" else c for c in words)
    letters = "".join(c if c.isascii() and c.isalpha() else " " for c in spelled)
    return "".join(part[0].upper() + part[1:] for part in letters.split())
