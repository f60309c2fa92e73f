"""Publishing: what a stage made goes to its place, manifest and all, by one rename.

A folder cannot be renamed onto one that is not empty. So of two processes that finish the same job
one publishes and the other fails here, whatever stalled, woke up or lost its lock in between: that
failure is the fence, and nothing that lies in an artifact's place is ever moved or replaced.
"""

from __future__ import annotations

import errno
import time
from pathlib import Path

from mirage.context import JobContext
from mirage.contracts import DataError
from mirage.files import MANIFEST, sync, write_atomic
from mirage.plan.adoption import adoption_key
from mirage.plan.artifact import Manifest, inventory, payload_digest
from mirage.plan.chain import check_children
from mirage.plan.job import Job
from mirage.plan.provenance import provenance
from mirage.plan.state import copy_path, damage, finished, restore

FULL = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}


def check_place(store: Path, job: Job) -> None:
    """Checks, before any work, that the artifact could be published.

    Raises:
        DataError: Something other than the finished artifact lies there. It is left as it is: no
            living process publishes in parts, so only a person can know what it is.
    """
    restore(store, job)
    if problems := damage(store / job.folder, job):
        raise DataError(f"{problems[0]} Remove {store / job.folder} and run snakemake again.")


def publish(ctx: JobContext, payloads: dict[str, str], begin: float) -> None:
    """Publishes what a stage wrote into ``ctx.out``.

    Args:
        ctx: The job's context.
        payloads: Folder of each parent -> digest of its payload.
        begin: When the process started, Unix seconds.

    Raises:
        DataError: The stage wrote nothing; the place is taken by something else; or finished
            artifacts were made from other bytes.
    """
    job, folder = ctx.job, ctx.store / ctx.job.folder
    files = inventory(ctx.out)
    if not files:
        raise DataError(f"The stage {job.stage} wrote nothing into {ctx.out}.")
    payload = payload_digest(files)
    check_children(ctx.store, job, payload)
    Manifest(
        stage=job.stage,
        kind=job.kind,
        name=job.name,
        id=job.id,
        settings=job.settings,
        parents=job.parents,
        code=job.code,
        files=files,
        timing=timing(ctx, begin),
        provenance=provenance(),
        key=adoption_key(job, payloads),
        payload=payload,
        entries=job.entries,
        platform=job.platform,
        packages=job.packages,
        parent_ids=job.parent_ids,
        parent_payloads=payloads,
    ).write(ctx.out)
    for path in [ctx.out, *ctx.out.rglob("*")]:
        sync(path)  # nothing is finished before all of it is on the disk
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        ctx.out.rename(folder)
    except OSError as failed:
        if failed.errno not in FULL:
            raise
        if not finished(folder, job):
            check_place(ctx.store, job)
        ctx.log(f"{job.folder} was finished by another process; what this one made is not needed.")
        return
    sync(folder.parent)
    write_atomic(copy_path(ctx.store, job.folder), (folder / MANIFEST).read_text(encoding="utf-8"))


def timing(ctx: JobContext, begin: float) -> dict[str, float]:
    """Returns when the process started and where its seconds went."""
    wall = time.time() - begin
    first = ctx.clock.first or time.perf_counter()
    startup = wall - (time.perf_counter() - first)
    return {
        "started": round(begin, 3),
        "startup": round(startup, 3),
        "work": round(ctx.clock.seconds, 3),
        "wall": round(wall, 3),
        "threads": ctx.job.threads,
    }
