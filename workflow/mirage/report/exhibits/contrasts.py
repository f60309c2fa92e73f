"""Tables that list rather than compare: contrasts, gates and the hazard table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mirage.report.blocks import Cell, Column, Number, Table, Text, with_common_n
from mirage.report.captions import Caption, captioned, over_seeds, words_table
from mirage.report.data import ReportData
from mirage.report.exhibits.ends import capped_notes
from mirage.report.exhibits.gates import claims_in_words, held_back_by, legend
from mirage.report.exhibits.over_seeds import (
    base_by_base,
    count_in_words,
    grouped,
    many_seeds,
    mean_and_range,
    range_in_words,
    signs_in_words,
    with_every_seed,
)
from mirage.score.contrasts import Difference
from mirage.score.gates import GateResult, missed_by

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
    """The pre-listed contrasts: values base by base, their range and signs; no test."""
    columns = [Column(name, is_text=True) for name in ("a", "b", "what", "where", "claim")]
    listed = data.scores.contrasts
    failing = [gate for gate in data.scores.gates if gate.passed != "yes"]
    held = {d: held_back_by(d, failing) for d in listed}
    notes = _dagger_notes(data, (gate for gates in held.values() for gate in gates))
    notes += legend(d.claim for d in listed)
    numbers = [Column(name, bare=True) for name in ("a (%)", "b (%)", "a - b", "items")]
    rows = [_contrast(data, d, bool(held[d])) for d in listed]
    by_base = _list_table("contrasts", caption, [*columns, *numbers], rows, tuple(notes))
    groups = grouped(listed, key=lambda d: (d.contrast, d.config))
    if all(len(group) == 1 for group in groups):
        return by_base
    words = [Column(name, is_text=True) for name in ("a - b, base by base", "range", "signs")]
    rows = [_over_bases(data, some, [bool(held[d]) for d in some]) for some in groups]
    caption = over_seeds(caption, "contrasts", data)
    table = _list_table("contrasts", caption, [*columns, *words], rows, tuple(notes))
    return replace(table, by_seed=by_base)


def _contrast(data: ReportData, d: Difference, held_back: bool) -> tuple[Cell, ...]:
    return (
        *_compared(data, d, d.seed),
        Text(f"{d.claim} †".strip() if held_back else d.claim),
        Number(d.value_a),
        Number(d.value_b),
        Number(d.difference),
        Number(float(d.n), digits=0),
    )


def _compared(data: ReportData, d: Difference, seed: int | None) -> tuple[Cell, ...]:
    """Both sides, the measure and the items."""
    return (
        Text(_model(data, d.a, d.config, seed)),
        Text(_model(data, d.b, d.config, seed)),
        Text(METRICS.get(d.metric, d.metric)),
        Text(f"{d.suite.replace('_', ' ')}, {_which(d)}"),
    )


def _over_bases(
    data: ReportData, bases: Sequence[Difference], held_back: Sequence[bool]
) -> tuple[Cell, ...]:
    first, values = bases[0], [d.difference for d in bases]
    dagger = f" † on {sum(held_back)} of {len(bases)} bases" if any(held_back) else ""
    return (
        *_compared(data, first, None),
        Text(f"{first.claim}{dagger}".strip()),
        Text(base_by_base(values)),
        Text(range_in_words(values, 1)),
        Text(signs_in_words(values)),
    )


def _dagger_notes(data: ReportData, failed: Iterable[GateResult]) -> list[str]:
    """One note that names the gates behind all daggers, and who misses them."""
    failures = "; ".join(
        f"{data.study.gates[same[0].gate]} "
        f"({', '.join(dict.fromkeys(_model(data, g.recipe, g.config) for g in same))})"
        for same in grouped(dict.fromkeys(failed), lambda g: g.gate)
    )
    return [f"† rests on a gate that is not passed: {failures}."] if failures else []


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
        Column("claims it binds", is_text=True),
    ]
    failed = [_gate_note(data, g) for g in listed if g.passed != "yes"] or [ALL_PASSED]
    capped = capped_notes(data)
    by_seed = _list_table("gates", caption, columns, rows, (*failed, *capped))
    groups = grouped(listed, _gate_of)
    if len(rows) <= ROWS and not many_seeds(groups):
        return by_seed
    failed = [note for some in groups for note in _gate_notes_over_seeds(data, some)]
    notes = (*(failed or [ALL_PASSED]), *capped)
    rows = [_gate_over_seeds(data, some) for some in groups]
    caption = over_seeds(caption, "gates", data)
    return with_every_seed(_list_table("gates", caption, columns, rows, notes), by_seed)


ALL_PASSED = "All gates are passed."
ROWS = 60
"""Gates that a page lists seed by seed; of more it has a row per gate and model."""


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
    failed = [g for g in seeds if g.passed == "no"]
    flawless = [g for g in failed if _flawless(g)]
    missed = [missed_by(g) for g in failed if not _flawless(g)]
    if flawless:
        where = count_in_words(g in flawless for g in seeds)
        yield f"{who}: {_too_few(min(g.n for g in flawless))} in {where}; it binds {claims}."
    if missed:
        yield (
            f"{who}: fails in {len(missed)} of {len(seeds)} seeds, by up to {max(missed):.1f} "
            f"points; it binds {claims}."
        )
    unmeasured = [g.value is None for g in seeds]
    if any(unmeasured):
        yield f"{who}: not measured in {count_in_words(unmeasured)}; it binds {claims}."


def _gate_note(data: ReportData, gate: GateResult) -> str:
    who = (
        f"{_model(data, gate.recipe, gate.config, gate.seed)}, gate “{data.study.gates[gate.gate]}”"
    )
    claims = claims_in_words(gate)
    if gate.value is None:
        return f"{who}: not measured in this study; it binds {claims}."
    if _flawless(gate):
        return f"{who}: {_too_few(gate.n)}; it binds {claims}."
    return f"{who}: fails by {missed_by(gate):.1f} points; it binds {claims}."


def _flawless(gate: GateResult) -> bool:
    """Tells whether all items are as they should be; so few may still not pass by their bound."""
    return gate.value == (100.0 if gate.comparison == "at least" else 0.0)


def _too_few(items: int) -> str:
    return f"none of its {items} items is wrong, which are too few to pass"


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
