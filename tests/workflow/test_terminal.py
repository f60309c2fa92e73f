"""What a person sees of a run: on a terminal, without one, when a job fails, and after Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from toy_checkout import Checkout, gone, wait_for

SENTENCE = "Stopped. Type the same command again: it goes on from where it was."
HOSTILE = r"\x1b[2J\x1b]0;title\x07[bold]plain[/] \u202e"
LINE = "mirage: step 120/900, loss 1.2345, 5,300 tokens/s, padding 3.1%, 44 s left"
DRAWN = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")


@dataclass
class Terminal:
    """A run on a terminal of its own, as a person's shell starts it."""

    checkout: Checkout
    text: str = ""
    _leader: int = field(default=-1)

    def start(self, *words: str) -> subprocess.Popen[str]:
        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 110, 0, 0))
        plain = ("CI", "NO_COLOR", "COLUMNS", "LINES")
        environ = {k: v for k, v in self.checkout.environ.items() if k not in plain}
        process = subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--config", "study=toy", *words],
            cwd=self.checkout.root,
            env=environ | {"TERM": "xterm-256color"},
            stdin=follower,
            stdout=follower,
            stderr=follower,
            text=True,
            start_new_session=True,
            # The terminal must be its own, or Ctrl-C would reach nobody.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(follower)
        os.set_blocking(self._leader, False)
        self.checkout.started.append(process)
        return process

    def read(self) -> str:
        """Takes what was drawn since; returns all of it."""
        try:
            while data := os.read(self._leader, 65536):
                self.text += data.decode("utf-8", errors="replace")
        except OSError:  # nothing yet, or the other end is closed
            pass
        return self.text

    def shows(self, words: str) -> str | None:
        return self.text if words in DRAWN.sub("", self.read()) else None

    def press_ctrl_c(self) -> None:
        os.write(self._leader, b"\x03")

    def end(self, process: subprocess.Popen[str]) -> str:
        while process.poll() is None:
            self.read()
            time.sleep(0.02)
        return DRAWN.sub("", self.read())


@pytest.fixture
def terminal(checkout: Checkout) -> Terminal:
    return Terminal(checkout)


def let_tune_talk(checkout: Checkout) -> None:
    stage = checkout.root / "workflow/mirage/tune/__init__.py"
    said = f'    ctx.log("{HOSTILE}\\n{LINE}")\n'
    stage.write_text(stage.read_text().replace("def run(ctx):\n", f"def run(ctx):\n{said}", 1))


def fail(checkout: Checkout, stage: str) -> None:
    path = checkout.root / f"workflow/mirage/{stage}/__init__.py"
    path.write_text(
        f'def run(ctx):\n    ctx.log("{HOSTILE}")\n    raise ValueError("the reason")\n'
    )


def test_a_table_while_it_runs_and_the_terminal_as_it_was_at_the_end(terminal: Terminal) -> None:
    let_tune_talk(terminal.checkout)
    terminal.checkout.hold("tune/mirage-s0", "before")
    process = terminal.start()
    terminal.checkout.reached()
    # Whatever is drawn last: the base says its steps too, and a screen is read in pieces.
    for words in ("mirage-s0", "120/900", "1.2345", "5,300", " jobs, "):
        wait_for(partial(terminal.shows, words))
    terminal.checkout.go_on()
    text = terminal.end(process)
    assert process.returncode == 0, text
    assert "23 of 23 jobs done in " in text
    assert "report: results/report/toy/report.html" in text
    assert "results/report/toy/report.pdf" in text
    assert "Select jobs to execute" not in text
    assert "\x1b[2J" not in terminal.text
    assert terminal.text.rfind("\x1b[?25h") > terminal.text.rfind("\x1b[?25l"), "the cursor is back"


def test_ctrl_c_ends_in_a_sentence_and_the_same_command_goes_on(terminal: Terminal) -> None:
    checkout = terminal.checkout
    checkout.hold("tune/mirage-s0", "before")
    process = terminal.start()
    job = checkout.reached()
    terminal.press_ctrl_c()
    text = terminal.end(process)
    assert process.returncode == 130
    assert text.count(SENTENCE) == 1
    after = text.partition(SENTENCE)[2]
    assert not after.strip(), "nothing more is said"
    assert "Traceback" not in text
    wait_for(lambda: gone(job))
    checkout.go_on()
    # Not what toys said: another job may have been stopped between its last word and its manifest.
    folders = (path.parent for path in checkout.root.glob("results/*/*-*/manifest.json"))
    finished = {f"{each.parent.name}/{each.name.rpartition('-')[0]}" for each in folders}
    said = len(checkout.runs)
    assert finished <= set(checkout.runs)
    checkout.snakemake()
    assert "report/toy" in checkout.runs[said:]
    assert not finished & set(checkout.runs[said:]), "what was done was not done again"


