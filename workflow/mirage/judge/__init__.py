"""Stage judge: one verdict for every response of one model.

A judge is a function ``judge(rows, **options) -> verdicts`` that the plan names
(``mirage.plan.entries``); ``rows`` are pairs of sample and response, and one verdict answers each,
in their order. What it says of a text is kept in a store, so that only new texts are judged. A
judge that looks at pictures, or pays for what it hears, takes a ``context``
(``mirage.judge.context``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirage.context import JobContext


def run(ctx: JobContext) -> None:
    """Judges a model's responses; writes ``verdicts.jsonl``, a row for every response.

    Parents:
        responses: One model's ``responses.jsonl``.
        suites: The suites it answered, ``samples.jsonl``.
        images: The shared pictures, where the judge sees pictures.
        harness: The model's general benchmarks, whose ``verdicts.jsonl`` stand as they are.

    Raises:
        DataError: A response answers no known sample, or the judge breaks its contract.
    """
    import json

    from mirage.contracts import Response, Sample, Verdict, read_rows, write_rows
    from mirage.judge.context import PAID, JudgeContext, pictures_of
    from mirage.judge.judging import Judging, counts

    settings = ctx.settings["judge"]
    judging = Judging.of(
        settings["name"],
        ctx.job.entries["judge"],
        settings["options"],
        code=ctx.job.code,
        work=ctx.store / "work",
    )
    with ctx.work_clock():
        samples: dict[str, Sample] = {}
        homes = {}
        for suite in ctx.parents("suites"):
            for sample in read_rows(suite / "samples.jsonl", Sample):
                samples[sample.id] = sample
                homes[sample.suite] = suite
        context = None
        if judging.asks_for_context:
            paid = ctx.store / "work" / PAID / settings["name"]
            context = JudgeContext(settings["name"], paid, pictures_of(homes, ctx.images), ctx.log)
        path = ctx.parent("responses") / "responses.jsonl"
        responses = read_rows(path, Response)
        rows = judging.judge(samples, responses, path, settings["model"], context)
        if "harness" in ctx.job.parents:
            rows += read_rows(ctx.parent("harness") / "verdicts.jsonl", Verdict)
        write_rows(ctx.out / "verdicts.jsonl", rows)
        metrics = counts(rows)
        record = {"params": {"judge": settings["name"]}, "metrics": metrics, "curves": {}}
        text = json.dumps(record, indent=1, sort_keys=True) + "\n"
        (ctx.out / "record.json").write_text(text, encoding="utf-8")
        ctx.log(f"{settings['model']}: " + ", ".join(f"{n:g} {k}" for k, n in metrics.items()))
