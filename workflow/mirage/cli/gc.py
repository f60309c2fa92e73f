"""``mirage gc``: artifacts and work folders that no kept plan needs; removed only when told to."""

from __future__ import annotations

import argparse
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from mirage.plan.frozen_plan import Frozen, load, plans
from mirage.plan.job import STAGES
from mirage.plan.lock import in_use
from mirage.plan.snakemake_pages import PAGES


@dataclass(frozen=True)
class Waste:
    """A folder that is not needed, and why."""

    path: Path
    why: str

    @property
    def size(self) -> int:
        """Bytes of all files below."""
        return sum(p.lstat().st_size for p in self.path.rglob("*") if not p.is_dir())


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("--store", type=Path, default=Path("results"), help="root of all artifacts")
    parser.add_argument(
        "--days",
        type=float,
        default=30,
        metavar="N",
        help="keep what plans of the last N days need, and each study's last plan (default 30)",
    )
    parser.add_argument("--apply", action="store_true", help="remove; without it only list")


def run(options: argparse.Namespace) -> int:
    """Lists or removes what is not needed."""
    kept, dropped = choose(options.store, options.days)
    for plan in kept:
        print(f"kept: plan {plan.id} of study {plan.study}, {len(plan.jobs)} artifacts")
    total = 0
    for waste in find_waste(options.store, kept):
        size = waste.size
        total += size
        print(f"  {size / 1e6:9.1f} MB  {waste.path}  ({waste.why})")
        if options.apply:
            shutil.rmtree(waste.path)
    if options.apply:
        for path in dropped:
            path.unlink()
    done = "removed" if options.apply else "would be removed with: mirage gc --apply"
    print(f"{total / 1e6:.1f} MB {done}")
    return 0


def choose(store: Path, days: float) -> tuple[list[Frozen], list[Path]]:
    """Returns each study's last plan and all young ones, and the files of the others."""
    kept: list[Frozen] = []
    dropped = []
    oldest = time.time() - days * 86400
    for path in reversed(plans(store)):
        plan = load(path)
        if path.stat().st_mtime >= oldest or plan.study not in {each.study for each in kept}:
            kept.append(plan)
        else:
            dropped.append(path)
    return kept, dropped


def find_waste(store: Path, kept: list[Frozen]) -> list[Waste]:
    """Returns artifact and work folders that no kept plan needs and nobody works in."""
    needed = {folder for plan in kept for folder in plan.jobs}
    running = {job.id for plan in kept for job in plan.jobs.values()}
    waste = []
    for stage in STAGES:
        for path in sorted((store / stage).glob("*-????????")):
            if not path.is_symlink() and f"{stage}/{path.name}" not in needed:
                waste.append(Waste(path, "no kept plan needs it"))
    for path in sorted((store / PAGES).glob("*-????????")):
        if f"report/{path.name}" not in needed:
            waste.append(Waste(path, "copy of a report that no kept plan needs"))
    for path in sorted((store / "work").glob("?" * 64)):
        done = any((store / s).glob(f"*-{path.name[:8]}/manifest.json") for s in STAGES)
        if (done or path.name not in running) and not in_use(path):
            waste.append(Waste(path, "work of a finished or dropped job"))
    answering = {
        f"respond-{job.id[:8]}"
        for plan in kept
        for job in plan.jobs.values()
        if job.stage == "tune"
    }
    for path in sorted((store / "work").glob("respond-????????")):
        if path.name not in answering:
            waste.append(Waste(path, "answers of a model that no kept plan needs"))
    return waste
