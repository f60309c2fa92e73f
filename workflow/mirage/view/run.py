"""What the Snakefile calls when jobs begin and when they are over."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mirage.plan.frozen_plan import Frozen
from mirage.plan.minutes import minutes_of, span
from mirage.view import interrupt
from mirage.view.board import LEAST, Board, about
from mirage.view.handler import LogHandler
from mirage.view.screens import LiveTable, PlainLines, Screen, wants_live
from mirage.view.told import folder_of
from mirage.view.view import View

UNLIMITED = 10_000
"""Cores of a cluster, for an estimate: the longest chain of jobs decides."""


def begin(workflow: Any, plan: Frozen) -> None:
    """Shows a run from now on, unless its command line asks for something else.

    Args:
        workflow: Snakemake's.
        plan: The plan that it runs.
    """
    handler = _handler(workflow)
    if handler is not None and handler.can_view:
        try:
            handler.begin(_view_of(workflow, plan))
        except Exception as wrong:  # noqa: BLE001 (no flaw of a view may end a run)
            handler.give_up(wrong)
    interrupt.jobs_run(True)


def when_nothing_runs(workflow: Any, command: str) -> None:
    """Has a command of the shell say what came out where all is finished already.

    Args:
        workflow: Snakemake's.
        command: It ends a run.
    """
    handler = _handler(workflow)
    if handler is not None:
        handler.when_nothing_runs = command


def end(workflow: Any) -> None:
    """Ends the view when the jobs are over.

    Raises:
        SystemExit: After Ctrl-C, when nothing is left to be said or done.
    """
    interrupt.jobs_run(False)
    handler = _handler(workflow)
    if handler is not None:
        # Events come through a queue: what is still in it belongs above what comes now.
        workflow.logger_manager.queue_listener.stop()
        workflow.logger_manager.queue_listener.start()
        handler.end()
    if interrupt.happened():
        sys.exit(interrupt.STATUS)


def failed(workflow: Any) -> list[str]:
    """Returns the folders of the jobs that failed."""
    return [folder for job in workflow.scheduler.failed if (folder := _folder(job))]


def board_of(plan: Frozen, folders: list[str], cores: int) -> Board:
    """Returns a board for some jobs of a plan, none of which has begun."""
    guesses = {folder: job.minutes for folder, job in plan.jobs.items()}
    known = guesses | minutes_of(plan, cores)
    minutes = {folder: known.get(folder, LEAST) for folder in folders}

    def together(left: Mapping[str, float]) -> float:
        return span(plan, {f: m for f, m in left.items() if f in plan.jobs}, cores)

    return Board(plan.study, minutes, together, time.monotonic())


def _view_of(workflow: Any, plan: Frozen) -> View:
    board = board_of(plan, _folders(workflow), _cores(workflow))
    many = f"{board.total} jobs" if board.total > 1 else "1 job"
    words = f"Study {plan.study}: {many}, {about(board.minutes_left(board.begun))}"
    live = wants_live(sys.stderr, workflow.output_settings.nocolor)
    screen: Screen = LiveTable(sys.stderr) if live else PlainLines(sys.stderr)
    view = View(board, screen)
    view.say(words)
    return view


def _handler(workflow: Any) -> LogHandler | None:
    handlers = workflow.logger_manager.get_log_handlers()
    return next((each for each in handlers if isinstance(each, LogHandler)), None)


def _folders(workflow: Any) -> list[str]:
    return [folder for job in workflow.dag.needrun_jobs() if (folder := _folder(job))]


def _folder(job: Any) -> str:
    """A job's ``<stage>/<name>-<id>``, by its log; empty for the rule ``all``, which has none."""
    return folder_of(Path(job.log[0])) if job.log else ""


def _cores(workflow: Any) -> int:
    return int(workflow.cores or 1) if workflow.local_exec else UNLIMITED
