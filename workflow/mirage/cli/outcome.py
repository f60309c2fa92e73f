"""What came out of a run, in a few lines: rates of each recipe on ``hard``, and failed gates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import stdev

from mirage.model_card import ModelCard
from mirage.plan.artifact import Manifest
from mirage.plan.schema.report import Report
from mirage.report.data import ReportData
from mirage.report.exhibits.answer import DRAWN, J, names_of
from mirage.report.exhibits.over_seeds import grouped
from mirage.report.exhibits.rate_table import find
from mirage.report.load import study_info
from mirage.score.gates import GateResult
from mirage.score.means import Mean
from mirage.score.store import read_scores
from mirage.view.told import inert

MOST = 8
"""Recipes up to which each has a line; of more, the bases and those with the highest J."""
NAMED = 3
"""Gates not passed that are named, and models up to which each names them."""


def outcome(report: Path) -> list[str]:
    """Returns a line per recipe and one about gates.

    Args:
        report: Folder of a finished report.

    Raises:
        DataError: It, or the scores that it was made from, are missing or damaged.
    """
    made = Manifest.read(report)
    scores = report.resolve().parent.parent / made.parents["score"][0]
    data = ReportData(
        study=study_info(made.settings, judge=""),
        settings=Report.model_validate(made.settings["report"]),
        scores=read_scores(scores),
        samples=(),
        verdicts={},
    )
    return lines_of(data)


def lines_of(data: ReportData) -> list[str]:
    """Returns the lines of what a report shows; study and scores are all that is read."""
    return [*_rates(data), *gate_lines(data)]


def _rates(data: ReportData) -> list[str]:
    models = [m for m in data.study.drawn if find(data, m, J) is not None]
    if not models:
        return []
    shown, more = models, 0
    if len(models) > MOST:
        bases = [m for m in models if m.is_base]
        tuned = sorted((m for m in models if not m.is_base), key=lambda m: -_j(data, m))
        shown, more = [*bases, *tuned[: MOST - len(bases)]], len(tuned) - (MOST - len(bases))
    many = len(data.study.seeds)
    bases_told = f"mean over {many} bases ± SD" if many > 1 else "one base"
    names = {model: inert(name) for model, name in names_of(data, shown).items()}
    width = max(len(name) for name in names.values())
    heads = "".join(f"{column.name:>16}" for column in DRAWN)
    return [
        f"Study {data.study.name} ({data.study.scale}), suite hard, percent, {bases_told}; "
        "J = 100 less ASR less over-refusal on benign twins",
        f"  {'':<{width}}{heads}",
        *(f"  {name:<{width}}{_numbers(data, model)}" for model, name in names.items()),
        *([f"  {more} more recipes, of no higher J, are in the report"] if more else []),
    ]


def _j(data: ReportData, model: ModelCard) -> float:
    found = find(data, model, J)
    return -101.0 if found is None or found.value is None else found.value


def _numbers(data: ReportData, model: ModelCard) -> str:
    found = [find(data, model, column) for column in DRAWN]
    cells = []
    for rate in found:
        value = None if rate is None else rate.value
        spread = f" ± {stdev(rate.by_base):4.1f}" if isinstance(rate, Mean) else ""
        cells.append("–" if value is None else f"{value:.1f}{spread}")
    lacks = {rate.n_seeds for rate in found if isinstance(rate, Mean)} - {len(data.study.seeds)}
    told = f"  ({min(lacks)} bases)" if lacks else ""
    return "".join(f"{cell:>16}" for cell in cells) + told


def gate_lines(data: ReportData) -> list[str]:
    """Returns how many gates passed, and the first of those that did not, those measured first."""
    gates = data.scores.gates
    if not gates:
        return []
    failed = [gate for gate in gates if gate.passed == "no"]
    unmeasured = [gate for gate in gates if gate.passed not in ("yes", "no")]
    counts = [(len(failed), "not passed"), (len(unmeasured), "not measured")]
    rest = "".join(f", {count} {what}" for count, what in counts if count)
    groups = grouped([*failed, *unmeasured], lambda gate: (gate.passed, gate.gate))
    more = sum(len(group) for group in groups[NAMED:])
    return [
        f"gates: {len(gates) - len(failed) - len(unmeasured)} of {len(gates)} passed{rest}"
        + (":" if rest else ""),
        *(f"  {_missed(data, group)}" for group in groups[:NAMED]),
        *([f"  and {more} more, in the report"] if more else []),
    ]


def _missed(data: ReportData, missed: Sequence[GateResult]) -> str:
    who = [data.study.titled(gate.recipe, gate.config, gate.seed) for gate in missed]
    names = "; ".join(who) if len(who) <= NAMED else f"{len(who)} models"
    told = "" if missed[0].passed == "no" else " (not measured)"
    return inert(f"{data.study.gates.get(missed[0].gate, missed[0].gate)}: {names}{told}")
