"""Released bases beside the same bases made again: the gates of both, and where each was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mirage.model_card import ModelCard
from mirage.report.blocks import Cell, Column, Number, Table, Text
from mirage.report.captions import Caption, captioned
from mirage.report.data import ReportData
from mirage.report.platforms import UNKNOWN
from mirage.score.gates import GateResult

RELEASED, HERE = "R", "H"
NONE = "is not released"


def bases_again(data: ReportData, caption: Caption) -> Table:
    """A row per gate, two columns per base: as released, and as trained here."""
    released = {(about["model"], about["seed"]): about for about in data.study.released}
    bases = [model for model in data.study.trained if model.is_base]
    measured = {
        (gate.config, gate.seed, gate.gate): gate
        for gate in data.scores.gates
        if gate.recipe == bases[0].recipe
    }
    ids = list(dict.fromkeys(gate for _, _, gate in measured))
    columns = [Column("gate", is_text=True)]
    names = [Text(data.study.gates.get(gate, gate)) for gate in ids]
    cells: list[list[Number]] = [[] for _ in ids]
    for base in bases:
        columns += [Column(side, group=_name(base)) for side in (RELEASED, HERE)]
        theirs = released.get((base.config, base.seed), {}).get("gates", {})
        for row, gate in zip(cells, ids, strict=True):
            row += [_then(theirs.get(gate)), _now(measured.get((base.config, base.seed, gate)))]
    notes = [_note(base, released.get((base.config, base.seed)), measured) for base in bases]
    rows: list[tuple[Cell, ...]] = [(n, *row) for n, row in zip(names, cells, strict=True)]
    return captioned("bases_again", caption, columns, rows, notes=notes)


def _name(base: ModelCard) -> str:
    return f"{base.config} s{base.seed}"


def _then(gate: Mapping[str, Any] | None) -> Number:
    return (
        Number(gate["value"], n=gate["n"], strong=gate["passed"] != "yes") if gate else Number(None)
    )


def _now(gate: GateResult | None) -> Number:
    return Number(gate.value, n=gate.n, strong=gate.passed != "yes") if gate else Number(None)


def _note(
    base: ModelCard,
    released: Mapping[str, Any] | None,
    measured: Mapping[tuple[str, int, str], GateResult],
) -> str:
    """On which platform each of the two was made, and which gates it fails."""
    own = [
        gate.gate
        for (config, seed, _), gate in measured.items()
        if (config, seed) == (base.config, base.seed) and gate.passed != "yes"
    ]
    here = f"here on {base.platform or UNKNOWN}, {_fails(own)}"
    if released is None:
        return f"{_name(base)}: {NONE}; made {here}."
    failed = [name for name, gate in released["gates"].items() if gate["passed"] != "yes"]
    there = f"released on {released['platform'] or UNKNOWN}, {_fails(failed)}"
    return f"{_name(base)}: {there}; {here}."


def _fails(gates: list[str]) -> str:
    return f"fails {', '.join(gates)}" if gates else "passes all gates"
