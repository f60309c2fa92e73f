"""A table as CSV, LaTeX (booktabs) and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mirage.report.blocks import Cell, Column, Number, Table, Text, own_n
from mirage.report.escape import csv_cell, latex, markdown
from mirage.report.render.long_csv import has_values, to_long_csv
from mirage.report.scale import Scale


def write_table(table: Table, folder: Path, seeds: Sequence[int], scale: Scale = "nano") -> None:
    """Writes ``<id>.csv``, ``<id>.tex``, ``<id>.md`` and, where it has values, ``long/<id>.csv``.

    Args:
        table: The table.
        folder: Where to.
        seeds: Of the study, ascending.
        scale: Of the study; labels and macros of LaTeX begin with it.
    """
    (folder / "long").mkdir(parents=True, exist_ok=True)
    if has_values(table):
        long = to_long_csv(table, seeds)
        (folder / "long" / f"{table.id}.csv").write_text(long, encoding="utf-8", newline="")
    for suffix, text in (
        ("csv", to_csv(table)),
        ("tex", to_latex(table, scale)),
        ("md", to_markdown(table)),
    ):
        (folder / f"{table.id}.{suffix}").write_text(text, encoding="utf-8", newline="")


def to_csv(table: Table) -> str:
    """Returns CSV: a number becomes four columns, value, low, high and n, at full precision.

    What was printed elsewhere becomes one column with the digits printed, and ``... flags`` beside
    it where a cell has any: ids of ``reports/published/flags.yaml``, separated by blanks. A column
    of means has their bases' values beside it, in the order of the seeds, with blanks between. A
    table with a warning has it in a last column, in every row. One that stands for many seeds
    becomes the rows of each seed.
    """
    if table.by_seed is not None:
        return to_csv(replace(table.by_seed, warning=table.warning))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    flagged = [_more(table, at) for at in range(len(table.columns))]
    heads = zip(table.columns, flagged, strict=True)
    names = [name for column, more in heads for name in _csv_names(column, more)]
    warning = [csv_cell(table.warning)] if table.warning else []
    writer.writerow([*names, *(["warning"] if warning else [])])
    for row in table.rows:
        cells = zip(row, table.columns, flagged, strict=True)
        writer.writerow([*(value for each in cells for value in _csv_values(*each)), *warning])
    return text.getvalue()


def _more(table: Table, at: int) -> bool:
    """Whether a column needs one more: flags of what was printed, or values base by base."""
    cells = [row[at] for row in table.rows]
    if table.columns[at].printed:
        return any(cell.flags for cell in cells)
    return any(isinstance(cell, Number) and cell.by_base for cell in cells)


def _csv_names(column: Column, more: bool) -> list[str]:
    name = f"{column.group} {column.name}".strip()
    if column.printed:
        return [name, f"{name} flags"] if more else [name]
    limits = [] if column.is_text or column.bare else [f"{name} low", f"{name} high", f"{name} n"]
    return [name, *limits, *([f"{name} base by base"] if more else [])]


def _csv_values(cell: Cell, column: Column, more: bool) -> list[str]:
    if column.printed:
        return [_csv_printed(cell), " ".join(cell.flags)][: 1 + more]
    if isinstance(cell, Text):
        return [csv_cell(cell.said)] + ([] if column.is_text else [""] * (3 + more))
    parts = [cell.value] if column.bare else [cell.value, cell.low, cell.high, cell.n]
    by_base = [" ".join(map(repr, cell.by_base))] if more else []
    return [*("" if p is None else repr(p) for p in parts), *by_base]


def _csv_printed(cell: Cell) -> str:
    if isinstance(cell, Text):
        return csv_cell(cell.said)
    return "" if cell.value is None else cell.shown.replace("−", "-")


def to_latex(table: Table, scale: Scale = "nano") -> str:
    r"""Returns a ``table`` float; it needs booktabs and the macros of ``numbers.tex``."""
    columns = "".join("l" if c.is_text else "r" for c in table.columns)
    star = "*" if len(table.columns) > 8 else ""
    lines = [
        f"\\begin{{table{star}}}[t]",
        "\\centering\\small",
        f"\\caption{{\\textbf{{{latex(table.title)}.}} {latex(table.caption)} "
        f"{latex(table.reading)}}}",
        f"\\label{{tab:{_label(table.id, scale)}}}",
        f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        "\\toprule",
    ]
    if table.has_groups():
        lines += _latex_groups(table)
    lines.append(" & ".join(_latex_heading(c, scale) for c in table.columns) + r" \\")
    lines.append("\\midrule")
    for place, row in enumerate(table.rows):
        if place in table.rules:
            lines.append("\\midrule")
        cells = zip(row, table.columns, strict=True)
        lines.append(
            " & ".join(_latex_cell(cell, column, scale) for cell, column in cells) + r" \\"
        )
    lines += ["\\bottomrule", "\\end{tabular}"]
    notes = [*table.notes, *(f"{d.term}: {d.text}" for d in table.definitions)]
    if notes:
        lines.append(f"\\\\[2pt] {{\\footnotesize {latex(' '.join(notes))}}}")
    lines.append(f"\\end{{table{star}}}")
    return "\n".join(lines) + "\n"


def _label(name: str, scale: Scale) -> str:
    """The label says whose numbers they are, as the id of a published table does already."""
    plain = name.replace("_", "-")
    return plain if plain.startswith("published-") else f"{scale}-{plain}"


def _latex_groups(table: Table) -> list[str]:
    heads, rules, at = [], [], 1
    for name, span in table.groups():
        heads.append(
            f"\\multicolumn{{{span}}}{{c}}{{{latex(name)}}}" if name else " & " * (span - 1)
        )
        if name:
            rules.append(f"\\cmidrule(lr){{{at}-{at + span - 1}}}")
        at += span
    return [" & ".join(heads) + r" \\", "".join(rules)]


def _latex_heading(column: Column, scale: Scale) -> str:
    if column.n is None:
        return latex(column.name)
    return f"\\{scale}head{{{latex(column.name)}}}{{{column.n}}}"


def _latex_cell(cell: Cell, column: Column, scale: Scale) -> str:
    if isinstance(cell, Text):
        return f"\\textbf{{{latex(cell.text)}}}" if cell.strong else latex(cell.text)
    value = f"\\textbf{{{latex(cell.shown)}}}" if cell.strong else latex(cell.shown)
    value += f"\\textsuperscript{{{latex(cell.mark)}}}" if cell.mark else ""
    below = ", ".join(x for x in (latex(cell.interval), latex(own_n(cell, column))) if x)
    return f"\\{scale}rate{{{value}}}{{{below}}}" if below else value


def to_markdown(table: Table) -> str:
    """Returns a heading, the words, a pipe table and the notes."""
    heads = [markdown(_markdown_heading(c)) for c in table.columns]
    marks = ["---" if c.is_text else "---:" for c in table.columns]
    lines = [f"### {markdown(table.title)}", "", markdown(table.caption), ""]
    lines += [f"*How to read it:* {markdown(table.reading)}", ""]
    lines += [f"| {' | '.join(heads)} |", f"| {' | '.join(marks)} |"]
    for row in table.rows:
        cells = zip(row, table.columns, strict=True)
        lines.append(f"| {' | '.join(_markdown_cell(c, column) for c, column in cells)} |")
    notes = [markdown(note) for note in table.notes]
    notes += [f"**{markdown(d.term)}:** {markdown(d.text)}" for d in table.definitions]
    if notes:
        lines += ["", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def _markdown_heading(column: Column) -> str:
    name = f"{column.group}: {column.name}" if column.group else column.name
    return name if column.n is None else f"{name} (n = {column.n})"


def _markdown_cell(cell: Cell, column: Column) -> str:
    if isinstance(cell, Number):
        value = f"**{markdown(cell.shown)}**" if cell.strong else markdown(cell.shown)
        value += f"<sup>{markdown(cell.mark)}</sup>" if cell.mark else ""
        extra = " ".join(x for x in (cell.interval, own_n(cell, column)) if x)
        return f"{value} {markdown(extra)}".strip()
    return f"**{markdown(cell.text)}**" if cell.strong else markdown(cell.text)
