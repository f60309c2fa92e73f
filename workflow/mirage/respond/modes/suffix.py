"""A sentence below each question: the paper's prompted rows (its Table 15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mirage.respond.answer import Ask
from mirage.respond.answer_cache import Entry
from mirage.respond.items import Question


def suffix(ask: Ask, suites: Sequence[Sequence[Question]], *, text: str) -> Mapping[str, Entry]:
    """Asks every question with a text on a line of its own behind it.

    Args:
        ask: The model.
        suites: The items.
        text: What follows each question.
    """
    return ask([[replace(q, text=f"{q.text}\n{text}") for q in suite] for suite in suites])
