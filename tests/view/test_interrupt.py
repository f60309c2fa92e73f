"""Ctrl-C typed again while the first is still being told."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from mirage.view.interrupt import SENTENCE, STATUS

IMPATIENT = """
import os, signal, sys, time
from mirage.view import interrupt

def press():
    os.kill(os.getpid(), signal.SIGINT)

def clear_the_table():
    press()
    print("cleared", file=sys.stderr, flush=True)

interrupt.listen()
interrupt.at_first(clear_the_table)
interrupt.jobs_run({runs_jobs})
try:
    press()
    time.sleep(60)
finally:
    print("ended by Snakemake", file=sys.stderr, flush=True)
    {then}
"""

HELD = "    interrupt.PATIENCE = 0.0\n    press()\n    time.sleep(60)\n    print"


@pytest.mark.parametrize(
    ("runs_jobs", "then", "said"),
    [
        (True, "pass", ["cleared", SENTENCE, "ended by Snakemake"]),
        (False, "pass", ["cleared", SENTENCE]),
        (True, "press(); time.sleep(60)", ["cleared", SENTENCE, "ended by Snakemake"]),
    ],
    ids=["jobs are ended", "no jobs run", "a third"],
)
def test_a_second_never_cuts_off_what_the_first_does(
    runs_jobs: bool, then: str, said: list[str]
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", IMPATIENT.format(runs_jobs=runs_jobs, then=then)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr.splitlines() == said
    assert ended.returncode == (STATUS if "press" in then or not runs_jobs else -signal.SIGINT)


def test_a_first_that_never_comes_to_an_end_is_given_up() -> None:
    held = IMPATIENT.format(runs_jobs=True, then="pass").replace("    press()\n    print", HELD)
    ended = subprocess.run([sys.executable, "-c", held], capture_output=True, check=False)
    assert (ended.stderr, ended.returncode) == (b"", STATUS)