def test_ctrl_c_without_a_terminal_has_the_same_status(checkout: Checkout) -> None:
    checkout.hold("tune/mirage-s0", "before")
    process = checkout.start("snakemake", "--config", "study=toy")
    checkout.reached()
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate()
    assert process.returncode == 130
    assert text.endswith(f"{SENTENCE}\n")


def test_ctrl_c_twice(terminal: Terminal) -> None:
    terminal.checkout.hold("tune/mirage-s0", "before")
    process = terminal.start()
    job = terminal.checkout.reached()
    terminal.press_ctrl_c()
    terminal.press_ctrl_c()
    text = terminal.end(process)
    assert process.returncode == 130
    assert text.count(SENTENCE) == 1
    assert "Traceback" not in text
    wait_for(lambda: gone(job))


def test_plain_lines_without_a_terminal(checkout: Checkout) -> None:
    let_tune_talk(checkout)
    text = checkout.snakemake("--printshellcmds")
    assert "Study toy: 23 jobs" in text
    (name,) = (path.name for path in (checkout.root / "results/tune").glob("mirage-s0-*"))
    assert f" python -m mirage tune results/tune/{name}\n" in text
    assert f"-m mirage tune results/tune/{name} > results/logs/tune/{name}.log" in text
    assert re.search(rf"done in \d+ s: tune/{name} \(\d+ of 23 jobs", text)
    assert "23 of 23 jobs done in " in text
    assert "\x1b" not in text
    assert "Select jobs" not in text


def test_a_finished_study_tells_its_results_again(checkout: Checkout) -> None:
    first, again = checkout.snakemake(), checkout.snakemake()
    assert "Nothing to be done" in again
    assert "report: results/report/toy/report.html" in again
    assert again.splitlines()[-1] == first.splitlines()[-1]
    assert "report.pdf" not in checkout.snakemake("--dry-run")
    assert "report.pdf" not in checkout.snakemake("--summary")


def test_a_failed_job_is_told_once_while_it_runs_and_once_at_the_end(checkout: Checkout) -> None:
    fail(checkout, "judge")
    text = checkout.snakemake(fails=True)
    (log, *_) = sorted((checkout.root / "results/logs/judge").glob("*.log"))
    folder = f"judge/{log.stem}"
    assert "\x1b" not in text
    assert "| [bold]plain[/]" in text
    assert "| ValueError: the reason" in text
    assert f"alone: python -m mirage judge results/{folder}" in text
    during, _, end = text.partition("3 jobs failed:")
    assert during.count(f": {folder}\n") == 1
    assert f"  {folder}: ValueError: the reason" in end
    assert f"log: results/logs/{folder}.log" in end
    assert "CalledProcessError" not in text


@pytest.mark.parametrize("words", [["--quiet", "all"], ["--verbose"], ["--no-hooks"]])
def test_snakemake_speaks_for_itself_where_it_is_asked_to(
    checkout: Checkout, words: list[str]
) -> None:
    text = checkout.snakemake("--until", "images", *words)
    assert "Study toy:" not in text
    assert ("Finished jobid" in text) == (words[0] != "--quiet")


def test_questions_to_snakemake_are_answered(checkout: Checkout) -> None:
    assert "Job stats:" in checkout.snakemake("--dry-run")
    assert "output_file" in checkout.snakemake("--summary")


def test_a_flaw_of_the_view_costs_no_run(checkout: Checkout) -> None:
    path = checkout.root / "workflow/mirage/view/screens.py"
    text = path.read_text().replace(
        '"""Shows what a job runs, to be pasted."""', "raise OSError(5)"
    )
    path.write_text(text)
    out = checkout.snakemake("--until", "images")
    assert "The live view stopped" in out
    assert list(Path(checkout.root / "results/build").glob("images-*/manifest.json"))
