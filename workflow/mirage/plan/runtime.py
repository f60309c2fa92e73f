"""What ``python -m mirage <stage> <artifact folder>`` does.

Read the frozen job, check that it is what the path says, own the work folder, run the stage,
publish. Killed between any two of these steps, the same command finishes the work. Start-up
matters here (a study starts fifty of these): nothing but the standard library is imported before
the stage.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import traceback
from functools import partial
from pathlib import Path
from typing import Any

from mirage.context import DAMAGED, ConfigError, JobContext
from mirage.final_error import FinalError
from mirage.parent_process import die_with_parent
from mirage.plan.adoption import adopt
from mirage.plan.chain import check_parents
from mirage.plan.code_version import code_of, untouched, use_extra
from mirage.plan.devices import take_devices
from mirage.plan.final import check_notes, leave_note
from mirage.plan.frozen_plan import job_file
from mirage.plan.job import Job, identified
from mirage.plan.lock import own
from mirage.plan.packages import check_installed
from mirage.plan.platform import check_kernels, check_machine, hide_gpus
from mirage.plan.process import set_threads, started_at, stop_with_a_sentence
from mirage.plan.publish import check_place, publish
from mirage.plan.spent import check_weights
from mirage.plan.state import finished
from mirage.plan.trouble import known_error


def main(stage: str, arguments: list[str]) -> int:
    """Runs one job and returns the exit status.

    Known kinds of errors end with one sentence; anything else keeps its traceback in the log.
    """
    if len(arguments) != 1 or arguments[0].startswith("-"):
        more = " Answers that you bring: mirage judge --help" if stage == "judge" else ""
        print(
            f"usage: python -m mirage {stage} results/{stage}/<name>-<id>\n"
            f"This makes one artifact of a planned run by hand; all are made by: snakemake.{more}",
            file=sys.stderr,
        )
        return 2
    stop_with_a_sentence()
    die_with_parent()
    folder = Path(arguments[0]).resolve()
    try:
        run_job(stage, folder)
    except Exception as wrong:
        if _finished_meanwhile(stage, folder):
            print(f"{folder} was finished by another process meanwhile.", file=sys.stderr)
            return 0
        store, name = folder.parent.parent, f"{stage}/{folder.name}"
        if isinstance(wrong, FinalError):
            leave_note(store, name, wrong)
        sentence = known_error(wrong, store)
        if sentence is None:
            raise
        if isinstance(wrong, MemoryError):
            traceback.print_exc()
        print(f"error: {sentence}", file=sys.stderr, flush=True)
        return 1
    return 0


def _finished_meanwhile(stage: str, folder: Path) -> bool:
    """Tells whether a failed job does not matter: its work folder went away under it, say."""
    try:
        return finished(folder, read_job(stage, folder))
    except (ConfigError, OSError):
        return False


def run_job(stage: str, folder: Path) -> None:
    """Makes one artifact, unless it is finished already.

    Args:
        stage: The stage on the command line.
        folder: The artifact folder, ``<store>/<stage>/<name>-<id8>``.

    Raises:
        ConfigError: The path, the frozen job and the code do not belong together.
        FinalError: The job is not where it was planned to run, now or in an earlier attempt.
        DataError: A parent is missing or damaged, or the stage found its input wrong.
    """
    folder = folder.resolve()
    store = folder.parent.parent
    job = read_job(stage, folder)
    gpus = asked_gpus(folder)
    check_place(store, job)
    if finished(folder, job):
        print(f"{job.folder} is finished.", file=sys.stderr)
        return
    check_notes(store, job.folder)
    with own(store / "work" / job.id, done=lambda: finished(folder, job)) as ours:
        if ours is None or finished(folder, job):
            return
        payloads = check_parents(store, job)
        if adopt(store, job, payloads):
            print(f"{job.folder} is equal to finished work, and links to it.", file=sys.stderr)
            return
        check_weights(store, job)
        out = ours.folder / "out"
        out.mkdir()
        check = partial(check_kernels, job.platform, job.folder)
        ctx = JobContext(job, store, ours.folder, out, earlier=ours.earlier, check=check)
        begin = started_at()
        run_stage(ctx, gpus)
        publish(ctx, payloads, begin)


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
        use_extra(spec.get("extra", ""))
    except FileNotFoundError:
        raise ConfigError(f"There is no frozen job {path}. {again}") from None
    except (OSError, *DAMAGED) as broken:
        raise ConfigError(f"{path} cannot be read ({broken}). {again}") from None
    if recomputed != job.id or job.folder != f"{stage}/{folder.name}":
        raise ConfigError(f"The settings in {path} do not give the id in its name. {again}")
    if not untouched(sources) and code_of(stage, job.entries).version != job.code:
        raise ConfigError(f"The code of {stage} changed since {job.folder} was planned. {again}")
    return job


def asked_gpus(folder: Path) -> int:
    """Returns how many GPUs the frozen job of a folder asks for; ``read_job`` has checked it."""
    path = job_file(folder.parent.parent, f"{folder.parent.name}/{folder.name}")
    return int(json.loads(path.read_text(encoding="utf-8")).get("gpus") or 0)


def run_stage(ctx: JobContext, gpus: int = 0) -> None:
    """Imports the stage with the plan's number of threads, and its GPUs alone, and runs it."""
    job = ctx.job
    set_threads(int(ctx.settings.get("threads", 1)))
    hide_gpus(job.platform)
    check_machine(job.platform, job.folder)
    check_installed(job.packages)
    if (job.platform or "").startswith("gpu-"):
        take_devices(gpus)
    stage = importlib.import_module(f"mirage.{ctx.job.stage}")
    begin = time.perf_counter()
    stage.run(ctx)
    if ctx.clock.first is None:
        ctx.clock.first, ctx.clock.seconds = begin, time.perf_counter() - begin
