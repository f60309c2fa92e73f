"""What a person may type instead of what a command reads: read it, or say what to type."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

EXAMPLES = {
    "plan": "mirage plan study=quick seeds=[0,1]",
    "data": "mirage data check path/to/folder --train",
    "show": "mirage show tune/mirage-s0, or: mirage show /path/to/store/tune/mirage-s0-1a2b3c4d",
    "release": "mirage release --study bases_from_scratch",
    "evidence": "mirage evidence pack --study confirm",
    "compare": "mirage compare results",
    "gallery": "mirage gallery --study quick",
    "track": "mirage track --follow",
    "gc": "mirage gc --days 7, and to remove what that lists: mirage gc --days 7 --apply",
    "model": "mirage model check path/to/folder",
    "schema": "mirage schema path/to/folder/conf",
    "verify": "mirage verify results --quick",
    "judge": "mirage judge --responses mine.jsonl --suite hard",
    "serve": "mirage serve served_oracle --port 8731",
    "doctor": "mirage doctor study=quick",
    "ladder": "mirage ladder --profile profiles/gpu, or: mirage ladder study=smoke -- --cores 4",
}
"""Command -> a line that works, for its help."""

NEXT_WORDS = {"--config", "-C"}
"""Options of Snakemake behind which settings stand; those of a plan stand without."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors end with a line that works, as its help does."""

    def error(self, message: str) -> NoReturn:
        """Ends with the usage, what is wrong and the example."""
        self.print_usage(sys.stderr)
        shown = f"{self.epilog}\n" if self.epilog else ""
        self.exit(2, f"{self.prog}: error: {message}\n{shown}")


def example(command: str) -> str:
    """Returns the end of a command's help."""
    return f"example: {EXAMPLES[command]}"


def unknown_command(word: str, commands: Sequence[str]) -> str:
    """Returns what a word that is no command may mean, and which commands there are."""
    close = difflib.get_close_matches(word, commands, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else "."
    return f"there is no command {word!r}{meant} Commands: {', '.join(commands)}."


def as_settings(words: Sequence[str]) -> list[str]:
    """Returns words of ``mirage plan`` with settings in the form of its own: ``--study quick`` too.

    Options that are none of its settings stay as they are.
    """
    from mirage.plan.study.options import KEYS, OTHER_NAMES

    read: list[str] = []
    rest = [word for word in words if word not in NEXT_WORDS]
    while rest:
        word = rest.pop(0).removeprefix("--config=")
        key, sign, value = word.lstrip("-").partition("=")
        if not word.startswith("--") or OTHER_NAMES.get(key, key) not in KEYS:
            read.append(word)
            continue
        values = [value] if sign else []
        while rest and not sign and not rest[0].startswith("-"):
            if "=" in rest[0] and key != "hydra":
                break
            values.append(rest.pop(0))
        several = f"[{','.join(values)}]"
        read.append(f"{key}={several if len(values) > 1 else ''.join(values)}")
    return read


def unknown_option(word: str, arguments: Sequence[str], usage: str) -> str:
    """Returns what to write instead of a word that a command does not know.

    Args:
        word: The word.
        arguments: The whole command line.
        usage: The command's usage, which names its options.
    """
    from mirage.plan.schema.track import redacted

    key, _, value = word.lstrip("-").partition("=")
    if key == "store" and value:
        return f"write: mirage {arguments[0]} --store {value}"
    what = f"there is no option {word}" if word.startswith("-") else f"{word!r} is a word too many"
    close = difflib.get_close_matches(f"--{key}", re.findall(r"--[a-z-]+", usage), n=1)
    meant = f"; did you mean {close[0]}?" if close and word.startswith("-") else "."
    return redacted(f"{what}{meant} See: mirage {arguments[0]} --help")
