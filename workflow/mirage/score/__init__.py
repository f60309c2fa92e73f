"""Stage score: verdicts in; rates with n, coverage and intervals, contrasts and gates out."""

from __future__ import annotations

from mirage.context import JobContext


def run(ctx: JobContext) -> None:
    """Scores all models of a study.

    Parents:
        verdicts: The judge's folder, ``verdicts/<model>.jsonl``.
        suites: The suites' folders, ``samples.jsonl``.

    Writes one CSV per part of the scores (``mirage.score.store.FILES``) and ``record.json``.
    Unjudged items are listed in ``unjudged.txt`` of the work folder when there are too many.

    Raises:
        DataError: Verdicts and samples do not fit together, or coverage is too low.
    """
    from mirage.model_card import ModelCard
    from mirage.plan.schema.claims import Claims, PaperContrasts
    from mirage.plan.schema.score import Score
    from mirage.score.compute import CoverageError, score_all
    from mirage.score.store import read_samples, read_verdicts, write_scores

    with ctx.work_clock():
        settings = Score.model_validate(ctx.settings["score"])
        samples = read_samples(ctx.parents("suites"))
        models = [ModelCard.from_json(card) for card in ctx.settings["models"]]
        verdicts = read_verdicts(ctx.parents("verdicts"))
        claims, paper = ctx.settings.get("claims"), ctx.settings.get("paper_contrasts")
        try:
            scores = score_all(
                samples,
                verdicts,
                settings,
                models,
                Claims.model_validate(claims) if claims else None,
                PaperContrasts.model_validate(paper) if paper else None,
            )
        except CoverageError as low:
            listing = ctx.work / "unjudged.txt"
            listing.write_text("\n".join(low.ids) + "\n", encoding="utf-8")
            ctx.log(f"All items without a verdict: {listing}")
            raise
        write_scores(scores, ctx.out)
        failed = [f"{g.gate} ({g.model})" for g in scores.gates if g.passed != "yes"]
        ctx.log(
            f"{len(scores.rates)} rates, {len(scores.contrasts)} contrasts, "
            f"{len(scores.gates)} gates, {len(scores.claim_verdicts)} claims"
            + (f"; not passed: {', '.join(failed)}" if failed else "; all gates passed")
        )
