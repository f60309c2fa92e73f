"""Stage score: verdicts in; rates with n, coverage and intervals, contrasts and gates out.

Two kinds of job: ``model`` scores one model under one judge, ``study`` compares the scored models
of a study. A new model costs its own scores and one comparison.
"""

from __future__ import annotations

from mirage.context import JobContext


def run(ctx: JobContext) -> None:
    """Scores a model or compares a study's models, as the job's kind says.

    Raises:
        DataError: Verdicts and samples do not fit together, or coverage is too low.
    """
    from mirage.score.stage import compare, score_one

    with ctx.work_clock():
        if ctx.job.kind == "study":
            compare(ctx)
        else:
            score_one(ctx)
