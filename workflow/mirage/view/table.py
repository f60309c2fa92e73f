"""The live table: a row for each running job, a bar for the whole."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mirage.view.board import Board, Running, about, duration

COLUMNS = {"step": 11, "loss": 6, "tokens/s": 8, "left": 8, "for": 8}
"""Heading -> width, wide enough that the table does not move as numbers grow."""
OTHER_LINES = 8
"""Lines of a terminal that rows of jobs leave to the rest."""


def table_of(board: Board, now: float, height: int) -> RenderableType:
    """Returns the picture of a run.

    Args:
        board: Where it stands.
        now: On the board's clock.
        height: Lines of the terminal.
    """
    parts: list[RenderableType] = [_bar(board, now), _jobs(board, now, height)]
    if board.last:
        parts.append(Text(f"last done: {board.last}", style="dim", overflow="ellipsis"))
    if board.failed:
        names = ", ".join(board.failed)
        words = Text(f"failed: {names}", style="bold red", no_wrap=True, overflow="ellipsis")
        parts.append(words)
    return Group(*parts)


def _bar(board: Board, now: float) -> Table:
    share = board.share(now)
    line = Table.grid(padding=(0, 1), expand=False)
    line.add_column(no_wrap=True)
    line.add_column(width=24)
    line.add_column(no_wrap=True)
    words = Text.assemble(
        (f"{len(board.done)} of {board.total} jobs", "bold"),
        f", {share:.0%}",
        (f"  {duration(now - board.begun)}, ", "dim"),
        about(board.minutes_left(now)),
    )
    bar = ProgressBar(total=1.0, completed=share, width=24, complete_style="cyan")
    line.add_row(Text(board.study, style="bold cyan"), bar, words)
    return line


def _jobs(board: Board, now: float, height: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=False)
    table.add_column("", no_wrap=True, min_width=7)
    table.add_column("", no_wrap=True, overflow="ellipsis", min_width=24, max_width=34)
    jobs = list(board.running.values())
    room = max(3, height - OTHER_LINES)
    rows = [_row(job, now) for job in jobs[:room]]
    for number, (heading, width) in enumerate(COLUMNS.items(), 2):
        told = heading if any(row[number] for row in rows) else ""
        table.add_column(told, justify="right", no_wrap=True, min_width=width)
    for row in rows:
        table.add_row(*row)
    if len(jobs) > room:
        table.add_row("", f"and {len(jobs) - room} more jobs")
    return table


def _row(job: Running, now: float) -> list[Text]:
    told = job.log.told
    step = f"{told.done:,}/{told.total:,}" if told.total else ""
    # A job of a cluster may wait for long before its log begins.
    step = step or ("" if job.log.begun else "waiting")
    rate = f"{told.rate:,}" if told.rate else ""
    left = duration(told.left) if told.left is not None else ""
    cells = (step, told.loss, rate, left, duration(now - job.since))
    return [Text(job.stage, style="cyan"), Text(job.name), *map(Text, cells)]
