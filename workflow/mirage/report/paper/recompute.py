"""What can be recomputed from published numbers alone, and which printed cells fail it.

Of two prints of one quantity that differ both fail, though one of them may be right.
``reports/published/checks.yaml`` says what is recomputed from what. A value stands for every number
that rounds to it, so a check fails only where no such number fits. Exact decimals, no floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import groupby
from pathlib import Path

from mirage.contracts import DataError
from mirage.plan.schema.types import Strict
from mirage.report.captions import SOURCES, parsed, validated
from mirage.report.paper.published import Paper, Printed, is_number, named

SMALL = 300
"""Items up to which counts leave few percentages, so that a near denominator says much."""


class Outcomes(Strict):
    """Tables whose parts sum to 100 in each split."""

    tables: list[str]
    splits: list[str]
    parts: list[str]


class Averages(Strict):
    """Tables with a printed mean."""

    tables: list[str]
    parts: list[str]
    mean: str


class Shares(Strict):
    """A column of shares and, by method, the two sizes it follows from."""

    column: str
    methods: dict[str, tuple[int, int]]


class Difference(Strict):
    """A cell (table, row, column) that is a difference of two cells (table, row, row, column)."""

    cell: tuple[str, str, str]
    of: list[tuple[str, str, str, str]]


class Checks(Strict):
    """What is recomputed.

    Attributes:
        items: Column -> possible numbers of items.
        total: Items of the test set, for Table 3.
        same_row: Printed row or base -> the name it has elsewhere.
        same_column: Likewise for columns.
        no_repeat: Tables whose cells repeat no other table's.
        items_of: Base -> column -> possible numbers of its items, where they are others.
    """

    items: dict[str, list[int]]
    outcomes: Outcomes
    averages: Averages
    total: int
    shares: Shares
    differences: list[Difference]
    same_row: dict[str, str]
    same_column: dict[str, str]
    no_repeat: list[str]
    items_of: dict[str, dict[str, list[int]]]


@dataclass(frozen=True)
class Finding:
    """One recomputed cell.

    Attributes:
        printed: As printed, or the printed parts' sum.
        check: Name of the check.
        expected: What would be right.
        fails: False where the cell can be right.
        note: What else is known of it.
    """

    table: str
    row: str
    column: str
    printed: str
    check: str
    expected: str
    fails: bool
    note: str = ""


def checks(folder: Path = SOURCES) -> Checks:
    """Reads ``published/checks.yaml``.

    Raises:
        DataError: It is gone or broken.
    """
    path = folder / "published" / "checks.yaml"
    return validated(Checks, parsed(path), str(path))


def recompute(paper: Paper, wanted: Checks) -> list[Finding]:
    """Returns every recomputed cell, failing or not, check by check.

    Raises:
        DataError: A check names a cell that is not there or holds no number.
    """
    kinds: tuple[Callable[[Paper, Checks], Iterable[Finding]], ...] = (
        _sums, _averages, _counts, _table3, _shares, _differences, _repeats,
    )  # fmt: skip
    return [finding for kind in kinds for finding in kind(paper, wanted)]


def slack(printed: str) -> Decimal:
    """Returns how far a number may be from its printed, rounded form."""
    return Decimal(1).scaleb(-len(printed.partition(".")[2])) / 2


def counts_that_fit(printed: str, n: int) -> bool:
    """Tells whether some count out of ``n`` is printed so, in percent."""
    value, half = Decimal(printed), slack(printed)
    count = (value * n / 100).to_integral_value(ROUND_HALF_UP)
    return any(abs(100 * k / n - value) <= half for k in (count - 1, count, count + 1))


def _cut(printed: str, n: int) -> bool:
    """Tells whether some count out of ``n`` is printed so when digits are cut, not rounded."""
    value, step = Decimal(printed), 2 * slack(printed)
    count = (value * n / 100).to_integral_value(ROUND_FLOOR)
    return any((100 * k / n // step) * step == value for k in (count, count + 1))


def _sums(paper: Paper, wanted: Checks) -> Iterator[Finding]:
    rule = wanted.outcomes
    for table in rule.tables:
        for row, cells in _rows(paper, table):
            for split in rule.splits:
                parts = [
                    _number(cells, f"{split} {part}", "outcomes", table, row) for part in rule.parts
                ]
                yield _sum(parts, Decimal(100), f"{split} sum", "sum of four", row)


def _sum(parts: list[Printed], want: Decimal, column: str, check: str, row: str) -> Finding:
    total = sum((Decimal(c.value) for c in parts), Decimal(0))
    fails = abs(total - want) > sum((_half(c) for c in parts), Decimal(0))
    return Finding(parts[0].table, row, column, str(total), check, str(want), fails)


def _half(cell: Printed) -> Decimal:
    """Shares of 100 items and counts are exact as integers; nothing was rounded."""
    return Decimal(0) if "." not in cell.value else slack(cell.value)


def _averages(paper: Paper, wanted: Checks) -> Iterator[Finding]:
    rule = wanted.averages
    for table in rule.tables:
        for row, cells in _rows(paper, table):
            parts = [_number(cells, c, "averages", table, row).value for c in rule.parts]
            printed = _number(cells, rule.mean, "averages", table, row).value
            mean = sum((Decimal(p) for p in parts), Decimal(0)) / len(parts)
            rounding = sum((slack(p) for p in parts), Decimal(0)) / len(parts) + slack(printed)
            fails = abs(mean - Decimal(printed)) > rounding
            expected = str(mean.quantize(Decimal("0.001")))
            check = "mean"
            yield Finding(table, row, rule.mean, printed, check, expected, fails)


def _counts(paper: Paper, wanted: Checks) -> Iterator[Finding]:
    common = _by_quantity(wanted.items, wanted)
    of_base = {base: _by_quantity(items, wanted) for base, items in wanted.items_of.items()}
    for cell in paper.cells:
        base, column = _base(cell.row, wanted), _column(cell.column, wanted)
        sizes = of_base.get(base, {}).get(column) or common.get(column, [])
        if not sizes or not cell.value:
            continue
        fails = not any(counts_that_fit(cell.value, n) for n in sizes)
        expected = " or ".join(f"k/{n}" for n in sizes)
        note = _why_not(cell.value, sizes) if fails else ""
        yield Finding(
            cell.table, cell.row, cell.column, cell.value, "item count", expected,
            fails, note,
        )  # fmt: skip


def _by_quantity(items: Mapping[str, list[int]], wanted: Checks) -> dict[str, list[int]]:
    return {_column(name, wanted): sizes for name, sizes in items.items()}


def _column(name: str, wanted: Checks) -> str:
    return wanted.same_column.get(name, name)


def _base(row: str, wanted: Checks) -> str:
    base = row.partition(" + ")[0]
    return wanted.same_row.get(base, base)


def _why_not(printed: str, sizes: list[int]) -> str:
    cut = [n for n in sizes if _cut(printed, n)]
    if cut:
        return f"fits k/{cut[0]} when cut"
    near = [m for n in sizes if n <= SMALL for m in range(n - 5, n) if counts_that_fit(printed, m)]
    return f"would fit {' or '.join(f'k/{m}' for m in near)}" if near else ""


def _table3(paper: Paper, wanted: Checks) -> Iterator[Finding]:
    cells = {
        (row, column): _number(below, column, "total", "table3", row)
        for row, below in _rows(paper, "table3")
        for column in ("n", "%")
    }
    rows = list(dict.fromkeys(row for row, _ in cells))
    total = Decimal(wanted.total)
    tops = [row for row in rows if " / " not in row]
    for top in tops:
        below = [cells[row, "n"] for row in rows if row.startswith(f"{top} / ")]
        want = Decimal(cells[top, "n"].value)
        yield _sum(below, want, "n", "count sum", top)
    every = [cells[top, "n"] for top in tops]
    yield _sum(every, total, "n", "count sum", "all categories")
    for row in rows:
        printed = cells[row, "%"].value
        share = 100 * Decimal(cells[row, "n"].value) / total
        fails = abs(share - Decimal(printed)) > slack(printed)
        expected = str(share.quantize(Decimal("0.0001")))
        yield Finding("table3", row, "%", printed, "share of test", expected, fails)


def _shares(paper: Paper, wanted: Checks) -> Iterator[Finding]:
    for cell in paper.cells:
        sizes = wanted.shares.methods.get(cell.row.partition(" + ")[2])
        if cell.column != wanted.shares.column or not cell.value or sizes is None:
            continue
        share = 100 * Decimal(sizes[0]) / sizes[1]
        fails = abs(share - Decimal(cell.value)) > slack(cell.value)
        expected = f"{share.quantize(Decimal('0.001'))} ({sizes[0]:,} of {sizes[1]:,})"
        yield Finding(
            cell.table, cell.row, cell.column, cell.value, "general share", expected, fails
        )


def _differences(paper: Paper, wanted: Checks) -> Iterator[Finding]:
    at = {(c.table, c.row, c.column): c for c in paper.cells}

    def value(table: str, row: str, column: str) -> str:
        cells = {c: cell for (t, r, c), cell in at.items() if (t, r) == (table, row)}
        return _number(cells, column, "differences", table, row).value

    for rule in wanted.differences:
        printed = value(*rule.cell)
        pairs = [(value(t, a, c), value(t, b, c)) for t, a, b, c in rule.of]
        found = [abs(Decimal(a) - Decimal(b)) for a, b in pairs]
        fails = all(
            abs(value - Decimal(printed)) > slack(a) + slack(b) + slack(printed)
            for value, (a, b) in zip(found, pairs, strict=True)
        )
        expected = " or ".join(str(value) for value in found)
        yield Finding(*rule.cell, printed, "difference", expected, fails)


def _repeats(paper: Paper, wanted: Checks) -> Iterator[Finding]:
    def quantity(cell: Printed) -> tuple[str, str]:
        _, plus, method = cell.row.partition(" + ")
        row = _base(cell.row, wanted) + plus + method
        return wanted.same_row.get(row, row), _column(cell.column, wanted)

    kept = [c for c in paper.cells if c.value and c.table not in wanted.no_repeat]
    kept = [c for c in kept if c.unit == "%"]
    for _, group in groupby(sorted(kept, key=quantity), key=quantity):
        same = list(group)
        for cell in same if len(same) > 1 else ():
            other = [o for o in same if o != cell and not _agree(cell.value, o.value)]
            expected = ", ".join(f"{o.value} in {named(o.table)}" for o in other) or cell.value
            yield Finding(
                cell.table, cell.row, cell.column, cell.value, "printed twice", expected,
                bool(other),
            )  # fmt: skip


def _agree(one: str, two: str) -> bool:
    """Tells whether two prints can be of one number; 42.8 and 42.83 can."""
    return abs(Decimal(one) - Decimal(two)) <= slack(one) + slack(two) - min(slack(one), slack(two))


def _rows(paper: Paper, table: str) -> Iterator[tuple[str, dict[str, Printed]]]:
    for row, cells in groupby(paper.of(table), key=lambda cell: cell.row):
        yield row, {cell.column: cell for cell in cells}


def _number(cells: Mapping[str, Printed], column: str, check: str, table: str, row: str) -> Printed:
    """Returns a row's cell that a check needs."""
    cell = cells.get(column)
    if cell is None or not is_number(cell.value):
        told = "no cell" if cell is None else f"no number ({cell.value!r}) as"
        raise DataError(
            f"reports/published/checks.yaml, {check}: {table}, row {row!r}, has {told} {column!r}. "
            "Correct it there or in the CSV."
        )
    return cell
