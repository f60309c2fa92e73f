"""The two kinds of score jobs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from mirage.context import JobContext
from mirage.contracts import Response, Verdict, read_rows
from mirage.model_card import ModelCard
from mirage.plan.schema.claims import Claims, PaperContrasts
from mirage.plan.schema.score import Score
from mirage.score.compute import SHOWN, CoverageError, score_model, score_study
from mirage.score.csv_rows import from_csv
from mirage.score.frame import suites_of, without_kind
from mirage.score.gates import GateResult
from mirage.score.lengths import Length
from mirage.score.means import means
from mirage.score.outcomes import read_outcomes
from mirage.score.rate_table import TidyWriter, read_rate_table
from mirage.score.store import (
    RATES,
    model_record,
    read_samples,
    study_record,
    write_model_scores,
    write_study_scores,
)


def score_one(ctx: JobContext) -> None:
    """Scores one model.

    Parents:
        verdicts: The judge's ``verdicts.jsonl`` on its answers.
        base_verdicts: The same of its own base, where that was asked what it knows of each item.
        responses: Its answers, for their lengths.
        suites: The suites it answered, ``samples.jsonl``.

    Writes ``rates.parquet``, ``outcomes.parquet``, ``gates.csv``, ``lengths.csv`` and
    ``record.json``. Unjudged items are listed in ``unjudged.txt`` of the work folder when there are
    too many.
    """
    settings = Score.model_validate(ctx.settings["score"])
    model = ModelCard.from_json(ctx.settings["card"])
    suites = suites_of(read_samples(ctx.parents("suites")))
    of_base = ctx.parents("base_verdicts") if "base_verdicts" in ctx.job.parents else []
    try:
        scores = score_model(
            model,
            suites,
            read_rows(ctx.parent("verdicts") / "verdicts.jsonl", Verdict),
            settings,
            of_base=[v for f in of_base for v in read_rows(f / "verdicts.jsonl", Verdict)],
            unseen=tuple(ctx.settings["unseen"]),
            known_gates=ctx.settings.get("released_gates", {}),
            responses=read_rows(ctx.parent("responses") / "responses.jsonl", Response),
        )
    except CoverageError as low:
        listing = ctx.work / "unjudged.txt"
        listing.write_text("\n".join(low.ids) + "\n", encoding="utf-8")
        ctx.log(f"All items without a verdict: {listing}")
        raise
    write_model_scores(scores, ctx.settings["judge"], ctx.out)
    _write_record(model_record(scores), ctx.out)
    failed = [g.gate for g in scores.gates if g.passed != "yes"]
    for name, count in without_kind(suites.values()).items():
        ctx.log(f"{name}: {count} items have no truth.kind and count in no rate")
    ctx.log(
        f"{len(scores.rates)} rates of {model}; gates not passed: {', '.join(failed) or 'none'}"
    )


def compare(ctx: JobContext) -> None:
    """Compares the models of a study.

    Parents:
        scores: What ``score_one`` wrote, a folder per model of the settings, in their order.
        suites: The study's suites, ``samples.jsonl``.

    Writes ``rates.parquet`` and ``rates.csv`` (all rates in long form), one CSV per part of the
    scores (``mirage.score.store.FILES``) and ``record.json``.
    """
    settings = Score.model_validate(ctx.settings["score"])
    claims, paper = ctx.settings.get("claims"), ctx.settings.get("paper_contrasts")
    cards = [ModelCard.from_json(card) for card in ctx.settings["models"]]
    folders = dict(sorted(zip(cards, ctx.parents("scores"), strict=True)))
    suites = suites_of(read_samples(ctx.parents("suites")))
    answers = [
        one
        for card, folder in folders.items()
        for one in read_outcomes(folder / "outcomes.parquet", card, suites)
    ]
    compared = score_study(
        answers,
        [row for f in folders.values() for row in from_csv(f / "gates.csv", GateResult)],
        settings,
        Claims.model_validate(claims) if claims else None,
        PaperContrasts.model_validate(paper) if paper else None,
    )
    del answers
    with TidyWriter(ctx.out) as tidy:
        # Each model's rates are read once, for the files and for the means.
        tables = (tidy.add(str(c), read_rate_table(f / RATES)) for c, f in folders.items())
        seed_means = means(tables)
    scores = dataclasses.replace(
        compared,
        means=seed_means,
        lengths=[row for f in folders.values() for row in from_csv(f / "lengths.csv", Length)],
    )
    write_study_scores(scores, ctx.out)
    _write_record(study_record(scores), ctx.out)
    failed = [f"{g.gate} ({g.model})" for g in scores.gates if g.passed != "yes"]
    if len(failed) > SHOWN:
        failed[SHOWN:] = [f"and {len(failed) - SHOWN} more in gates.csv"]
    ctx.log(
        f"{len(cards)} models, {len(scores.contrasts)} contrasts, {len(scores.gates)} gates, "
        f"{len(scores.claim_verdicts)} claims"
        + (f"; not passed: {', '.join(failed)}" if failed else "; all gates passed")
    )


def _write_record(record: dict[str, object], out: Path) -> None:
    text = json.dumps(record, indent=1, sort_keys=True) + "\n"
    (out / "record.json").write_text(text, encoding="utf-8")
