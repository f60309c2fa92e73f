"""What a run does at its end; nothing here may turn a good run into a failed one."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from mirage.cli.compare import line_for
from mirage.context import DAMAGED, ConfigError
from mirage.contracts import DataError
from mirage.files import MANIFEST, write_atomic
from mirage.plan.frozen_plan import PLANS, Frozen, load, show_reports

TRACKED = "tracked.json"
TRACK_SECONDS = 600


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("--plan", type=Path, required=True, help="frozen plan of the run")
    parser.add_argument("--failed", nargs="+", default=[], help="folders of jobs that failed")


def run(options: argparse.Namespace) -> int:
    """Tracks and prints where the reports are."""
    plan = load(options.plan)
    track(plan)
    print("\n".join([*show_reports(plan), *compared(plan)]))
    return 0


def compared(plan: Frozen) -> list[str]:
    """Returns how the finished reports compare with the committed gallery, a line each."""
    lines = []
    for folder in plan.reports:
        report = Path(plan.store) / folder
        if (report / MANIFEST).is_file():
            try:
                lines.append(line_for(plan.study, report))
            except (ConfigError, DataError, OSError) as wrong:
                lines.append(f"The gallery could not be compared ({wrong})")
    return [line for line in lines if line]


def track(plan: Frozen) -> None:
    """Brings what is finished into MLflow, unless that was done already; one line if it fails."""
    store = Path(plan.store)
    stamp = store / PLANS / TRACKED
    now = {"plan": plan.id, "finished": sorted(_finished(plan)), "track": plan.track}
    try:
        if json.loads(stamp.read_text(encoding="utf-8")) == now:
            return
    except (OSError, *DAMAGED):  # never tracked, or a damaged note: track again
        pass
    command = [sys.executable, "-m", "mirage", "track", "--plan", str(plan.path)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TRACK_SECONDS, check=False
        )
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        why = last if done.returncode else ""
    except subprocess.TimeoutExpired:
        why = f"no answer within {TRACK_SECONDS} s"
    if why:
        print(f"MLflow was not updated ({why}). Nothing is lost; later: mirage track")
        return
    write_atomic(stamp, json.dumps(now) + "\n")


def _finished(plan: Frozen) -> list[str]:
    return [f for f in plan.jobs if (Path(plan.store) / f / "manifest.json").is_file()]
