"""The claims with their verdicts, and the paper's contrasts against their nano counterparts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from mirage.report.blocks import Cell, Column, Number, Table, Text, TextBlock, signed
from mirage.report.captions import Caption, captioned, changes
from mirage.report.data import ReportData
from mirage.report.exhibits.ends import capped_notes, ends_by_recipe, steps_in_words
from mirage.report.exhibits.over_seeds import base_by_base
from mirage.report.exhibits.rate_table import empty
from mirage.report.paper.published import paper
from mirage.score.claims.parts import ClaimPart
from mirage.score.claims.verdicts import HOLDS, ClaimVerdict
from mirage.score.means import parsed
from mirage.score.paper_contrasts import (
    AGREE,
    DISAGREE,
    MIXED,
    NOT_RUN,
    NOTHING,
    NanoContrast,
    agreement,
    agreement_rate,
)

FIXED = "The list was fixed beforehand"
LEDGER = (FIXED, "reports/claims.yaml conf/score/default.yaml")
"""What is said of a ledger, and the files whose hash stands below the verdicts."""

ORDER = (DISAGREE, MIXED, AGREE, NOT_RUN, NOTHING)
"""What comes first on the page: what speaks against the paper, or against us."""


def claims(
    data: ReportData, caption: Caption, ledger: tuple[str, str] = LEDGER
) -> Table | TextBlock:
    """A row per claim: verdict, why, gates, seeds."""
    verdicts = data.scores.claim_verdicts
    if not verdicts:
        return empty("claims", caption, data)
    rows: list[tuple[Cell, ...]] = [
        (
            Text(v.claim),
            Text(v.text),
            Text(v.verdict, strong=v.verdict == HOLDS),
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
        Column("bases", is_text=True),
        Column("bases that pass its gates", is_text=True),
    ]
    read = frozenset(recipe for v in verdicts for recipe in v.recipes.split())
    notes = (
        *_hash(verdicts[0].sha256, *ledger),
        *_power(verdicts),
        *_flags(verdicts),
        *capped_notes(data, read),
    )
    return captioned("claims", caption, columns, rows, changes([v.family for v in verdicts]), notes)


def _power(verdicts: Sequence[ClaimVerdict]) -> list[str]:
    """What could have been detected, by family and number of bases, in SD over bases."""
    sizes = Counter(v.family for v in verdicts)
    told = {
        f"{v.power:.2f} SD on {v.n_seeds} bases at .05 / {sizes[v.family]}": None
        for v in verdicts
        if v.power is not None
    }
    if not told:
        return []
    return [
        "Power: at the first place of Holm's order an effect beyond the margin is detected with "
        f"80 % from {'; '.join(told)}: the d at which the noncentral t of n - 1 degrees and "
        "noncentrality d x sqrt(n) exceeds t's quantile. In points, and where bases are counted "
        "how many are needed there: the table of parts."
    ]


def _seeds(seeds: str) -> str:
    """``100 101 102 105`` as ``100 to 102, 105``."""
    numbered = enumerate(sorted(int(s) for s in seeds.split()))
    runs = [[s for _, s in run] for _, run in groupby(numbered, key=lambda each: each[1] - each[0])]
    words = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(words) or "none"


def _passed(verdict: ClaimVerdict) -> str:
    count = f"{verdict.n_passed} of {verdict.n_seeds}"
    if verdict.n_passed == verdict.n_seeds and not verdict.gates:
        return count
    both = [("there", verdict.passed_value), ("on all", verdict.all_value)]
    values = ", ".join(f"{where} {value:.1f}" for where, value in both if value is not None)
    return f"{count} ({verdict.gates}{f'; first part {values}' if values else ''})"


def _hash(sha256: str, words: str, files: str) -> list[str]:
    told = f"{words}: cat {files} | sha256sum gives {sha256[:16]}."
    return [told] if sha256 else []


def _flags(verdicts: Sequence[ClaimVerdict]) -> list[str]:
    return [f"{v.claim}: {v.flags}" for v in verdicts if v.flags]


def claim_parts(data: ReportData, caption: Caption) -> Table | TextBlock:
    """A row per part: quantity, margin, values base by base, test."""
    parts = data.scores.claims
    if not parts:
        return empty("claims_parts", caption, data)
    steps = {v.claim: _steps(data, v) for v in data.scores.claim_verdicts}
    claims, rows = [], []
    for claim, some in groupby(parts, key=lambda p: p.claim):
        own = [*map(_part, some), *steps.get(claim, [])]
        claims += [claim] * len(own)
        rows += own
    columns = [
        *(Column(name, is_text=True) for name in ("id", "quantity (points)", "margin")),
        *(Column(name, is_text=True) for name in ("base by base", "bases")),
        Column("mean"),
        Column("mean of all"),
        *(Column(name, bare=True) for name in ("p", "detectable")),
        Column("reading", is_text=True),
    ]
    notes = _flags(data.scores.claim_verdicts)
    return captioned("claims_parts", caption, columns, rows, changes(claims), notes)


def _part(p: ClaimPart) -> tuple[Cell, ...]:
    return (
        Text(p.claim),
        Text(_what(p)),
        Text("" if p.margin is None else f"{p.comparison} {p.margin:g}"),
        Text(_base_by_base(p)),
        Text(_seeds(p.seeds)),
        Number(p.value, p.low, p.high, p.n or None),  # 0: a base has no such item
        Number(p.all_value),
        Number(p.p, digits=4),
        Number(p.detectable),
        Text(p.reading or ("not run: " + p.missing if p.missing else "")),
    )


def _base_by_base(p: ClaimPart) -> str:
    """Values in the order of the seeds, those of bases that the part is not read on in brackets."""
    read = p.read_on.split()
    values = zip(p.seeds.split(), p.per_seed.split(), strict=True)
    return ", ".join(
        signed(float(value), 1) if seed in read else f"({signed(float(value), 1)})"
        for seed, value in values
    )


def _steps(data: ReportData, verdict: ClaimVerdict) -> Iterator[tuple[Cell, ...]]:
    """Yields how long each recipe of a claim took to fit, a row each, without verdict."""
    seeds = [int(seed) for seed in verdict.seeds.split()]
    for (recipe, config), ends in ends_by_recipe(data, verdict.recipes.split(), seeds).items():
        if config == verdict.config:
            yield (
                Text(verdict.claim),
                Text(f"optimizer steps of {recipe} to the criterion (beside)"),
                Text(""),
                Text(steps_in_words(ends)),
                Text(_seeds(" ".join(map(str, ends)))),
                Number(None),
                Number(sum(end.steps for end in ends.values()) / len(ends)),
                Number(None),
                Number(None),
                Text(""),
            )


def _what(part: ClaimPart) -> str:
    about = [part.way, part.method if part.method.startswith("count: ") else ""]
    about += ["beside"] if part.role == "beside" else []
    told = ", ".join(x for x in about if x)
    return f"{part.text} ({told})" if told else part.text


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
            Text(printed_pair(row)),
            Text(row.claim),
            Text(direction),
            Text(base_by_base(parsed(row.per_seed))),
            Text(f"{row.above} / {row.below}" if row.per_seed else ""),
            Text(outcome, strong=outcome == DISAGREE),
            Text(f"not run: {row.missing}" if outcome == NOT_RUN else row.reason),
        )
        for row, (direction, outcome) in ranked
    ]
    columns = [
        Column("contrast", is_text=True),
        Column("claim", is_text=True),
        Column("paper", is_text=True),
        Column("nano a − b, base by base", is_text=True),
        Column("bases above / below 0", is_text=True),
        Column("sign", is_text=True),
        Column("counterpart, and why", is_text=True),
    ]
    rules = changes([outcome for _, (_, outcome) in ranked])
    bases = max(row.n_seeds for row in listed)
    notes = (
        _rate([outcome for _, outcome in comparisons], bases),
        *_hash(listed[0].sha256, FIXED, "reports/paper_contrasts.yaml"),
    )
    return captioned("nano_vs_paper", caption, columns, rows, rules, notes)


def _compare(row: NanoContrast, printed: Mapping[str, str]) -> tuple[str, str]:
    """Returns the published direction in a word, and who agrees."""
    a, b = printed.get(row.a, ""), printed.get(row.b, "")
    if not a or not b:
        return "not printed", NOTHING if not row.quantity else MIXED
    difference = float(a) - float(b)
    direction = "higher" if difference > 0 else "lower" if difference < 0 else "no difference"
    return direction, agreement(difference, row)


def printed_pair(row: NanoContrast) -> str:
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


def _rate(outcomes: Sequence[str], bases: int) -> str:
    agreeing, clear = agreement_rate(outcomes)
    sign = "one sign on every base" if bases > 1 else "a sign on this one base"
    counts = ", ".join(f"{name} {outcomes.count(name)}" for name in ORDER)
    if not clear:
        return f"No contrast has {sign}: {counts}."
    return (
        f"Of {clear} contrasts with {sign} {agreeing} agree with the paper "
        f"({100 * agreeing / clear:.0f} %): {counts}."
    )
