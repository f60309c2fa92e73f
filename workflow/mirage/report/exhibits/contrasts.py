"""Tables that list rather than compare: contrasts, gates and the hazard table."""

from __future__ import annotations

from mirage.report.blocks import Cell, Column, Number, Table, Text, with_common_n
from mirage.report.captions import Caption, captioned, words_table
from mirage.report.data import ReportData
from mirage.report.exhibits.gates import claims_in_words, held_back_by, legend
from mirage.score.contrasts import Difference
from mirage.score.gates import GateResult

METRICS = {
    "asr": "ASR",
    "over_refusal": "over-refusal",
    "reject": "reject rate",
    "accuracy": "accuracy",
    "j": "J",
}
CORNERS = {
    "hazard": "hazards",
    "twin_trigger": "twins, triggering request",
    "hazard_harmless": "hazardous pairs, harmless request",
    "twin_harmless": "twins, harmless request",
    "pair": "hazards and twins",
    "": "all items",
}


def contrasts(data: ReportData, caption: Caption) -> Table:
    """The pre-listed contrasts with their intervals and Holm-adjusted p-values."""
    columns = [
        *(Column(name, is_text=True) for name in ("a", "b", "what", "where", "claim")),
        *(Column(name, bare=True) for name in ("a (%)", "b (%)")),
        Column("a - b"),
        *(Column(name, bare=True) for name in ("p", "p (Holm)")),
    ]
    listed = data.scores.contrasts
    held = [held_back_by(d, data.scores.gates) for d in listed]
    rows = [_contrast(data, d, bool(gates)) for d, gates in zip(listed, held, strict=True)]
    failed = list(dict.fromkeys(gate for gates in held for gate in gates))
    notes = [_dagger_note(data, failed)] if failed else []
    return _list_table(
        "contrasts", caption, columns, rows, (*notes, *legend(d.claim for d in listed))
    )


def _contrast(data: ReportData, d: Difference, held_back: bool) -> tuple[Cell, ...]:
    return (
        Text(_model(data, d.a, d)),
        Text(_model(data, d.b, d)),
        Text(METRICS.get(d.metric, d.metric)),
        Text(f"{d.suite.replace('_', ' ')}, {_which(d)}"),
        Text(f"{d.claim} †".strip() if held_back else d.claim),
        Number(d.value_a),
        Number(d.value_b),
        Number(d.difference, d.low, d.high, d.n, strong=not held_back),
        Number(d.p, digits=4),
        Number(d.p_holm, digits=4),
    )


def _dagger_note(data: ReportData, failed: list[GateResult]) -> str:
    failures = "; ".join(
        f"{g.title} ({_model(data, g.recipe, g)}{', not measured' if g.value is None else ''}; "
        f"holds back {claims_in_words(g)})"
        for g in failed
    )
    return (
        "† Gate failed: not testable at nano scale, even where the interval excludes 0: "
        f"{failures}."
    )


def _which(difference: Difference) -> str:
    """The items of a contrast in words: ``skill_class=multi held out`` becomes its value."""
    if difference.items:
        return ", ".join(fact.partition("=")[2] for fact in difference.items.split(", "))
    return CORNERS.get(difference.corner, difference.corner)


def _model(data: ReportData, side: str, row: Difference | GateResult) -> str:
    name, _, facts = side.removesuffix(")").partition(" (")
    label = data.study.titled(name, row.config, row.seed)
    values = ", ".join(fact.partition("=")[2] for fact in facts.split(", ")) if facts else ""
    return f"{label} ({values})" if values else label


def gates(data: ReportData, caption: Caption) -> Table:
    """Every gate with its value, threshold and what rests on it; failures are named below."""
    rows: list[tuple[Cell, ...]] = [
        (
            Text(g.title),
            Text(_model(data, g.recipe, g)),
            Number(g.value, g.low, g.high, g.n),
            Text(f"{'≥' if g.comparison == 'at least' else '≤'} {g.threshold:g}"),
            Text(g.passed, strong=g.passed != "yes"),
            Text(claims_in_words(g)),
        )
        for g in data.scores.gates
    ]
    columns = [
        Column("gate", is_text=True),
        Column("model", is_text=True),
        Column("value (%)"),
        Column("threshold", is_text=True),
        Column("passed", is_text=True),
        Column("claims that rest on it", is_text=True),
    ]
    failed = [_gate_note(data, g) for g in data.scores.gates if g.passed != "yes"]
    used = [claim for g in data.scores.gates for claim in g.claims.split()]
    notes = (*(failed or ["All gates are passed."]), *legend(used))
    return _list_table("gates", caption, columns, rows, notes)


def _gate_note(data: ReportData, gate: GateResult) -> str:
    who = f"{_model(data, gate.recipe, gate)}, gate “{gate.title}”"
    claims = claims_in_words(gate)
    if gate.value is None:
        return f"{who}: not measured in this study; it holds back {claims}."
    missed = abs(gate.value - gate.threshold)
    return f"{who}: fails by {missed:.1f} points; not testable at nano scale: {claims}."


HAZARD_COLUMNS = ("role_a", "role_b", "action", "mark", "effect", "category", "reason")


def hazards(data: ReportData, caption: Caption) -> Table:
    """The committed table of which roles are hazardous together, with the reason for each line."""
    names = [name.replace("_", " ") for name in HAZARD_COLUMNS]
    rows = [[row[name] for name in HAZARD_COLUMNS] for row in data.hazards]
    return words_table("hazards", caption, names, rows)


def _list_table(
    table_id: str,
    caption: Caption,
    columns: list[Column],
    rows: list[tuple[Cell, ...]],
    notes: tuple[str, ...] = (),
) -> Table:
    headed = with_common_n(columns, rows) if rows else tuple(columns)
    return captioned(table_id, caption, headed, rows, notes=notes)
