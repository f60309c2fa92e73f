"""Where time went: seconds per stage, the share of start-up, and the overhead of a run."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mirage.contracts import DataError
from mirage.files import write_atomic
from mirage.plan.artifact import Manifest
from mirage.plan.frozen_plan import PLANS, Frozen
from mirage.plan.job import STAGES

LAST = "last_run.json"


@dataclass(frozen=True)
class Run:
    """One run of Snakemake.

    Attributes:
        started: When it began, ``ended`` when it ended; Unix seconds.
        cores: Cores it could use.
        artifacts: Folders it made, relative to the store.
    """

    started: float
    ended: float
    cores: int
    artifacts: list[str]

    @property
    def wall(self) -> float:
        """Seconds from start to end."""
        return self.ended - self.started


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("--store", type=Path, default=Path("results"), help="root of all artifacts")


def run(options: argparse.Namespace) -> int:
    """Prints the timing of the last run that made something."""
    path = options.store / PLANS / LAST
    if not path.is_file():
        raise DataError(f"{path} does not exist: no run has ended here yet. Start one: snakemake")
    last = Run(**json.loads(path.read_text(encoding="utf-8")))
    print(table(last, read_manifests(options.store, last.artifacts)))
    return 0


def record(plan: Frozen, started: float, cores: int) -> tuple[Run, list[Manifest]]:
    """Finds what a run made, and remembers it if it made anything.

    Args:
        plan: The run's plan.
        started: When the run began, Unix seconds.
        cores: Cores of the run.
    """
    store = Path(plan.store)
    folders = [f for f in plan.jobs if (store / f / "manifest.json").is_file()]
    made = [m for m in read_manifests(store, folders) if m.timing.get("started", 0) >= started]
    names = [f"{m.stage}/{m.name}-{m.id[:8]}" for m in made]
    last = Run(started, time.time(), cores, names)
    if made:
        write_atomic(store / PLANS / LAST, json.dumps(vars(last)) + "\n")
    return last, made


def read_manifests(store: Path, folders: Sequence[str]) -> list[Manifest]:
    """Reads the manifests of folders that are finished."""
    return [Manifest.read(store / f) for f in folders if (store / f / "manifest.json").is_file()]


def overhead(last: Run, made: Sequence[Manifest]) -> float:
    """Returns 1 - (work seconds x threads) / (wall x cores)."""
    work = sum(m.timing["work"] * m.timing["threads"] for m in made)
    return 1 - work / (last.wall * last.cores)


def table(last: Run, made: Sequence[Manifest]) -> str:
    """Returns the timing of a run as plain text."""
    lines = [
        f"{'stage':<9}{'jobs':>5}{'seconds':>10}{'work s x threads':>18}{'start-up':>10}",
    ]
    for stage in STAGES:
        mine = [m.timing for m in made if m.stage == stage]
        wall = sum(t["wall"] for t in mine)
        if not mine:
            continue
        work = sum(t["work"] * t["threads"] for t in mine)
        share = sum(t["startup"] for t in mine) / wall if wall else 0.0
        lines.append(f"{stage:<9}{len(mine):>5}{wall:>10.1f}{work:>18.1f}{share:>10.0%}")
    lines.append(
        f"{len(made)} jobs in {last.wall:.0f} s on {last.cores} cores; "
        f"overhead {overhead(last, made):.0%} (start-up, scheduling and idle cores)"
    )
    return "\n".join(lines)
