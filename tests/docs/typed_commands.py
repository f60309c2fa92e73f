"""Commands as Markdown pages show them: in blocks, to be typed, and inline, to be named."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

SHELL = ("", "sh", "bash", "console")
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")
PROGRAMS = ("mirage", "snakemake", "make", "python")


def typed(page: Path) -> list[list[str]]:
    """Returns the commands in a page's blocks of shell code, as lists of words."""
    found = []
    for token in _tokens(page):
        if token.type == "code_block" or (token.type == "fence" and token.info in SHELL):
            for line in token.content.splitlines():
                found += list(_commands(line))
    return found


def named(page: Path) -> list[str]:
    """Returns a page's inline code."""
    return [token.content for token in _tokens(page) if token.type == "code_inline"]


def _tokens(page: Path) -> Iterator[Token]:
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def _commands(line: str) -> Iterator[list[str]]:
    """Yields the commands of a line that begin with a program of ours; other lines are no shell."""
    words = line.removeprefix("$ ").split()
    first = next((word for word in words if not ASSIGNMENT.fullmatch(word)), "")
    if first not in PROGRAMS:
        return
    line = line.replace("=~/", "=/path/to/")  # a home folder, as a shell fills it in
    command: list[str] = []
    for word in [*shlex.split(line.removeprefix("$ "), comments=True), "&&"]:
        if word == "&&":
            if command and command[0] in PROGRAMS:
                yield command
            command = []
        elif command or not ASSIGNMENT.fullmatch(word):
            command.append(word)
