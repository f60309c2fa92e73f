"""``mirage ladder``: the first hour on new GPUs, rung by rung, up to the full study's command.

Each rung is a command that can be typed by itself. It is shown, run, and followed by what its
artifacts prove; the first that fails ends the climb with what to do. What is finished is kept, so
the same command typed again goes on there.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mirage.cli.rungs import RUNGS, Rung
from mirage.contracts import DataError
from mirage.plan.frozen_plan import Frozen
from mirage.plan.state import finished

FULL = "paper_internvl2_5_8b"
TRIAL = "smoke"
AGAIN = "Then type the same command again: what is finished is kept."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "config",
        nargs="*",
        metavar="key=value",
        help=f"study=... at the top (default: {FULL}); other settings hold for every rung. "
        "Behind --: further options of snakemake",
    )
    parser.add_argument("--profile", help="of snakemake: profiles/gpu, slurm")
    parser.add_argument(
        "--trial", default=TRIAL, metavar="STUDY", help=f"what is climbed by (default: {TRIAL})"
    )
    parser.add_argument(
        "--full", action="store_true", help="start the full study too; without it, show its command"
    )
    # cli.run fills it in with what stands behind --.
    parser.set_defaults(behind=[])


def run(options: argparse.Namespace) -> int:
    """Climbs; returns 1 at the first rung that fails."""
    from mirage.plan.dag import make_plan
    from mirage.plan.rehearsal import Rehearsal
    from mirage.plan.study.options import from_words

    config = from_words(options.config)
    full = config.pop("study", FULL)
    words = [f"{key}={value}" for key, value in config.items()]
    profile = ["--profile", options.profile] if options.profile else []
    start = [*profile, *options.behind, "--config"]
    trial, top = [f"study={options.trial}", *words], [f"study={full}", *words]
    last = len(RUNGS) + 1

    make_plan(from_words(top), Rehearsal())  # a wrong name must not show after an hour
    _title(0, f"is this machine ready for {options.trial}?")
    # doctor also looks at the disk there.
    store = ["--store", config["store"]] if "store" in config else []
    here = [word for word in trial if not word.startswith("store=")]
    if _typed("mirage", ["doctor", *store, *here]):
        return _failed(0, "Mend what is broken above; each line says how.")
    _proved([f"programs, data, weights and judges of {options.trial} are here"])
    plan, _ = make_plan(from_words(trial))
    for number, rung in enumerate(RUNGS, 1):
        _title(number, rung.title)
        if why := _climb(rung, plan, [*start, *trial]):
            return _failed(number, why)
    _title(last, f"what {full} takes")
    if _typed("mirage", ["plan", *top]):
        return _failed(last, "Its settings do not fit together; the lines above say which.")
    command = [*start, *top]
    make_plan(from_words(top), lacks := Rehearsal())  # hours after the first look
    if options.full and not lacks.missing:
        return _typed("snakemake", command)
    left = f"Bring what {full} lacks, as listed above, and then start" if lacks.missing else "Start"
    print(f"All rungs hold. {left} it with: {shlex.join(['snakemake', *command])}", flush=True)
    return 1 if options.full else 0


def _climb(rung: Rung, plan: Frozen, command: Sequence[str]) -> str:
    """Takes one rung.

    Args:
        rung: The rung.
        plan: Of the study that is climbed by.
        command: Options of snakemake, up to the last.

    Returns:
        Why it failed and what to do; empty where it holds.
    """
    folders = rung.ends_with(plan)
    if not folders:
        print(f"  study {plan.study} has nothing of it", flush=True)
        return ""
    targets = [plan.manifest(folder) for folder in folders]
    if all(finished(Path(plan.store) / folder, plan.jobs[folder]) for folder in folders):
        print(f"  finished before: {' '.join(targets)}", flush=True)
    elif _typed("snakemake", [*targets, *command]):
        return rung.mend
    try:
        _proved(rung.proves(plan, folders))
    except DataError as wrong:
        return f"{wrong}\n  {rung.mend}"
    return ""


def _title(number: int, text: str) -> None:
    print(f"\nRung {number}: {text}", flush=True)


def _proved(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"  proved: {line}", flush=True)


def _failed(number: int, why: str) -> int:
    print(f"Rung {number} does not hold. {why}\n  {AGAIN}", flush=True)
    return 1


def _typed(program: str, words: Sequence[str]) -> int:
    """Shows a command, runs it with this interpreter and returns its status."""
    print(f"$ {shlex.join([program, *words])}", flush=True)
    # Ctrl-C reaches the command as well, which ends in its own way; this process waits for that.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run([sys.executable, "-m", program, *words], check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
