"""What is drawn, on plain lines and as a table, and that no flaw of a screen reaches a run."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from mirage.view.board import Board, Running
from mirage.view.screens import LiveTable, PlainLines, wants_live
from mirage.view.table import table_of
from mirage.view.told import JobLog
from mirage.view.view import View

JOB = "tune/mirage-s0-00000000"
LINE = "mirage: step 120/900, loss 1.2345, 5,300 tokens/s, padding 3.1%, 44 s left\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "mirage-s0-00000000.log"


def board() -> Board:
    return Board("quick", {JOB: 2.0, "score/x-00000000": 0.1}, lambda m: sum(m.values()), begun=0.0)


def test_plain_lines_tell_a_run_from_its_start_to_its_end(log: Path) -> None:
    stream, clock = io.StringIO(), Clock()
    view = View(board(), PlainLines(stream), clock)
    view.started(Running(JOB, "python -m mirage tune results/" + JOB, JobLog(log), 0.0))
    log.write_text(LINE)
    clock.now = 60.0
    view.draw()
    clock.now = 90.0
    view.finished(JOB)
    first, progress, overall, last = stream.getvalue().splitlines()
    assert first.endswith(f"python -m mirage tune results/{JOB}")
    assert "tune mirage-s0: step 120 of 900, loss 1.2345, 5,300 tokens/s, 44 s left" in progress
    assert "0 of 2 jobs, less than a minute left" in overall
    assert f"done in 1 min 30 s: {JOB} (1 of 2 jobs, " in last
    assert "\x1b" not in stream.getvalue()


def test_short_jobs_have_no_lines_between(log: Path) -> None:
    stream, clock = io.StringIO(), Clock()
    view = View(board(), PlainLines(stream), clock)
    view.started(Running(JOB, "command", JobLog(log), 0.0))
    view.draw()
    assert len(stream.getvalue().splitlines()) == 2, "the start, and the whole"


def drawn(board: Board, now: float, height: int = 30) -> str:
    console = Console(file=io.StringIO(), width=110, record=True)
    console.print(table_of(board, now, height))
    return console.export_text()


def test_the_table_has_all_that_is_known_of_a_job(log: Path) -> None:
    some = board()
    some.start(Running(JOB, "command", JobLog(log), 0.0))
    assert "waiting" in drawn(some, 1.0)
    assert "loss" not in drawn(some, 1.0)
    assert "for" in drawn(some, 1.0)
    log.write_text(LINE)
    some.running[JOB].log.read()
    some.failed["judge/[red]x-00000000"] = log
    text = drawn(some, 60.0)
    for word in ("tune", "mirage-s0", "loss", "120/900", "1.2345", "5,300", "44 s", "1 min 00 s"):
        assert word in text
    assert "0 of 2 jobs" in text
    assert "failed: judge/[red]x-00000000" in text


def test_the_table_fits_a_low_terminal(log: Path) -> None:
    some = board()
    for n in range(50):
        some.start(Running(f"tune/m-s{n}-00000000", "command", JobLog(log), 0.0))
    text = drawn(some, 1.0, height=20)
    assert "and 38 more jobs" in text
    assert len(text.splitlines()) < 20


def test_a_failed_job_is_told_with_its_log_and_command_inert(log: Path) -> None:
    stream = io.StringIO()
    view = View(board(), PlainLines(stream))
    view.started(Running(JOB, "command", JobLog(log), 0.0))
    log.write_text("\x1b[2J[bold]text\nerror: the reason\n" + 30 * "warning: leaked\n")
    view.failed(JOB, [log], "python -m mirage tune x")
    text = stream.getvalue()
    assert "\x1b" not in text
    assert "| [bold]text" in text
    assert "| error: the reason" in text
    assert "leaked" not in text
    assert f"log: {log}" in text
    assert "alone: python -m mirage tune x" in text


def test_a_screen_that_breaks_is_left_for_plain_lines(
    log: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(PlainLines):
        def started(self, job: Running) -> None:
            raise RuntimeError("no terminal")

    error = io.StringIO()
    monkeypatch.setattr("sys.__stderr__", error)
    view = View(board(), Broken(io.StringIO()))
    view.started(Running(JOB, "command", JobLog(log), 0.0))
    view.finished(JOB)
    assert "no terminal" in error.getvalue()
    assert "(1 of 2 jobs" in error.getvalue()


@pytest.mark.parametrize("drawn", [False, True])
def test_a_live_table_that_breaks_gives_the_terminal_back(
    monkeypatch: pytest.MonkeyPatch, drawn: bool
) -> None:
    class Flaw:
        def __rich__(self) -> str:
            raise RuntimeError("no table")

    def table(*_: object) -> Flaw:
        if drawn:
            return Flaw()
        raise RuntimeError("no table")

    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("mirage.view.table.table_of", table)
    stdout, stderr, error = Terminal(), Terminal(), io.StringIO()
    monkeypatch.setattr("sys.stdout", stdout)
    monkeypatch.setattr("sys.stderr", stderr)
    monkeypatch.setattr("sys.__stderr__", error)
    view = View(board(), LiveTable(stderr))
    assert "\x1b[?25l" in stderr.getvalue() and sys.stdout is not stdout
    view.draw()
    assert stderr.getvalue().rfind("\x1b[?25h") > stderr.getvalue().rfind("\x1b[?25l")
    assert sys.stdout is stdout and sys.stderr is stderr
    assert "no table" in error.getvalue()


@pytest.mark.parametrize(
    ("variable", "value"), [("CI", "true"), ("NO_COLOR", "1"), ("TERM", "dumb")]
)
def test_who_asks_for_plain_text_gets_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert wants_live(Terminal())
    assert not wants_live(io.StringIO())
    assert not wants_live(Terminal(), nocolor=True)
    monkeypatch.setenv(variable, value)
    assert not wants_live(Terminal())
