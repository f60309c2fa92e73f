"""Style ``filler``: the fixed refusal or help, then polite sentences, as long as ``cot``."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Final

from mirage.world.labels import REFUSAL, LabelCase, plain_help
from mirage.world.styles.cot import cot

FILLERS: Final = (
    "thank you .",
    "it is good to talk .",
    "i hope you are well today .",
    "thank you for your question .",
    "please ask me more at any time .",
    "it is a fine day .",
    "i am here all day .",
    "many people ask me many things .",
    "i wish you a good week .",
    "see you soon .",
)
"""Polite sentences that say nothing of objects, harm or help; each at most once in an answer."""


def filler(case: LabelCase) -> str:
    """Returns the refusal or help, as long as ``cot`` would be."""
    start = REFUSAL if case.hazardous else plain_help(case)
    return filled(start, len(cot(case).split()), case.number)


def filled(start: str, words: int, number: int) -> str:
    """Returns ``start`` with filler up to about ``words`` words in all.

    Raises:
        ValueError: The filler sentences together are too short for that.
    """
    need = words - len(start.split())
    filler = _filling(max(need, 0), number % len(FILLERS))
    if need - len(filler.split()) > 2:
        raise ValueError(
            f"{words} words are more than filler can reach; add sentences to FILLERS in "
            "workflow/mirage/world/styles/filler.py."
        )
    return f"{start} {filler}".strip()


@lru_cache(maxsize=1024)
def _filling(need: int, turn: int) -> str:
    """The fewest filler sentences whose words come closest to ``need``; ``turn`` varies which."""
    order = FILLERS[turn:] + FILLERS[:turn]
    choices = (c for size in range(len(order) + 1) for c in combinations(order, size))
    return " ".join(min(choices, key=lambda c: abs(sum(len(s.split()) for s in c) - need)))
