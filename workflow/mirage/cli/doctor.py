"""``mirage doctor``: is this machine ready? One line per finding; status 1 if one is broken."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from mirage.plan.code_version import PACKAGE

ROOT = PACKAGE.parent.parent
NEEDED_GB = 5
SLURM = ("sbatch", "squeue", "scancel", "scontrol")


@dataclass(frozen=True)
class Finding:
    """What was looked at, and whether it is good (``ok``), worth a look or broken."""

    level: str
    text: str


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("--store", type=Path, default=Path("results"), help="root of all artifacts")


def run(options: argparse.Namespace) -> int:
    """Prints all findings."""
    findings = [
        python(),
        *packages(ROOT / "envs" / "cpu.txt"),
        cores(),
        disk(options.store),
        *profiles(ROOT),
        *slurm(),
    ]
    for finding in findings:
        print(f"{finding.level:<7} {finding.text}")
    return 1 if any(finding.level == "broken" for finding in findings) else 0


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


def disk(store: Path) -> Finding:
    """Checks the free space where results go."""
    folder = next(p for p in [store.resolve(), *store.resolve().parents] if p.exists())
    free = shutil.disk_usage(folder).free / 1e9
    level = "ok" if free >= NEEDED_GB else "broken"
    return Finding(level, f"{free:.0f} GB free at {folder} ({NEEDED_GB} are needed)")


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


def slurm() -> list[Finding]:
    """Looks for Slurm's tools and its controller."""
    tools = [tool for tool in SLURM if shutil.which(tool)]
    if not tools:
        return [Finding("ok", "no Slurm here: jobs run on this machine")]
    missing = [tool for tool in SLURM if tool not in tools]
    if missing:
        return [Finding("broken", f"Slurm without {', '.join(missing)} on PATH")]
    try:
        subprocess.run(["squeue", "--noheader"], capture_output=True, timeout=10, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        text = "the Slurm controller does not answer; even local runs start 9 s later"
        return [Finding("look", text)]
    return [Finding("ok", "Slurm answers: snakemake --profile slurm")]
