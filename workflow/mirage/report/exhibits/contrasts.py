"""Tables that list rather than compare: contrasts, gates and the hazard table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mirage.report.blocks import Cell, Column, Number, Table, Text, with_common_n
from mirage.report.captions import Caption, captioned, over_seeds, words_table
from mirage.report.data import ReportData
from mirage.report.exhibits.gates import claims_in_words, held_back_by, legend
from mirage.report.exhibits.over_seeds import (
    count_in_words,
    grouped,
    many_seeds,
    mean_and_range,
    range_in_words,
    with_every_seed,
)
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
    ]
    tests = [Column(name, bare=True) for name in ("p", "p (Holm)")]
    listed = data.scores.contrasts
    failing = [gate for gate in data.scores.gates if gate.passed != "yes"]
    held = {d: held_back_by(d, failing) for d in listed}
    failed = list(dict.fromkeys(gate for gates in held.values() for gate in gates))
    rows = [_contrast(data, d, bool(held[d])) for d in listed]
    notes = [_dagger_note(data, failed)] if failed else []
    claims = legend(d.claim for d in listed)
    by_seed = _list_table("contrasts", caption, [*columns, *tests], rows, (*notes, *claims))
    groups = grouped(listed, key=lambda d: (d.contrast, d.config))
    if not many_seeds(groups):
        return by_seed
    tests = [Column(name, is_text=True) for name in ("intervals", "p", "p (Holm)")]
    rows = [_contrast_over_seeds(data, some, [bool(held[d]) for d in some]) for some in groups]
    notes = [_dagger_note_over_seeds(data, failed)] if failed else []
    caption = over_seeds(caption, "contrasts", data)
    table = _list_table("contrasts", caption, [*columns, *tests], rows, (*notes, *claims))
    return with_every_seed(table, by_seed)


def _contrast(data: ReportData, d: Difference, held_back: bool) -> tuple[Cell, ...]:
    return (
        *_compared(data, d, d.seed),
        Text(f"{d.claim} †".strip() if held_back else d.claim),
        Number(d.value_a),
        Number(d.value_b),
        Number(d.difference, d.low, d.high, d.n, strong=not held_back),
        Number(d.p, digits=4),
        Number(d.p_holm, digits=4),
    )


def _compared(data: ReportData, d: Difference, seed: int | None) -> tuple[Cell, ...]:
    """Both sides, the measure and the items."""
    return (
        Text(_model(data, d.a, d.config, seed)),
        Text(_model(data, d.b, d.config, seed)),
        Text(METRICS.get(d.metric, d.metric)),
        Text(f"{d.suite.replace('_', ' ')}, {_which(d)}"),
    )


def _contrast_over_seeds(
    data: ReportData, seeds: Sequence[Difference], held_back: Sequence[bool]
) -> tuple[Cell, ...]:
    first, counts = seeds[0], [d.n for d in seeds]
    dagger = f" † in {count_in_words(held_back)}" if any(held_back) else ""
    one_sign = all(d.difference > 0 for d in seeds) or all(d.difference < 0 for d in seeds)
    difference = mean_and_range(
        (d.difference for d in seeds), counts, strong=one_sign and not any(held_back)
    )
    above, below = sum(d.low > 0 for d in seeds), sum(d.high < 0 for d in seeds)
    return (
        *_compared(data, first, None),
        Text(f"{first.claim}{dagger}".strip()),
        replace(mean_and_range((d.value_a for d in seeds), counts), n=None),
        replace(mean_and_range((d.value_b for d in seeds), counts), n=None),
        difference,
        Text(f"above 0 in {above}, below 0 in {below} of {len(seeds)} seeds"),
        Text(range_in_words([d.p for d in seeds], 4)),
        Text(range_in_words([d.p_holm for d in seeds], 4)),
    )


def _dagger_note(data: ReportData, failed: list[GateResult]) -> str:
    failures = "; ".join(
        f"{data.study.gates[g.gate]} ({_model(data, g.recipe, g.config, g.seed)}"
        f"{', not measured' if g.value is None else ''}; holds back {claims_in_words(g)})"
        for g in failed
    )
    return (
        "† Gate failed: not testable at nano scale, even where the interval excludes 0: "
        f"{failures}."
    )


def _dagger_note_over_seeds(data: ReportData, failed: Iterable[GateResult]) -> str:
    names = {_gate_of(gate) for gate in failed}
    failures = "; ".join(
        f"{data.study.gates[g.gate]} ({_model(data, g.recipe, g.config)}, in "
        f"{count_in_words(each.passed != 'yes' for each in seeds)}; "
        f"holds back {claims_in_words(g)})"
        for seeds in grouped(data.scores.gates, _gate_of)
        for g in seeds[:1]
        if _gate_of(g) in names
    )
    return (
        "† Gate failed: in these seeds not testable at nano scale, even where the interval "
        f"excludes 0: {failures}."
    )


def _which(difference: Difference) -> str:
    """The items of a contrast in words: ``skill_class=multi held out`` becomes its value."""
    if difference.items:
        return ", ".join(fact.partition("=")[2] for fact in difference.items.split(", "))
    return CORNERS.get(difference.corner, difference.corner)


def _model(data: ReportData, side: str, config: str, seed: int | None = None) -> str:
    name, _, facts = side.removesuffix(")").partition(" (")
    label = data.study.titled(name, config, seed)
    values = ", ".join(fact.partition("=")[2] for fact in facts.split(", ")) if facts else ""
    return f"{label} ({values})" if values else label


def gates(data: ReportData, caption: Caption) -> Table:
    """Every gate with its value, threshold and what rests on it; failures are named below."""
    listed = data.scores.gates
    rows = [
        _gate(
            data,
            g,
            _model(data, g.recipe, g.config, g.seed),
            Number(g.value, g.low, g.high, g.n),
            Text(g.passed, strong=g.passed != "yes"),
        )
        for g in listed
    ]
    columns = [
        Column("gate", is_text=True),
        Column("model", is_text=True),
        Column("value (%)"),
        Column("threshold", is_text=True),
        Column("passed", is_text=True),
        Column("claims that rest on it", is_text=True),
    ]
    failed = [_gate_note(data, g) for g in listed if g.passed != "yes"] or [ALL_PASSED]
    claims = legend(claim for g in listed for claim in g.claims.split())
    by_seed = _list_table("gates", caption, columns, rows, (*failed, *claims))
    groups = grouped(listed, _gate_of)
    if not many_seeds(groups):
        return by_seed
    failed = [note for some in groups for note in _gate_notes_over_seeds(data, some)]
    notes = (*(failed or [ALL_PASSED]), *claims)
    rows = [_gate_over_seeds(data, some) for some in groups]
    caption = over_seeds(caption, "gates", data)
    return with_every_seed(_list_table("gates", caption, columns, rows, notes), by_seed)


ALL_PASSED = "All gates are passed."


def _gate_of(result: GateResult) -> tuple[str, str, str]:
    """What the results of several seeds have in common."""
    return result.gate, result.recipe, result.config


def _gate(
    data: ReportData, gate: GateResult, model: str, value: Number, passed: Text
) -> tuple[Cell, ...]:
    sign = "≥" if gate.comparison == "at least" else "≤"
    threshold, claims = Text(f"{sign} {gate.threshold:g}"), Text(claims_in_words(gate))
    return Text(data.study.gates[gate.gate]), Text(model), value, threshold, passed, claims


def _gate_over_seeds(data: ReportData, seeds: Sequence[GateResult]) -> tuple[Cell, ...]:
    first, passed = seeds[0], [g.passed == "yes" for g in seeds]
    value = mean_and_range((g.value for g in seeds), (g.n for g in seeds if g.value is not None))
    in_words = Text(count_in_words(passed), strong=not all(passed))
    return _gate(data, first, _model(data, first.recipe, first.config), value, in_words)


def _gate_notes_over_seeds(data: ReportData, seeds: Sequence[GateResult]) -> Iterator[str]:
    first = seeds[0]
    who = f"{_model(data, first.recipe, first.config)}, gate “{data.study.gates[first.gate]}”"
    claims = claims_in_words(first)
    missed = [abs(g.value - g.threshold) for g in seeds if g.passed == "no" and g.value is not None]
    if missed:
        yield (
            f"{who}: fails in {len(missed)} of {len(seeds)} seeds, by up to {max(missed):.1f} "
            f"points; not testable at nano scale there: {claims}."
        )
    unmeasured = [g.value is None for g in seeds]
    if any(unmeasured):
        yield f"{who}: not measured in {count_in_words(unmeasured)}, where it holds back {claims}."


def _gate_note(data: ReportData, gate: GateResult) -> str:
    who = (
        f"{_model(data, gate.recipe, gate.config, gate.seed)}, gate “{data.study.gates[gate.gate]}”"
    )
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
