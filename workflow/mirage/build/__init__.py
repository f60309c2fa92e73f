"""Stage build: the picture pool, the data sets that models are trained on, and the suites.

What is built, an entry of the job says (``mirage.plan.entries``, groups ``source`` and ``suite``):
a function that takes the job's context and returns a ``DataSet``. This module imports none of
them, so that a further builder is a change to no other's code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirage.build.dataset import DataSet
    from mirage.context import JobContext


def run(ctx: JobContext) -> None:
    """Builds what the job's entry makes.

    Raises:
        DataError: A shortcut solves a suite, training and test overlap, a word is unknown, or the
            user's own data are not as their contract says.
    """
    builder = ctx.entry("suite" if ctx.job.kind == "suite" else "source")
    with ctx.work_clock():
        made: DataSet = builder(ctx)
        facts = made.write(ctx.out)
    ctx.log(f"built {ctx.job.name}: {facts['items']} samples, {facts['pictures']} pictures drawn")
