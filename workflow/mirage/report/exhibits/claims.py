"""The claims with their verdicts, and the paper's contrasts against their nano counterparts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mirage.report.blocks import Cell, Column, Number, Table, Text, TextBlock
from mirage.report.captions import Caption, captioned, changes
from mirage.report.data import ReportData
from mirage.report.exhibits.rate_table import empty
from mirage.report.paper.published import paper
from mirage.score.claims.parts import ClaimPart
from mirage.score.claims.verdicts import HOLDS, ClaimVerdict
from mirage.score.paper_contrasts import (
    AGREE,
    DISAGREE,
    NOT_RUN,
    NOTHING,
    UNCLEAR,
    NanoContrast,
    agreement,
    agreement_rate,
)

ORDER = (DISAGREE, UNCLEAR, AGREE, NOT_RUN, NOTHING)
"""What comes first on the page: what speaks against the paper, or against us."""


def claims(data: ReportData, caption: Caption) -> Table | TextBlock:
    """A row per claim: verdict, why, gates, seeds."""
    verdicts = data.scores.claim_verdicts
    if not verdicts:
        return empty("claims", caption, data)
    rows: list[tuple[Cell, ...]] = [
        (
            Text(v.claim),
            Text(v.text),
            Text(_verdict(v), strong=v.verdict == HOLDS),
            Text(v.reason),
            Number(v.p_holm, digits=4),
            Text(_seeds(v.seeds)),
            Text(_passed(v)),
        )
        for v in verdicts
    ]
    columns = [
        *(Column(name, is_text=True) for name in ("id", "claim", "verdict", "why")),
        Column("p (Holm)", bare=True),
        Column("seeds", is_text=True),
        Column("seeds with all gates passed", is_text=True),
    ]
    notes = (*_hash(verdicts[0].sha256, "claims.yaml"), *_flags(verdicts))
    return captioned("claims", caption, columns, rows, changes([v.family for v in verdicts]), notes)


def _verdict(verdict: ClaimVerdict) -> str:
    return f"{verdict.verdict} (provisional)" if verdict.provisional == "yes" else verdict.verdict


def _seeds(seeds: str) -> str:
    """``100 101 102`` as ``100 to 102``."""
    names = [int(s) for s in seeds.split()]
    if len(names) > 2 and names == list(range(names[0], names[-1] + 1)):
        return f"{names[0]} to {names[-1]}"
    return ", ".join(map(str, names)) or "none"


def _passed(verdict: ClaimVerdict) -> str:
    if verdict.n_passed == verdict.n_seeds:
        return f"{verdict.n_passed} of {verdict.n_seeds}"
    value = (
        "" if verdict.passed_value is None else f"; first part there: {verdict.passed_value:.1f}"
    )
    return f"{verdict.n_passed} of {verdict.n_seeds} ({verdict.gates}{value})"


def _hash(sha256: str, name: str) -> list[str]:
    return (
        [f"The list was fixed beforehand: reports/{name}, sha256 {sha256[:16]}."] if sha256 else []
    )


def _flags(verdicts: Sequence[ClaimVerdict]) -> list[str]:
    return [f"{v.claim}: {v.flags}" for v in verdicts if v.flags]


def claim_parts(data: ReportData, caption: Caption) -> Table | TextBlock:
    """A row per part: quantity, margin, estimate by t and by the bootstrap."""
    parts = data.scores.claims
    if not parts:
        return empty("claims_parts", caption, data)
    rows: list[tuple[Cell, ...]] = [
        (
            Text(p.claim),
            Text(p.text if p.role == "tested" else f"{p.text} (beside)"),
            Text("" if p.margin is None else f"{p.comparison} {p.margin:g}"),
            Number(p.value, p.low, p.high, p.n),
            Number(p.value, p.boot_low, p.boot_high),
            Number(p.p, digits=4),
            Text(p.reading or ("not run: " + p.missing if p.missing else "")),
            Number(float(p.n_seeds), digits=0),
        )
        for p in parts
    ]
    columns = [
        Column("id", is_text=True),
        Column("quantity (points)", is_text=True),
        Column("margin", is_text=True),
        Column("over seeds"),
        Column("by crossed bootstrap"),
        Column("p", bare=True),
        Column("reading", is_text=True),
        Column("seeds", bare=True),
    ]
    rules = changes([p.claim for p in parts])
    notes = (_disagreements(parts), *_per_seed(parts))
    return captioned("claims_parts", caption, columns, rows, rules, notes)


def _disagreements(parts: Sequence[ClaimPart]) -> str:
    """Names the parts that t and bootstrap read differently; such a part is undecided."""
    if all(p.p is None for p in parts):
        return "No part is tested here, so there is no t over seeds to check."
    apart = [f"{p.claim} {p.part}" for p in parts if _apart(p)]
    if not apart:
        return "t over seeds and the crossed bootstrap agree on every part."
    return f"t over seeds and the crossed bootstrap disagree on: {', '.join(apart)}."


def _apart(part: ClaimPart) -> bool:
    margin, above = part.margin, part.comparison == ">"
    if margin is None or part.bound is None or part.boot_bound is None or part.p is None:
        return False
    sides = {b > margin if above else b < margin for b in (part.bound, part.boot_bound)}
    return len(sides) > 1


def _per_seed(parts: Sequence[ClaimPart]) -> list[str]:
    per_seed = [
        f"{p.claim} {p.part}: {p.per_seed}" for p in parts if p.n_seeds > 1 and p.margin is not None
    ]
    return [f"Per seed, in the order of the seeds. {'; '.join(per_seed)}."] if per_seed else []


def claims_published(data: ReportData, caption: Caption) -> TextBlock:
    """What the paper prints for each claim, apart from the nano numbers."""
    if not data.scores.claim_verdicts:
        return empty("claims_published", caption, data)
    sentences = [
        f"{v.claim}: {v.text}. {v.published}." for v in data.scores.claim_verdicts if v.published
    ]
    lead = [caption.caption, caption.reading]
    return TextBlock("claims_published", caption.title, (*lead, *sentences))


def nano_vs_paper(data: ReportData, caption: Caption) -> Table | TextBlock:
    """The pre-listed contrasts, disagreements first; the published side as a direction alone."""
    listed = data.scores.paper_contrasts
    if not listed:
        return empty("nano_vs_paper", caption, data)
    printed = {": ".join((c.table, c.row, c.column)): c.value for c in paper().cells}
    comparisons = [_compare(row, printed) for row in listed]
    ranked = sorted(zip(listed, comparisons, strict=True), key=lambda each: ORDER.index(each[1][1]))
    rows: list[tuple[Cell, ...]] = [
        (
            Text(_printed_pair(row)),
            Text(row.claim),
            Text(direction),
            Number(row.value, row.low, row.high, row.n),
            Text(outcome, strong=outcome == DISAGREE),
            Text(f"not run: {row.missing}" if outcome == NOT_RUN else row.reason),
        )
        for row, (direction, outcome) in ranked
    ]
    columns = [
        Column("contrast", is_text=True),
        Column("claim", is_text=True),
        Column("paper", is_text=True),
        Column("nano a − b"),
        Column("sign", is_text=True),
        Column("counterpart, and why", is_text=True),
    ]
    rules = changes([outcome for _, (_, outcome) in ranked])
    notes = (
        _rate([outcome for _, outcome in comparisons]),
        *_hash(listed[0].sha256, "paper_contrasts.yaml"),
    )
    return captioned("nano_vs_paper", caption, columns, rows, rules, notes)


def _compare(row: NanoContrast, printed: Mapping[str, str]) -> tuple[str, str]:
    """Returns the published direction in a word, and who agrees."""
    a, b = printed.get(row.a, ""), printed.get(row.b, "")
    if not a or not b:
        return "not printed", NOTHING if not row.quantity else UNCLEAR
    difference = float(a) - float(b)
    direction = "higher" if difference > 0 else "lower" if difference < 0 else "no difference"
    return direction, agreement(difference, row)


def _printed_pair(row: NanoContrast) -> str:
    """Names the two published cells: ``table1, MMT: VLGuard-R - VLGuard-P``."""
    a, b = ([part.strip() for part in cell.split(": ")] for cell in (row.a, row.b))
    if len(a) != 3 or len(b) != 3:
        return f"{row.a} − {row.b}"
    table = a[0] if a[0] == b[0] else f"{a[0]} and {b[0]}"
    if a[1] == b[1]:
        return f"{_paper_name(table)}, {a[1]}: {a[2]} − {b[2]}"
    column = a[2] if a[2] == b[2] else f"{a[2]} − {b[2]}"
    return f"{_paper_name(table)}, {column}: {_without_base(a[1], b[1])}"


def _without_base(a: str, b: str) -> str:
    """``InternVL + A`` and ``InternVL + B`` as ``A - B (InternVL)``."""
    base, plus, first = a.partition(" + ")
    if plus and b.startswith(f"{base} + "):
        return f"{first} − {b.partition(' + ')[2]} ({base})"
    return f"{a} − {b}"


def _paper_name(table: str) -> str:
    return table.replace("table", "Table ").replace("fig", "Fig. ")


def _rate(outcomes: Sequence[str]) -> str:
    agreeing, clear = agreement_rate(outcomes)
    counts = ", ".join(f"{name} {outcomes.count(name)}" for name in ORDER)
    if not clear:
        return f"No contrast has a clear sign in this study: {counts}."
    return (
        f"Of {clear} contrasts with a clear sign at nano scale {agreeing} agree with the paper "
        f"({100 * agreeing / clear:.0f} %): {counts}."
    )
