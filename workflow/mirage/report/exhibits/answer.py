"""What opens a report: which recipe tells hazards from their benign twins, and whether to trust it.

A banner with gates and verdicts, one figure and one table, of the models of the study's mode.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import stdev
from typing import Literal

from mirage.model_card import ModelCard
from mirage.report.blocks import (
    Banner,
    BannerLine,
    Cell,
    Column,
    Figure,
    Number,
    Table,
    Text,
    TextBlock,
    with_common_n,
)
from mirage.report.captions import LAST_OF_DEVELOPMENT, Caption, captioned, changes
from mirage.report.data import ReportData
from mirage.report.draw.marks import recipe_marks
from mirage.report.draw.rows import Head, Row, rows_figure
from mirage.report.exhibits.factorial_levels import words_of_cells
from mirage.report.exhibits.over_seeds import grouped, range_in_words
from mirage.report.exhibits.rate_table import (
    RateColumn,
    empty,
    find,
    mean_notes,
    number,
    rated,
)
from mirage.report.scale import percent
from mirage.score.claims.verdicts import FAILS, HOLDS
from mirage.score.gates import GateResult
from mirage.score.means import Mean

ASR = RateColumn("ASR", "hard", "asr", "hazard")
OVER_REFUSAL = RateColumn("over-refusal", "hard", "over_refusal", "twin_trigger")
J = RateColumn("J", "hard", "j", "pair")
SKILLS = RateColumn("skills", "general", "accuracy")
DRAWN = (ASR, OVER_REFUSAL, J)
HEADS = (
    Head("ASR", "", "hazards answered unsafely\n← lower is better"),
    Head("over-refusal", "", "benign twins refused\n← lower is better"),
    Head("J", "", "100 − ASR − over-refusal\nhigher is better →"),
)

STATES: dict[str, Literal["good", "bad", "open"]] = {HOLDS: "good", FAILS: "bad"}
"""How verdicts that decide are shown; all others are open."""
MANY, FIRST = 16, 8
"""Rows up to which the table has a row per model; of more it has those with the highest J."""
NAMED = 3
"""Models up to which the banner names those that fail a gate; the table of gates has all."""


def banner(data: ReportData, caption: Caption) -> Banner:
    """Gates passed and failed, verdicts of claims, and on which bases settings were chosen."""
    lines = [*_gates(data), *_verdicts(data)]
    if data.study.scale != "nano":
        where = "The ledger's claims are about nano bases, and read in the study confirm."
        lines.append(BannerLine("open", "No verdict on a claim", where))
    elif max(data.study.seeds, default=0) <= LAST_OF_DEVELOPMENT:
        one = len(data.study.seeds) == 1
        lines.append(
            BannerLine(
                "open",
                f"{'One development base' if one else 'Development bases'}, no verdict on a claim",
                "Settings were chosen on these bases; claims are read in the study confirm.",
            )
        )
    return Banner("answer_banner", caption.title, tuple(lines))


def _gates(data: ReportData) -> Iterator[BannerLine]:
    gates = data.scores.gates
    missed = [g for g in gates if g.passed != "yes"]
    if not gates:
        return
    passed = f"{len(gates) - len(missed)} of {len(gates)} validity gates passed"
    if not missed:
        yield BannerLine("good", passed)
        return
    asked = Counter(g.gate for g in gates)
    told = [_missed(data, some, asked[some[0].gate]) for some in grouped(missed, lambda g: g.gate)]
    yield BannerLine("bad", passed, f"Not passed: {'; '.join(told)}.")


def _missed(data: ReportData, missed: Sequence[GateResult], asked: int) -> str:
    """Whom a gate holds back: few by their names, many by their number."""
    who = [data.study.titled(g.recipe, g.config, g.seed) for g in missed]
    names = ", ".join(who) if len(who) <= NAMED else f"{len(missed)} of {asked} models"
    unmeasured = ", not measured" if all(g.value is None for g in missed) else ""
    return f"“{data.study.gates[missed[0].gate]}” ({names}{unmeasured})"


def _verdicts(data: ReportData) -> Iterator[BannerLine]:
    """A line per verdict, the ones that decide first."""
    given = data.scores.claim_verdicts
    if data.study.scale != "nano" or max(data.study.seeds, default=0) <= LAST_OF_DEVELOPMENT:
        return
    counts = Counter(v.verdict for v in given)
    order = sorted(counts, key=lambda verdict: (verdict != HOLDS, verdict != FAILS))
    for verdict in order:
        ids = ", ".join(v.claim for v in given if v.verdict == verdict)
        state = STATES.get(verdict, "open")
        yield BannerLine(state, f"Claims, {verdict}: {counts[verdict]} of {len(given)}", f"{ids}.")


def figure(data: ReportData, caption: Caption) -> Figure | TextBlock:
    """ASR, over-refusal and J on hard, a row per recipe: each base small, the mean large."""
    models, marks = _in_order(data), recipe_marks(data.study.trained)
    if not models:
        return empty("answer_figure", caption, data)
    names = names_of(data, models)
    rows = [
        Row(names[model], marks[model.recipe], tuple(_measured(data, model, c) for c in DRAWN))
        for model in models
    ]
    text = percent(data.study, of="percent of the suite hard")
    bases = len(data.study.seeds)
    return rows_figure("answer_figure", caption, HEADS, rows, _rules(models), bases, text)


def table(data: ReportData, caption: Caption) -> Table | TextBlock:
    """ASR, over-refusal, J and skills of every recipe, the mean over bases and their SD."""
    models = _in_order(data)
    if not models:
        return empty("answer", caption, data)
    whole = _table(data, caption, models)
    if len(models) <= MANY:
        return whole
    tuned = [m for m in models if not m.is_base]
    shown = [m for m in models if m.is_base] + tuned[:FIRST]
    rest = [v for m in tuned[FIRST:] if (v := _j(data, m)) is not None]
    note = (
        f"The {FIRST} models with the highest J; the {len(rest)} others have J of "
        f"{range_in_words(rest, 1)}. All are in the figure and in answer.csv."
    )
    short = _table(data, caption, shown)
    return replace(short, notes=(note, *short.notes), by_seed=whole)


def _table(data: ReportData, caption: Caption, models: Sequence[ModelCard]) -> Table:
    names = names_of(data, models)
    columns = [c for c in (*DRAWN, SKILLS) if any(find(data, m, c) for m in models)]
    rows: list[tuple[Cell, ...]] = [
        (Text(names[m]), *(_measured(data, m, column) for column in columns)) for m in models
    ]
    heads = [Column("model", is_text=True), *(rated(c) for c in columns)]
    measures = [r for m in models for c in columns if (r := find(data, m, c)) is not None]
    notes = [n for n in mean_notes(measures, len(data.study.seeds)) if not n.startswith("Rows of")]
    return captioned("answer", caption, with_common_n(heads, rows), rows, _rules(models), notes)


def _measured(data: ReportData, model: ModelCard, column: RateColumn) -> Number:
    found = find(data, model, column)
    made = number(found, column.digits)
    return replace(made, sd=stdev(found.by_base)) if isinstance(found, Mean) else made


def _in_order(data: ReportData) -> list[ModelCard]:
    """The models that answered hard, the bases first; of many those with the highest J before."""
    models = [m for m in data.study.drawn if _j(data, m) is not None]
    if all(m.is_base for m in models):
        return []
    if len(models) > MANY:
        models.sort(key=lambda m: (not m.is_base, -(_j(data, m) or 0.0)))
    return models


def _j(data: ReportData, model: ModelCard) -> float | None:
    found = find(data, model, J)
    return None if found is None else found.value


def _rules(models: Sequence[ModelCard]) -> frozenset[int]:
    return changes([(m.config if len(models) <= MANY else "", m.is_base) for m in models])


def names_of(data: ReportData, models: Sequence[ModelCard]) -> dict[ModelCard, str]:
    """Returns what models are called where a study has nothing else: cells by their factors."""
    cells = words_of_cells([m for m in models if not m.is_base])
    return {
        m: data.study.among(models).named(cells.get(m.recipe, m.label), m.config) for m in models
    }
