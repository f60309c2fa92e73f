"""respond: a model answers every item of its suites, greedily, in batches, in one process."""

from __future__ import annotations

from mirage.plan.job import JobContext


def run(ctx: JobContext) -> None:
    """Writes ``responses.jsonl``: one response per item, suites in the plan's order.

    Only answers that no earlier run of this model has given are computed.

    Raises:
        DataError: A suite, a picture or the model folder is missing or broken.
    """
    from mirage.respond.answer import answer_suites

    with ctx.work_clock():
        answer_suites(ctx)
