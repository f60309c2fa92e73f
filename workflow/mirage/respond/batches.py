"""Which items are answered together: a pure function of one suite alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mirage.respond.items import Question

STEP = 8
"""Prompt widths are rounded up to this: a changed item rarely moves the width of its batch."""


@dataclass(frozen=True)
class Prompt:
    """A question with its token ids, pictures' placeholders filled in.

    Attributes:
        sizes: Width and height in which each picture is shown, of backends that resize some.
    """

    question: Question
    ids: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Batch:
    """Prompts that are answered together, padded on the left to ``width`` tokens."""

    width: int
    prompts: tuple[Prompt, ...]


def plan_batches(prompts: Sequence[Prompt], size: int) -> list[Batch]:
    """Cuts one suite's prompts into equally large batches of similar prompt length.

    Args:
        prompts: All prompts of one suite.
        size: Most prompts in a batch.
    """
    ordered = sorted(prompts, key=lambda p: (len(p.ids), p.question.id))
    count = -(-len(ordered) // size)
    cuts = [len(ordered) * i // count for i in range(count + 1)] if count else []
    chunks = [tuple(ordered[a:b]) for a, b in pairwise(cuts)]
    return [Batch(width=-(-len(chunk[-1].ids) // STEP) * STEP, prompts=chunk) for chunk in chunks]
