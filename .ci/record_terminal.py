"""Records what a person sees of a run, as the picture in the README.

Usage: python .ci/record_terminal.py docs/pictures/terminal.svg [words for snakemake]

The words are run by Snakemake in this process, in the real view on a terminal that is kept; nothing
in the picture is written by hand but the prompt. Shown are the table when most was known of what
ran, and the lines at the end.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from rich.console import Console, RenderableType
from rich.text import Text
from snakemake.cli import main as snakemake

from mirage.plan.frozen_plan import VARIABLE
from mirage.view import run
from mirage.view.board import Board, Running, duration
from mirage.view.screens import LIVE_SECONDS, STYLES
from mirage.view.table import table_of

WIDTH, HEIGHT = 100, 20


class Kept:
    """A screen that keeps its best picture.

    Args:
        stream: Not written to.
    """

    every = LIVE_SECONDS
    shown: RenderableType = ""
    seconds, ended = 0.0, 0.0
    said: tuple[Text, ...] = ()
    before = 0
    """Lines said before the picture."""
    _known = -1.0

    def __init__(self, stream: object) -> None:
        """Nothing is drawn yet."""

    def say(self, text: str, kind: str = "more") -> None:
        """Keeps a line."""
        Kept.said = (*Kept.said, Text(text, style=STYLES[kind]))

    def started(self, job: Running) -> None:
        """The table will show it."""

    def finished(self, job: str, board: Board, now: float) -> None:
        """The table will show it."""

    def show(self, board: Board, now: float) -> None:
        """Keeps the picture with the most jobs that say where they are, near the middle."""
        share = board.share(now)
        told = [job.log.told for job in board.running.values()]
        telling = sum(bool(each.total) + bool(each.loss) for each in told)
        known = telling + bool(board.last) - abs(share - 0.5)
        Kept.ended = now - board.begun
        if known > Kept._known:
            Kept._known, Kept.seconds, Kept.before = known, now - board.begun, len(Kept.said)
            Kept.shown = table_of(board, now, HEIGHT)

    def close(self) -> None:
        """Nothing is to be put back."""


def main(path: Path, words: list[str]) -> int:
    """Runs Snakemake and writes the picture."""
    run.LiveTable, run.wants_live = Kept, lambda *_: True  # type: ignore[assignment, misc]
    try:
        snakemake(words)
    except SystemExit as end:
        if end.code:
            return 1
    command = [sys.executable, "-m", "mirage", "finish", "--plan", os.environ[VARIABLE]]
    finish = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False
    )
    typed = Text.assemble(("$ ", "green"), shlex.join(["snakemake", *words]))
    later = Text(f"... {duration(Kept.ended - Kept.seconds)} later", style="dim")
    for line in (typed, *Kept.said[: Kept.before], Kept.shown, Text(), later, Text()):
        console.print(line)
    for text in finish.splitlines():
        console.print(Text(text))
    drawn = console.export_svg(title="snakemake", unique_id="terminal")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Fonts from elsewhere are not loaded in a page's pictures, and nobody is to be asked for them.
    drawn = re.sub(r"@font-face \{[^}]*\}\s*", "", drawn)
    path.write_text(re.sub(r"[ \t]+\n", "\n", drawn), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
