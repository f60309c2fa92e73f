"""respond: a model answers every item of its suites, greedily, in batches, in one process."""

from __future__ import annotations

from mirage.context import JobContext


def run(ctx: JobContext) -> None:
    """Writes ``responses.jsonl``: one response per item, suites in the plan's order.

    Only answers that no earlier run of this model has given are computed. A job of kind ``speed``
    measures how fast several models answer instead, and keeps no answer; one of kind ``repeat``
    asks them again in other batches; one of kind ``committed`` lays out committed answers; one of
    kind ``general`` leaves asking and marking to another program.

    Raises:
        DataError: A suite, a picture or the model folder is missing or broken.
    """
    if ctx.job.kind == "speed":
        from mirage.respond.speed import measure_speed

        with ctx.work_clock():
            measure_speed(ctx)
        return
    if ctx.job.kind == "repeat":
        from mirage.respond.repeat import probe

        with ctx.work_clock():
            probe(ctx)
        return
    if ctx.job.kind == "committed":
        from mirage.respond.committed import lay_out

        lay_out(ctx)
        return
    if ctx.job.kind == "general":
        with ctx.work_clock():
            ctx.entry("harness")(ctx)
        return
    from mirage.respond.answer import answer_suites

    with ctx.work_clock():
        answer_suites(ctx)
