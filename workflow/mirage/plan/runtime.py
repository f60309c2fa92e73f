"""What ``python -m mirage <stage> <artifact folder>`` does.

Read the frozen job, check that it is what the path says, own the work folder, run the stage,
publish. Killed between any two of these steps, the same command finishes the work. Start-up
matters here (a study starts fifty of these): nothing but the standard library is imported before
the stage.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from mirage.context import ConfigError, JobContext
from mirage.contracts import DataError
from mirage.files import MANIFEST, sync_folder
from mirage.plan.artifact import Manifest, inventory, payload_digest
from mirage.plan.code_version import code_of, untouched
from mirage.plan.frozen_plan import job_file
from mirage.plan.job import Job, identified
from mirage.plan.lock import own
from mirage.plan.process import die_with_parent, set_threads, started_at
from mirage.plan.provenance import provenance


def main(stage: str, arguments: list[str]) -> int:
    """Runs one job and returns the exit status.

    Known kinds of errors end with one sentence; anything else keeps its traceback in the log.
    """
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(f"usage: python -m mirage {stage} results/{stage}/<name>-<id>", file=sys.stderr)
        return 2
    die_with_parent()
    try:
        run_job(stage, Path(arguments[0]))
    except (ConfigError, DataError) as wrong:
        print(f"error: {wrong}", file=sys.stderr, flush=True)
        return 1
    except MemoryError:
        traceback.print_exc()
        print("error: out of memory; ask for more with model.memory_mb.", file=sys.stderr)
        return 1
    return 0


def run_job(stage: str, folder: Path) -> None:
    """Makes one artifact, unless it is finished already.

    Args:
        stage: The stage on the command line.
        folder: The artifact folder, ``<store>/<stage>/<name>-<id8>``.

    Raises:
        ConfigError: The path, the frozen job and the code do not belong together.
        DataError: A parent is missing or damaged, or the stage found its input wrong.
    """
    folder = folder.resolve()
    store = folder.parent.parent
    job = read_job(stage, folder)
    if finished(folder, job):
        print(f"{job.folder} is finished.", file=sys.stderr)
        return
    work = store / "work" / job.id
    with own(work, done=lambda: finished(folder, job)) as ours:
        if not ours or finished(folder, job):
            return
        check_parents(store, job)
        out = work / "out"
        out.mkdir(exist_ok=True)
        ctx = JobContext(job, store, work, out)
        begin = started_at()
        run_stage(ctx)
        publish(ctx, folder, begin)


def read_job(stage: str, folder: Path) -> Job:
    """Reads the frozen job of a folder and checks that its settings give the id in the path.

    Raises:
        ConfigError: No such job, edited settings, or code that changed since.
    """
    path = job_file(folder.parent.parent, f"{folder.parent.name}/{folder.name}")
    again = "Plan again with: snakemake"
    if folder.parent.name != stage:
        raise ConfigError(f"{folder} is no folder of the stage {stage}. See: mirage plan")
    try:
        spec: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        job, sources = Job.from_json(spec["job"]), spec["sources"]
        recomputed = identified(job).id
    except FileNotFoundError:
        raise ConfigError(f"There is no frozen job {path}. {again}") from None
    except (json.JSONDecodeError, KeyError, TypeError) as broken:
        raise ConfigError(f"{path} cannot be read ({broken}). {again}") from None
    if recomputed != job.id or job.folder != f"{stage}/{folder.name}":
        raise ConfigError(f"The settings in {path} do not give the id in its name. {again}")
    if not untouched(sources) and code_of(stage, job.entries).version != job.code:
        raise ConfigError(f"The code of {stage} changed since {job.folder} was planned. {again}")
    return job


def finished(folder: Path, job: Job) -> bool:
    """Tells whether the artifact is there, is this job's, and has all its files."""
    if not (folder / MANIFEST).is_file():
        return False
    try:
        manifest = Manifest.read(folder)
    except DataError:
        return False
    return manifest.id == job.id and not manifest.problems(folder)


def check_parents(store: Path, job: Job) -> None:
    """Checks that every parent is finished and that its files have their sizes.

    Raises:
        DataError: A parent that is missing, unfinished or damaged.
    """
    for folder in dict.fromkeys(f for many in job.parents.values() for f in many):
        problems = Manifest.read(store / folder).problems(store / folder)
        if problems:
            raise DataError(
                f"{' '.join(problems[:3])} Remove {store / folder} and run snakemake again."
            )


def run_stage(ctx: JobContext) -> None:
    """Imports the stage with the plan's number of threads and runs it."""
    set_threads(int(ctx.settings.get("threads", 1)))
    stage = importlib.import_module(f"mirage.{ctx.job.stage}")
    begin = time.perf_counter()
    stage.run(ctx)
    if ctx.clock.first is None:
        ctx.clock.first, ctx.clock.seconds = begin, time.perf_counter() - begin


def publish(ctx: JobContext, folder: Path, begin: float) -> None:
    """Moves what the stage made to its place in one step and writes the manifest last."""
    files = inventory(ctx.out)
    if not files:
        raise DataError(f"The stage {ctx.job.stage} wrote nothing into {ctx.out}.")
    _sync(ctx.out, files)
    if folder.exists():
        # Left by a run that died between moving and the manifest, or whose manifest was removed.
        _clear(ctx, folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    ctx.out.rename(folder)
    sync_folder(folder.parent)
    Manifest(
        stage=ctx.job.stage,
        kind=ctx.job.kind,
        name=ctx.job.name,
        id=ctx.job.id,
        settings=ctx.job.settings,
        parents=ctx.job.parents,
        code=ctx.job.code,
        files=files,
        timing=timing(ctx, begin),
        provenance=provenance(),
        payload=payload_digest(files),
        entries=ctx.job.entries,
        platform=ctx.job.platform,
        packages=ctx.job.packages,
        parent_ids=ctx.job.parent_ids,
    ).write(folder)


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


def _clear(ctx: JobContext, folder: Path) -> None:
    old = ctx.work / "old"
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
    shutil.rmtree(old, ignore_errors=True)


def _sync(out: Path, files: dict[str, dict[str, Any]]) -> None:
    """Brings all files to the disk: a manifest must never be older than what it lists."""
    for name in files:
        handle = os.open(out / name, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
