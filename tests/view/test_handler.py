"""What becomes of Snakemake's events where the view cannot be had, and after Ctrl-C."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from mirage.view import interrupt, run
from mirage.view.handler import LogHandler


def handler_of(monkeypatch: pytest.MonkeyPatch) -> LogHandler:
    """Makes a handler that leaves the signals of this process alone."""
    monkeypatch.setattr(interrupt, "listen", lambda: None)
    monkeypatch.setattr(interrupt, "jobs_run", lambda _: None)
    switches = ("dryrun", "verbose", "debug_dag", "stdout", "printshellcmds", "show_failed_logs")
    asked: Any = SimpleNamespace(quiet=None, nocolor=True, **dict.fromkeys(switches, False))
    return LogHandler(asked, None)


def record(text: str, level: int = logging.ERROR, **more: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text, "levelno": level, **more})


def test_a_view_that_cannot_be_made_leaves_snakemake_s_own_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = handler_of(monkeypatch)

    def broken(*_: object) -> None:
        raise RuntimeError("no estimate")

    monkeypatch.setattr(run, "board_of", broken)
    workflow = SimpleNamespace(
        logger_manager=SimpleNamespace(get_log_handlers=lambda: [handler]),
        dag=SimpleNamespace(needrun_jobs=list),
        local_exec=True,
        cores=1,
    )
    run.begin(workflow, SimpleNamespace(study="toy"))  # type: ignore[arg-type]
    handler.emit(record("Select jobs to execute...", logging.INFO))
    first, *rest = capsys.readouterr().err.splitlines()
    assert "no estimate" in first
    assert rest == ["Select jobs to execute..."]


def test_after_ctrl_c_an_error_of_its_own_is_told_and_nothing_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = handler_of(monkeypatch)
    monkeypatch.setattr(interrupt, "happened", lambda: True)
    handler.emit(record("Terminating processes on user request", logging.INFO))
    handler.emit(record("Cancelling on user request", exception="KeyboardInterrupt"))
    handler.emit(record("Error in rule tune", event=LogEvent.JOB_ERROR))
    handler.emit(record("Traceback (most recent call last):\n  File"))
    assert not capsys.readouterr().err
    handler.emit(record("No space left on device"))
    assert capsys.readouterr().err == "No space left on device\n"
