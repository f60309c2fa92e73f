"""What a run does at its end; nothing here may turn a good run into a failed one."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from mirage.cli import timing
from mirage.plan.artifact import write_atomic
from mirage.plan.frozen import PLANS, Frozen, load

TRACKED = "tracked.json"
TRACK_SECONDS = 600


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("--plan", type=Path, required=True, help="frozen plan of the run")
    parser.add_argument("--since", type=float, required=True, help="start of the run, Unix seconds")
    parser.add_argument("--cores", type=int, required=True, help="cores of the run")


def run(options: argparse.Namespace) -> int:
    """Tracks, prints where time went and where the reports are."""
    plan = load(options.plan)
    last, made = timing.record(plan, options.since, options.cores)
    if made:
        print(timing.table(last, made))
    track(plan)
    for folder in plan.reports:
        path = Path(plan.store) / folder
        if (path / "manifest.json").is_file():
            link = point_to(path, Path(plan.store) / "report" / plan.study)
            print(f"report: {link}/report.html, tables: {link}/tables/")
    return 0


def point_to(folder: Path, link: Path) -> Path:
    """Keeps ``results/report/<study>`` pointing at the report of the last run of that study.

    Returns:
        The link.
    """
    if link.is_symlink() and link.readlink() == Path(folder.name):
        return link
    beside = link.with_name(f".{link.name}.part")
    beside.unlink(missing_ok=True)
    beside.symlink_to(folder.name)
    beside.replace(link)
    return link


def track(plan: Frozen) -> None:
    """Brings what is finished into MLflow, unless that was done already; one line if it fails."""
    store = Path(plan.store)
    stamp = store / PLANS / TRACKED
    now = {"plan": plan.id, "finished": sorted(_finished(plan)), "track": plan.track}
    if stamp.is_file() and json.loads(stamp.read_text(encoding="utf-8")) == now:
        return
    command = [sys.executable, "-m", "mirage", "track", "--plan", str(plan.path)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TRACK_SECONDS, check=False
        )
        why = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["?"])[-1]
    except subprocess.TimeoutExpired:
        why = f"no answer within {TRACK_SECONDS} s"
    if why:
        print(f"MLflow was not updated ({why}). Nothing is lost; later: mirage track")
        return
    write_atomic(stamp, json.dumps(now) + "\n")


def _finished(plan: Frozen) -> list[str]:
    return [f for f in plan.jobs if (Path(plan.store) / f / "manifest.json").is_file()]
