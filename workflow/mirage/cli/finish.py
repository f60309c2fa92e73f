"""What a run does at its end; nothing here may turn a good run into a failed one."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mirage.cli.compare import line_for
from mirage.cli.outcome import outcome
from mirage.context import DAMAGED
from mirage.files import MANIFEST, write_atomic
from mirage.plan.frozen_plan import Frozen, load, point_to
from mirage.plan.plan_files import PLANS
from mirage.view.told import inert, last_lines, until_reason
from mirage.view.view import READ

TRACKED = "tracked.json"
TRACK_SECONDS = 600
MOST_FAILED = 5


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("--plan", type=Path, required=True, help="frozen plan of the run")
    parser.add_argument("--failed", nargs="+", default=[], help="folders of jobs that failed")


def run(options: argparse.Namespace) -> int:
    """Tracks; says what came out and where it lies, and what failed."""
    # The process that started this one says what is to be said of Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    plan = load(options.plan)
    made = _finished(plan)
    lines = [line for folder in plan.reports if folder in made for line in told(plan, folder)]
    speeds = [f"speed: {plan.store}/{f}/speed.html" for f in plan.measurements if f in made]
    for line in [*lines, *speeds, *failures(plan, options.failed)]:
        print(line, flush=True)
    track(plan)
    return 0


def told(plan: Frozen, folder: str) -> list[str]:
    """Returns what a report says, in lines: rates, gates, where it lies, how the gallery differs.

    Args:
        plan: The plan of the run.
        folder: The report, finished.
    """
    link = point_to(Path(plan.store) / folder, Path(plan.store) / "report" / plan.study)
    lines = [f"report: {link}/report.html", f"        {link}/report.pdf, tables: {link}/tables/"]
    try:
        lines = [*outcome(link), *lines, line_for(plan.study, link)]
    except (OSError, *DAMAGED) as wrong:
        lines.append(f"Its numbers could not be read for these lines ({_line(wrong)})")
    return [line for line in lines if line]


def failures(plan: Frozen, failed: Sequence[str]) -> list[str]:
    """Returns what failed, with the line of each log that says why, and what to do next."""
    if not failed:
        return []
    lines = [f"{len(failed)} job{'s' * (len(failed) > 1)} failed:"]
    for folder in failed[:MOST_FAILED]:
        log = Path(plan.store) / "logs" / f"{folder}.log"
        reason = "".join(until_reason(last_lines(log, READ))[-1:])
        lines += [f"  {folder}: {reason}", f"    log: {log}"]
    more = len(failed) - MOST_FAILED
    lines += [f"  and {more} more"] if more > 0 else []
    again = "Mend what the log says and type the same command again: what is finished is kept."
    return [*lines, again]


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
        print(f"MLflow was not updated ({_line(why)}). Nothing is lost; later: mirage track")
        return
    write_atomic(stamp, json.dumps(now) + "\n")


def _line(said: object) -> str:
    """Returns what an error or another process says, as one line that no terminal obeys."""
    return inert(" ".join(str(said).split()))


def _finished(plan: Frozen) -> list[str]:
    return [f for f in plan.jobs if (Path(plan.store) / f / MANIFEST).is_file()]
