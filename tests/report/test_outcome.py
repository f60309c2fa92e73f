"""The lines at the end of a run."""

from __future__ import annotations

from dataclasses import replace

from mirage.cli.outcome import gate_lines
from mirage.report.data import ReportData
from mirage.score.gates import GateResult


def test_gates_that_fail_and_those_not_measured_are_counted_apart(data: ReportData) -> None:
    def of(gate: str, passed: str, seed: int = 0) -> GateResult:
        return GateResult(
            gate, f"m-s{seed}", "m", "", seed, ">=", 90.0, 0.0, None, 0, None, None, passed
        )

    failed = [of("fits", "no", seed) for seed in range(4)] + [of(g, "no") for g in "abcd"]
    several = [of("unasked", "not measured"), *failed, of("good", "yes")]
    scores = replace(data.scores, gates=tuple(several))
    head, fits, *two, more = gate_lines(replace(data, scores=scores))
    assert head == "gates: 1 of 10 passed, 8 not passed, 1 not measured:"
    assert fits == "  fits: 4 models"
    assert len(two) == 2
    assert more == "  and 3 more, in the report"
    scores = replace(data.scores, gates=(several[0], several[-1]))
    head, line = gate_lines(replace(data, scores=scores))
    assert head == "gates: 1 of 2 passed, 1 not measured:"
    assert line.endswith(" (not measured)")
    scores = replace(data.scores, gates=(several[-1],))
    assert gate_lines(replace(data, scores=scores)) == ["gates: 1 of 1 passed"]
