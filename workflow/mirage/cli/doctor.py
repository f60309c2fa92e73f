"""``mirage doctor``: is this machine ready? One line per finding; status 1 if one is broken.

With a site file of a cluster it asks Slurm, with a study what its jobs need: before the first
submit.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from importlib import metadata
from pathlib import Path

from mirage.cli import doctor_judges, doctor_slurm, doctor_study
from mirage.cli.finding import Finding
from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.plan.code_version import PACKAGE
from mirage.plan.site import COMPUTING, LOCAL, VARIABLE, read_site

ROOT = PACKAGE.parent.parent
NEEDED_GB = 5


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "config",
        nargs="*",
        metavar="key=value",
        help="a study to be checked too, as behind snakemake --config: study=quick",
    )
    parser.add_argument("--store", type=Path, default=Path("results"), help="root of all artifacts")


def run(options: argparse.Namespace) -> int:
    """Prints all findings."""
    findings = [
        python(),
        *packages(ROOT / "envs" / "cpu.txt"),
        cores(),
        disk(options.store),
        *profiles(ROOT),
        *doctor_slurm.reachable(),
    ]
    try:
        findings += site(options)
    except (ConfigError, DataError) as wrong:
        findings.append(Finding("broken", str(wrong)))
    for finding in findings:
        print(f"{finding.level:<7} {finding.text}")
    return 1 if any(finding.level == "broken" for finding in findings) else 0


def site(options: argparse.Namespace) -> list[Finding]:
    """Checks the site file, and what a study's jobs need of it.

    Raises:
        ConfigError: The site or the study is wrong.
        DataError: The same.
    """
    name = os.environ.get(VARIABLE) or LOCAL
    here = read_site()
    slurm = name != LOCAL and doctor_slurm.is_there()
    queues = doctor_slurm.partitions() if slurm else {}
    findings = [Finding("ok", f"site {name} ({VARIABLE})")] if name != LOCAL else []
    if slurm:
        findings += doctor_slurm.queues(here, name, queues)
    elif doctor_slurm.is_there():
        text = f"{VARIABLE} names no site file: jobs are planned for this machine's platform"
        findings.append(Finding("look", f"{text}. See docs/cluster.md"))
    used = {here.of(stage).environment for stage in COMPUTING}
    if not options.config:
        return findings + doctor_study.environments(here.environments, used)
    from mirage.cli.plan import to_run
    from mirage.plan.dag import make_plan
    from mirage.plan.rehearsal import Rehearsal
    from mirage.plan.study.options import from_words

    rehearsal = Rehearsal()  # what is missing is one finding among others
    plan, _ = make_plan({"store": str(options.store), **from_words(options.config)}, rehearsal)
    todo = to_run(plan)
    jobs = {folder: plan.jobs[folder] for folder in todo}
    findings.append(
        Finding("ok", f"study {plan.study}: {len(todo)} of {len(plan.jobs)} jobs to run")
    )
    used = {job.environment for job in jobs.values()}
    findings += doctor_study.environments(here.environments, used)
    findings += [Finding("broken", text) for text in rehearsal.texts()]
    findings += doctor_study.content(plan, whole=not rehearsal.missing)
    findings += doctor_study.keys(jobs.values())
    findings += doctor_judges.judges(jobs.values())
    findings += doctor_study.gpus(plan, todo, here=not slurm)
    if slurm:
        sent = {folder: job for folder, job in jobs.items() if job.stage in COMPUTING}
        findings += doctor_slurm.fitting(sent, plan.resources, queues)
    return findings + doctor_study.room(plan, todo, free(Path(plan.store))[0])


def python() -> Finding:
    """Checks the interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    level = "ok" if sys.version_info[:2] == (3, 11) else "broken"
    return Finding(level, f"Python {version} at {sys.executable} (3.11 is needed)")


def packages(lock: Path) -> list[Finding]:
    """Compares what is installed with the pinned requirements."""
    if not lock.is_file():
        return [Finding("look", f"{lock} does not exist; versions were not compared")]
    wrong = []
    pins = re.findall(r"^([\w.-]+)==([\w.+!]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    for name, want in pins:
        try:
            have = metadata.version(name).split("+")[0]
        except metadata.PackageNotFoundError:
            wrong.append(Finding("broken", f"{name} {want} is not installed: make env"))
            continue
        if have != want:
            wrong.append(Finding("look", f"{name} is {have}, pinned is {want}: make env"))
    return wrong or [Finding("ok", f"{len(pins)} packages as pinned in envs/{lock.name}")]


def cores() -> Finding:
    """Counts the cores this process may use."""
    count = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    text = f"{count} cores, load {load:.1f}"
    if load > count:
        return Finding("look", text + ": busy; two-thread jobs get much slower")
    return Finding("ok", text)


def free(store: Path) -> tuple[float, Path]:
    """Returns the free bytes where results go, and the folder that was asked."""
    folder = next(p for p in [store.resolve(), *store.resolve().parents] if p.exists())
    return shutil.disk_usage(folder).free, folder


def disk(store: Path) -> Finding:
    """Checks the free space where results go."""
    size, folder = free(store)
    level = "ok" if size / 1e9 >= NEEDED_GB else "broken"
    return Finding(level, f"{size / 1e9:.0f} GB free at {folder} ({NEEDED_GB} are needed)")


def profiles(root: Path) -> list[Finding]:
    """Checks that both profiles are where Snakemake looks for them."""
    findings = []
    for path in (root / "profiles" / "default", root / "slurm"):
        there = (path / "config.yaml").is_file()
        text = f"profile {path.relative_to(root)}/config.yaml"
        findings.append(
            Finding("ok" if there else "broken", text + ("" if there else " is missing"))
        )
    return findings
