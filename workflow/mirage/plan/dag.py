"""What the Snakefile calls: the plan of a run, written by the main process, read by all others."""

from __future__ import annotations

import os
import shlex
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.parent_process import announce_parent
from mirage.plan.adoption import adopt_all
from mirage.plan.code_version import PACKAGE, Versions, use_extra
from mirage.plan.devices import note_start
from mirage.plan.final import RUN
from mirage.plan.frozen_plan import VARIABLE, Frozen, assemble, freeze, load, show_reports
from mirage.plan.job import Job
from mirage.plan.jobs import plan_jobs
from mirage.plan.plan_files import PLANS
from mirage.plan.rehearsal import Rehearsal, is_dry_run
from mirage.plan.schema.track import PASSWORD, Track, password_of, redacted
from mirage.plan.site import forgotten, hidden_gpus, read_site
from mirage.plan.spent import check_plan
from mirage.plan.state import check_artifacts, to_make
from mirage.plan.study.options import check_arguments
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import resolve
from mirage.plan.trouble import known_error

ROOT = PACKAGE.parent.parent


def open_plan(config: Mapping[str, Any], *, main: bool) -> Frozen:
    """Returns the plan of this run.

    Args:
        config: Snakemake's ``config``.
        main: Whether this is the process a person started. It composes and freezes the plan; nested
            processes (one per Slurm job) only read it.

    Raises:
        ConfigError: Anything wrong with the configuration, or no frozen plan to read.
    """
    announce_parent()
    if main:
        try:
            check_arguments(sys.argv[1:])
            rehearsal = Rehearsal() if is_dry_run(sys.argv[1:]) else None
            frozen, versions = make_plan(config, rehearsal)
            check_artifacts(Path(frozen.store), frozen.jobs.values())
            adopted = adopt_all(Path(frozen.store), frozen.jobs.values())
            check_spent(frozen)
            freeze(frozen, lambda job: versions.of(job.stage, job.entries).sources)
            blind = hidden_gpus(frozen.jobs.values(), frozen.resources)
            lines = [*forgotten(sys.argv[1:]), *(f"warning: {text}" for text in blind)]
            lines += show_reports(frozen)
            lines += rehearsal.lines() if rehearsal else []
        except OSError as wrong:
            raise ConfigError(known_error(wrong, Path.cwd()) or str(wrong)) from wrong
        except DataError as wrong:
            raise ConfigError(str(wrong)) from wrong
        print(*lines, sep="\n", end="\n" if lines else "", file=sys.stderr)
        print(*frozen.anew, sep="\n", end="\n" if frozen.anew else "", file=sys.stderr)
        new = [job for job in frozen.bases("scratch") if not _is_made(frozen, job)]
        if new:
            names = ", ".join(job.name for job in new)
            print(f"trained here, since no released base is used: {names}", file=sys.stderr)
        for folder in adopted:
            print(f"{folder} is equal to finished work, and links to it.", file=sys.stderr)
        os.environ[VARIABLE] = str(frozen.path.resolve())
        os.environ[RUN] = uuid.uuid4().hex
        note_start()
        return frozen
    if VARIABLE not in os.environ:
        raise ConfigError(
            f"{VARIABLE} is not set in a nested process. Let the cluster pass on the environment "
            "(sbatch --export=ALL, the default), or start again with: snakemake --profile slurm"
        )
    return load(Path(os.environ[VARIABLE]))


def check_spent(frozen: Frozen) -> None:
    """Checks that the weights which a run needs were not removed.

    Raises:
        ConfigError: Some were.
    """
    store = Path(frozen.store)
    todo = to_make(store, frozen.jobs, (*frozen.reports, *frozen.measurements))
    check_plan(store, frozen.jobs, todo)


def _is_made(frozen: Frozen, job: Job) -> bool:
    return Path(frozen.manifest(job.folder)).is_file()


def make_plan(
    config: Mapping[str, Any], rehearsal: Rehearsal | None = None
) -> tuple[Frozen, Versions]:
    """Composes and validates the plan of a study; nothing but remembered code hashes is written.

    Args:
        config: As behind ``snakemake --config``.
        rehearsal: Takes what is not on this machine, which is an error without it.

    Returns:
        The plan, and the versions of the code that its jobs were planned with.

    Raises:
        PlanError: All problems of the configuration.
        ConfigError: The store cannot be written.
    """
    problems = []
    try:
        site = read_site()
    except PlanError as wrong:
        problems = wrong.problems
    study = resolve(config, problems=problems, rehearsal=rehearsal)
    extra = str(study.extra or "")
    use_extra(extra)
    check_folder(Path(study.store))
    prepare(Path(study.store))
    versions = Versions(Path(study.store) / PLANS / "code" / "trees.json")
    built = plan_jobs(
        study, lambda stage, entries: versions.of(stage, entries).version, site, rehearsal
    )
    versions.save()
    plan = assemble(
        study=study.study.name,
        store=study.store,
        jobs=list(built.jobs.values()),
        resources=built.requests,
        environments={name: each.command for name, each in site.environments.items()},
        track=_without_password(study.track),
        extra=extra,
        experiments=built.experiments,
        lacking=built.lacking,
    )
    return plan, versions


def check_folder(store: Path) -> None:
    """Keeps a plan from starting a second store wherever it happens to be typed.

    Raises:
        ConfigError: The store is relative, and this is not the root of the checkout.
    """
    if not store.is_absolute() and Path.cwd() != ROOT:
        raise ConfigError(
            f"This is {Path.cwd()}, not the root of the checkout, so {str(store)!r} would start a "
            f"store of its own here; nothing was made. Type: cd {shlex.quote(str(ROOT))}, or name "
            "a folder: store=/path/to/results"
        )


def prepare(store: Path) -> None:
    """Makes the folder that plans go to.

    Raises:
        ConfigError: It cannot be made or written.
    """
    plans = store / PLANS
    try:
        plans.mkdir(parents=True, exist_ok=True)
        why = "" if os.access(plans, os.W_OK | os.X_OK) else "it cannot be written"
    except OSError as wrong:
        why = wrong.strerror or str(wrong)
    if why:
        raise ConfigError(
            f"The store {str(store)!r} cannot be used ({why}). "
            "Choose a folder that you may write: snakemake --config store=results"
        )


def _without_password(track: Track) -> dict[str, Any]:
    """The settings as a plan keeps them; the processes of this run get the password beside it."""
    if password := password_of(track.uri):
        os.environ[PASSWORD] = password
    return track.model_dump(mode="json") | {"uri": redacted(track.uri)}


def finish_command(plan: Frozen, failed: Sequence[str] = ()) -> str:
    """Returns the shell command that ends a run: track, say what came out or what failed."""
    words = ["--plan", str(plan.path), *(["--failed", *failed] if failed else [])]
    return f"{plan.python} -m mirage finish {shlex.join(words)}"
