"""tune: from a base (or nothing) and training samples to a model folder that transformers opens."""

from __future__ import annotations

import json

from mirage.context import ConfigError, JobContext
from mirage.evidence import RECORD, read_member, write_end


def run(ctx: JobContext) -> None:
    """Makes the model of a job of kind ``base`` or ``recipe``.

    Of kind ``record``, it lays out the record of a training whose evidence is committed.

    Raises:
        ConfigError: Another kind of job.
        DataError: The data, the pictures or the base cannot be used; says where.
    """
    if ctx.job.kind == "record":
        path = ctx.external(ctx.settings["evidence"])
        record = read_member(path, f"{ctx.job.name}/{RECORD}")
        (ctx.out / RECORD).write_bytes(record)
        write_end(ctx.out, json.loads(record)["metrics"])
        return
    if ctx.job.kind not in ("base", "recipe"):
        raise ConfigError(f"tune makes bases and recipes, not {ctx.job.kind!r}. See: mirage plan")
    from mirage.tune import checkpoint
    from mirage.tune.perform import perform
    from mirage.tune.ranks import launch
    from mirage.tune.task import Task

    checkpoint.inherit(ctx.earlier, ctx.work)
    task = Task.of(ctx)
    with ctx.work_clock():
        if task.kind == "recipe" and task.settings["tune"]["engine"] == "deepspeed":
            launch(task)
        else:
            perform(task, ctx.log)
