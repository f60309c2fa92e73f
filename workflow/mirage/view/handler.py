"""Snakemake's events, told to a view; whatever is no run of jobs is told as Snakemake tells it."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from contextlib import suppress
from logging import LogRecord
from pathlib import Path
from typing import Any

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from mirage.view import interrupt
from mirage.view.board import Running
from mirage.view.told import JobLog, folder_of, inert
from mirage.view.view import View

SELF_EVIDENT = (
    "Assuming unrestricted shared filesystem",
    "Building DAG of jobs",
    "Using shell:",
    "Provided ",
    "Rules claiming more threads",
    "Job stats:",
    "Select jobs to execute",
    "Execute ",
    "Complete log(s):",
    "Elapsed time:",
    "Shutting down, this might take some time",
    "Exiting because a job execution failed",
    "At least one job did not complete successfully",
    "WorkflowError:\nAt least one job did not complete successfully",
)
"""How messages begin that a view says better, or that say nothing about this run."""
OTHER_EVENTS = {
    LogEvent.RUN_INFO,
    LogEvent.WORKFLOW_STARTED,
    LogEvent.RESOURCES_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.PROGRESS,
    LogEvent.DEBUG_DAG,
    LogEvent.RULEGRAPH,
}
"""Events that need no line of their own in a view."""


class LogHandler(LogHandlerBase):
    """The logger plugin: a view of the run, or Snakemake's own lines.

    Snakemake calls it in a thread of its own, in the process that a person started alone: jobs on a
    cluster run Snakemake without plugins.
    """

    # What Snakemake asks of a handler: this one takes the terminal, and decides what it shows.
    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Takes Snakemake's own way of telling as what to fall back to."""
        from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter
        from snakemake.settings.enums import Quietness

        to = self.common_settings
        quiet: Any = set(to.quiet or ())
        self._own = ColorizingTextHandler(
            nocolor=to.nocolor, stream=sys.stdout if to.stdout else sys.stderr
        )
        self._own.addFilter(
            DefaultFilter(quiet, to.debug_dag, to.verbose, to.dryrun, to.printshellcmds)
        )
        self._own.setFormatter(DefaultFormatter(quiet, to.show_failed_logs))
        silent = {Quietness.ALL, Quietness.RULES, Quietness.PROGRESS} & quiet
        self.can_view = not (silent or to.dryrun or to.verbose or to.debug_dag)
        self.when_nothing_runs = ""
        self._view: View | None = None
        self._folders: dict[int, str] = {}
        self._commands: dict[str, str] = {}
        interrupt.listen()

    def begin(self, view: View) -> None:
        """From now on events go to a view."""
        self._view = view
        interrupt.at_first(view.close)
        view.start()

    def give_up(self, wrong: Exception) -> None:
        """From now on all is told as Snakemake tells it."""
        if self._view is not None:
            self._view.close()
        self._view, self.can_view = None, False
        with suppress(OSError):
            print(f"No view of this run ({inert(repr(wrong))}).", file=sys.stderr, flush=True)

    def end(self) -> None:
        """The jobs are over; what is said from now on is said plainly."""
        if self._view is not None and not interrupt.happened():
            self._view.over()

    def emit(self, record: LogRecord) -> None:
        """Shows one record."""
        if interrupt.happened():
            if record.levelno >= logging.ERROR and not _comes_of_stopping(record):
                self._own.handle(record)
            return
        if self._view is None:
            if not (self.can_view and _is_self_evident(record)):
                self._own.handle(record)
            if self.can_view and str(record.msg) == NOTHING_TO_BE_DONE_MSG:
                subprocess.run(self.when_nothing_runs, shell=True, check=False)
            return
        try:
            self._tell(self._view, record)
        except Exception as wrong:  # noqa: BLE001 (no flaw of a view may end a run)
            self.give_up(wrong)
            self._own.handle(record)

    def close(self) -> None:
        """Ends the view with the process."""
        if self._view is not None:
            self._view.close()
        super().close()

    def _tell(self, view: View, record: LogRecord) -> None:
        event: LogEvent | None = getattr(record, "event", None)
        facts: dict[str, Any] = vars(record)
        if event is LogEvent.JOB_INFO:
            self._job_starts(view, facts)
        elif event is LogEvent.JOB_FINISHED:
            if folder := self._folders.get(facts["job_id"]):
                view.finished(folder)
        elif event is LogEvent.JOB_ERROR:
            self._job_failed(view, facts)
        elif event is LogEvent.SHELLCMD:
            if self.common_settings.printshellcmds and facts.get("shellcmd"):
                view.say(f"  {facts['shellcmd']}", "note")
        elif event not in OTHER_EVENTS and not _is_self_evident(record):
            serious = record.levelno >= logging.WARNING
            view.say(self._own.format(record), "warning" if serious else "note")

    def _job_starts(self, view: View, facts: dict[str, Any]) -> None:
        # The rule `all` alone has no log: it does nothing.
        if facts["log"]:
            log = Path(facts["log"][0])
            folder = folder_of(log)
            command = str(facts["rule_msg"] or facts["shellcmd"])
            self._folders[facts["jobid"]] = folder
            self._commands[folder] = command
            view.started(Running(folder, command, JobLog(log), time.monotonic()))

    def _job_failed(self, view: View, facts: dict[str, Any]) -> None:
        folder = self._folders.get(facts["jobid"], facts["rule_name"])
        logs = [Path(path) for path in facts["log"]]
        view.failed(folder, logs, self._commands.get(folder, str(facts["shellcmd"])))


def _comes_of_stopping(record: LogRecord) -> bool:
    """Whether Ctrl-C alone explains an error: its sentence has said all there is."""
    return (
        getattr(record, "event", None) in (LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR)
        or getattr(record, "exception", "") in ("KeyboardInterrupt", "RuleException")
        or bool(record.exc_info)
        or "Traceback (most recent call last)" in str(record.msg)
        or _is_self_evident(record)
    )


def _is_self_evident(record: LogRecord) -> bool:
    if getattr(record, "exception", "") == "RuleException":
        # A job's command ended with another status than 0: the event of the failed job follows.
        return "CalledProcessError" in str(record.msg)
    return str(record.msg).startswith(SELF_EVIDENT)
