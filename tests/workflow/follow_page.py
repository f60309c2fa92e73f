"""Follows a page of docs/ as a reader does: writes its files, types its commands, compares.

What a page may hold, in Markdown that reads well by itself:

- a file: its path in backquotes (``~/`` or ``/`` first) and a colon, then a fenced block;
- commands: a block of ``sh``, a command a line; one whose comment says ``minutes`` is planned only;
- what the last of them prints: a block of ``text`` below it, ``...`` standing for anything;
- mistakes: rows ``| you write | instead of | it says |``, made one at a time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from toy_checkout import ROOT, Checkout

FILE = r"`(?P<path>[~/][^`\s]+)`:\n\n```\w+\n(?P<file>.*?)```"
BLOCK = r"```(?P<kind>sh|text)\n(?P<block>.*?)```"
ROW = r"(?m)^\|(?P<wrong>[^|]*)\|(?P<right>[^|]*)\|(?P<message>[^|]*)\|$"


@dataclass
class Page:
    """A page, and the reader who follows it.

    Attributes:
        name: Below docs/.
        checkout: Where commands are typed.
        home: The reader's home folder.
        places: How the page begins paths -> how they begin here.
    """

    name: str
    checkout: Checkout
    home: Path
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The page, with the folders it names where they lie here."""
        text = (ROOT / "docs" / self.name).read_text(encoding="utf-8")
        for named, folder in self.places.items():
            text = text.replace(named, folder)
        return text

    def write_files(self) -> dict[Path, str]:
        """Writes every file that the page shows, and returns them."""
        found = re.finditer(FILE, self.text, re.DOTALL)
        files = {self._path(match["path"]): match["file"] for match in found}
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return files

    def follow(self) -> None:
        """Writes the files, types the commands in their order, compares what they print."""
        assert self.write_files(), f"{self.name} shows no file"
        said = ""
        for match in re.finditer(BLOCK, self.text, re.DOTALL):
            lines = match["block"].strip().splitlines()
            if match["kind"] == "text":
                for line in lines:
                    pattern = ".*".join(re.escape(part.strip()) for part in line.split("..."))
                    assert re.search(pattern, said), f"{self.name}: {line!r} is not in:\n{said}"
                continue
            for line in lines:
                said = self.type(f"{line.partition('#')[0]} --dry-run" if _long(line) else line)

    def make_mistakes(self) -> None:
        """Makes each mistake of the table in the page's files, or in its last plain run."""
        files, run = self.write_files(), self.last_run
        rows = list(self.mistakes())
        assert rows, f"{self.name} lists no mistakes"
        for wrong, right, message in rows:
            (path,) = [path for path, text in files.items() if right in text] or [None]
            line = run if path else run.replace(right, wrong)
            assert path or line != run, f"{self.name}: {right!r} stands nowhere"
            if path:
                path.write_text(files[path].replace(right, wrong), encoding="utf-8")
            told = self._told(line)
            assert message in " ".join(told.split()), f"{self.name}: {message!r} is not in:\n{told}"
            assert "Traceback" not in told
            if path:
                path.write_text(files[path], encoding="utf-8")

    def _told(self, line: str) -> str:
        """What is said to a mistake: by the plan, else by the run itself."""
        plan = line.replace("snakemake --config", "mirage plan", 1)
        return self.type(f"{plan.strip()} >&2 && exec {line}", fails=True)

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """Yields what is written, instead of what, and what is said to it."""
        for match in re.finditer(ROW, self.text):
            cells = [_code(cell) for cell in match.groups()]
            if cells[2] and set(cells[2]) != {"-"} and cells[2] != "it says":
                yield cells[0], cells[1], cells[2]

    def type(self, line: str, *, fails: bool = False) -> str:
        """Types a line into a shell, and returns what it prints."""
        paths = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.checkout.root,
            env=self.checkout.environ | {"HOME": str(self.home), "PATH": paths},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, f"{self.name}: {line}\n{done.stdout}"
        return done.stdout

    @property
    def last_run(self) -> str:
        """The last command that runs a study here and now."""
        lines = re.findall(r"(?m)^snakemake .*$", self.text)
        return [line.partition("#")[0] for line in lines if not _long(line)][-1]

    def _path(self, named: str) -> Path:
        return self.home / named[2:] if named.startswith("~/") else Path(named)


def _long(line: str) -> bool:
    return "minutes" in line.partition("#")[2]


def _code(cell: str) -> str:
    """What a cell shows: the text between its backquotes, else nothing."""
    match = re.search(r"`(.*)`", cell.strip())
    return match[1] if match else ""
