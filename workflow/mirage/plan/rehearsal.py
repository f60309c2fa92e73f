"""A plan of what is not here yet: absent weights, data or GPUs are noted, not refused.

A dry run and ``mirage plan`` show what a study would take before anything was downloaded. What is
absent counts as published (``expect`` of a suite) under a digest of its own, so ids are not those
of the run, and nothing can be run by such a plan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mirage.files import canonical, sha256
from mirage.plan.checked_data import ASSUMED
from mirage.plan.study.problems import Problem


@dataclass
class Rehearsal:
    """What a plan would need that is not here.

    Attributes:
        missing: What it is, each with the command that brings or checks it.
    """

    missing: list[Problem] = field(default_factory=list)

    def stand_in(
        self, problem: Problem, about: Any, counts: Mapping[str, int] | None = None
    ) -> str:
        """Notes something absent and returns a digest in its stead.

        Args:
            problem: What is absent.
            about: What identifies it among absent things.
            counts: How much of data there will be (``checked_data.remember_counts``).
        """
        self.missing.append(problem)
        digest = sha256(canonical(["absent", about]).encode())
        if counts:
            ASSUMED[digest] = dict(counts)
        return digest

    def texts(self) -> list[str]:
        """Returns a sentence for each missing thing; several suites and recipes read one folder."""
        told = (each.text.partition("; then check it with")[0] for each in self.missing)
        return [*dict.fromkeys(told)]

    def lines(self) -> list[str]:
        """Returns what is missing, for people; nothing where all is here."""
        if not self.missing:
            return []
        return [
            "Not here yet; a run would refuse to start, and its ids will differ from these:",
            *(f"  - {text}" for text in self.texts()),
            "When all is in place: mirage doctor, with the same settings, says what is left to do.",
        ]


def typical(items: int) -> dict[str, int]:
    """Returns how much a published set of so many items probably holds.

    Two pictures, 40 words of a question and 200 of an answer, about as MIS has them.
    """
    return {"samples": items, "images": 2 * items, "words": 40 * items, "answers": 200 * items}


def is_dry_run(arguments: Sequence[str]) -> bool:
    """Tells whether a command line of Snakemake asks for a dry run: ``-n``, ``-np``, ``--dry-run``.

    Args:
        arguments: The command line without the program.
    """
    return any(re.fullmatch(r"-[Fpqn]*n[Fpqn]*|--dry-?run", each) for each in arguments)
