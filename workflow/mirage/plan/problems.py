"""Problems of a configuration, collected and shown all at once."""

from __future__ import annotations

from dataclasses import dataclass

from mirage.plan.job import ConfigError


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        where: File or command-line part.
        key: Dotted key, may be empty.
        text: What is wrong and what is allowed.
    """

    where: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key + ': ' if self.key else ''}{self.text}"


class PlanError(ConfigError):
    """All problems of one configuration."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keeps the problems, each once, in the order they were found."""
        self.problems = list(dict.fromkeys(problems))
        count = len(self.problems)
        head = f"{count} problem{'s' if count > 1 else ''} in the configuration, nothing was run:"
        super().__init__("\n  - ".join([head, *map(str, self.problems)]))
