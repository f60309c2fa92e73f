"""Problems of a configuration, collected and shown all at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mirage.context import ConfigError
from mirage.plan.schema.track import redacted


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; passwords in any of it are hidden.

    Attributes:
        where: File or command-line part.
        key: Dotted key, may be empty.
        text: What is wrong and what is allowed.
    """

    where: str
    key: str
    text: str

    def __post_init__(self) -> None:
        """Hides passwords: what is wrong may be, or hold, the address of a database."""
        for name in ("where", "key", "text"):
            object.__setattr__(self, name, redacted(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.where}: {self.key + ': ' if self.key else ''}{self.text}"


def hint(name: object, names: Iterable[str]) -> str:
    """Returns the end of a sentence about an unknown name: which known one it resembles."""
    close = difflib.get_close_matches(str(name), list(names), n=1)
    return f"; did you mean {close[0]!r}?" if close else "."


def unknown(what: str, name: object, names: Iterable[str], owner: str = "There are") -> str:
    """Returns that a name does not exist, the one it resembles, and those there are."""
    names = list(names)
    there = ", ".join(names) or "nothing"
    return f"there is no {what} {name!r}{hint(name, names)} {owner}: {there}."


class PlanError(ConfigError):
    """All problems of one configuration."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keeps the problems, each once, in the order they were found."""
        self.problems = list(dict.fromkeys(problems))
        lines = _lines(self.problems)
        head = f"{len(lines)} problem{'s' if len(lines) > 1 else ''} in the configuration, "
        super().__init__("\n  - ".join([head + "nothing was run:", *lines]))


def _lines(problems: Sequence[Problem]) -> list[str]:
    """Returns one line per problem; the same one in several files of a folder is one line."""
    same: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        folder = re.sub(r"/[^/]+\.yaml$", "", problem.where)
        same.setdefault((folder, problem.key, problem.text), []).append(problem)
    lines = []
    for (folder, key, text), several in same.items():
        if len(several) == 1:
            lines.append(str(several[0]))
        else:
            where = f"{folder}, in {len(several)} {folder.rpartition('/')[2]}s"
            lines.append(str(Problem(where, key, text)))
    return lines
