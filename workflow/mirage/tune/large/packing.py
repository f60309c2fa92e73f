"""Packing for long samples: the samples of a step laid into rows of bounded length.

A step keeps its samples; only how they lie in rows changes. A row goes through the model by itself,
so it is as wide as its samples and nearly nothing is padded. Nothing is ever cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mirage.contracts import DataError
from mirage.tune.batching import Batch, Sizes, lay_out
from mirage.tune.data import Encoded

_NAMED = 20
"""Samples that an error names."""

_MULTIPLE = 8
"""Rows are filled up to a multiple of this many tokens, which matrix products like."""


def best_fit(lengths: Sequence[int], limit: int) -> list[list[int]]:
    """Packs samples into rows, the longest first, each into the fullest row with room for it.

    Best fit decreasing needs at most 11/9 of the fewest possible rows, and two thirds of a row
    (Johnson, 1973).

    Args:
        lengths: Tokens of each sample, none above ``limit``; picture tokens count like others.
        limit: Most tokens of a row.

    Returns:
        Positions in ``lengths``, row by row.
    """
    rows: list[list[int]] = []
    room: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        fitting = [row for row, left in enumerate(room) if left >= lengths[i]]
        if not fitting:
            fitting = [len(rows)]
            rows.append([])
            room.append(limit)
        row = min(fitting, key=lambda row: room[row])
        rows[row].append(i)
        room[row] -= lengths[i]
    return rows


def spread(rows: list[list[int]], lengths: Sequence[int], shares: int) -> list[list[int]]:
    """Splits rows in two, the longest first, until each share of a step has one.

    Rows need no padding, so more of them cost nothing, while a share without one would wait.

    Args:
        rows: Positions in ``lengths``, row by row.
        lengths: Tokens of each sample.
        shares: Rows that are wanted; fewer remain where there are fewer samples.

    Returns:
        The rows, the longest first.
    """

    def tokens(row: list[int]) -> int:
        return sum(lengths[i] for i in row)

    rows = sorted(rows, key=tokens, reverse=True)
    while len(rows) < shares:
        longest = next((row for row in rows if len(row) > 1), None)
        if longest is None:
            break
        rows.remove(longest)
        halves: list[list[int]] = [[], []]
        for i in longest:  # the longest first, each to the shorter half
            min(halves, key=tokens).append(i)
        rows = sorted([*rows, *halves], key=tokens, reverse=True)
    return rows


@dataclass(frozen=True)
class Packing:
    """How each step of a run is laid out.

    Attributes:
        rows: Step -> rows of samples, the longest first.
        passes: Rows that a rank takes one after the other in every step; gradients add up.
        ranks: Processes that share a step.
        sizes: Tokens of each step.
    """

    rows: list[list[list[int]]]
    passes: int
    ranks: int
    sizes: list[Sizes]

    def share(self, step: int, rank: int, part: int) -> list[int]:
        """Returns the samples of one rank's row in one pass; none where none is left.

        Rows of like length go through the ranks at the same time, since they wait for each other.
        """
        place = part * self.ranks + rank
        return self.rows[step][place] if place < len(self.rows[step]) else []


def plan_packing(
    data: Encoded, batches: Sequence[Sequence[int]], limit: int, ranks: int = 1
) -> Packing:
    """Returns the layout of a run; where samples have rejected answers, these fit as well.

    Args:
        data: The training set.
        batches: Samples of each step.
        limit: Most tokens of a row; what a device has room for.
        ranks: Processes that share a step.

    Raises:
        DataError: Samples are longer than a row; the text names them.
    """
    lengths = data.lengths
    if data.rejected is not None:
        lengths = np.maximum(lengths, data.rejected.lengths)
    if long := [i for i in range(len(lengths)) if lengths[i] > limit]:
        raise DataError(_too_long(data, [(i, int(lengths[i])) for i in long], limit))
    steps = []
    for batch in batches:
        some = lengths[list(batch)].tolist()
        steps.append((list(batch), some, best_fit(some, limit)))
    passes = max(-(-len(rows) // ranks) for _, _, rows in steps)
    laid, sizes = [], []
    for batch, some, packed in steps:
        rows = spread(packed, some, passes * ranks)
        laid.append([[batch[i] for i in row] for row in rows])
        padded = sum(_filled(sum(some[i] for i in row)) for row in rows)
        sizes.append(Sizes(sum(some), padded))
    return Packing(laid, passes, ranks, sizes)


def collate_row(
    data: Encoded, batch: Sequence[int], row: Sequence[int], shares: int, pad: int
) -> Batch:
    """Returns one row of a step as what goes through the model at once.

    Args:
        data: The training set.
        batch: Samples of the whole step.
        row: Samples of the row; of none the shortest of the step passes, and nothing is learnt.
        shares: Rows, over ranks and passes, whose gradients are averaged to the step's.
        pad: Id of the padding token.
    """
    shown = row or [min(batch, key=lambda sample: len(data.ids[sample]))]
    spans = [len(data.ids[sample]) for sample in shown]
    width = _filled(sum(spans))
    made = lay_out(data, batch, [shown], width, pad, shares, learns=bool(row))
    rest = width - sum(spans)
    return replace(made, spans=[*spans, rest] if rest else spans)


def _filled(tokens: int) -> int:
    return -(-tokens // _MULTIPLE) * _MULTIPLE


def _too_long(data: Encoded, long: list[tuple[int, int]], limit: int) -> str:
    names = [f"{data.names[i] if data.names else f'sample {i}'} ({n})" for i, n in long[:_NAMED]]
    more = f" and {len(long) - _NAMED} more" if len(long) > _NAMED else ""
    return (
        f"{len(long)} samples are longer than a row of {limit} tokens: {', '.join(names)}{more}. "
        "Nothing is cut off, since that would hide an image: set tune.large.row_tokens to "
        f"{max(n for _, n in long)} or more, or shorten or leave out these samples."
    )
