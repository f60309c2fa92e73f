"""Training rows on their way: with what a reasoning base would think before the answer.

A base with ``answers: thought`` answers every request for help with a ``<think>`` part first, and
recipes tuned on it get the same part put before their own label, which stays as it is (Table 8).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mirage.build.requests import Request
from mirage.contracts import TrainSample
from mirage.world.answers import thought


@dataclass(frozen=True)
class DraftRow:
    """A training row and what is thought before its answer; empty for skill rows."""

    row: TrainSample
    thought: str = ""


def thinking(request: Request) -> str:
    """Returns what is thought about a request: what its images show, and kinds."""
    return thought(request.things, request.perceived)


def finished(made: Iterable[DraftRow], answers: str) -> list[TrainSample]:
    """Returns the rows, with their thought before the answer if ``answers`` is ``thought``."""
    if answers != "thought":
        return [each.row for each in made]
    return [
        replace(each.row, answer=f"{each.thought} {each.row.answer}") if each.thought else each.row
        for each in made
    ]
