"""Packing for long samples: the samples of a step laid into rows of bounded length.

A step keeps its samples; only how they lie in rows changes. A row goes through the model by itself,
so it is as wide as its samples and nearly nothing is padded. Nothing is ever cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mirage.contracts import DataError
from mirage.tune.batching import Batch, Sizes, lay_out
from mirage.tune.data import Encoded
from mirage.tune.large.passes import Passes, Rows
from mirage.tune.large.world import rank, ranks
from mirage.tune.trainer import Inputs, Run

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


class PackedPasses(Passes):
    """A plan of batches whose passes are rows of several samples, one row a pass."""

    def __init__(self, data: Encoded, run: Run, rejected: Encoded | None, limit: int) -> None:
        """Packs all batches of a run; where samples have rejected answers, these fit as well.

        The rows of a batch go to the ranks in turn, so that those which are computed at the same
        time are of like length: ranks wait for each other.

        Args:
            data: The training set.
            run: What to do.
            rejected: The same samples with rejected answers, where the loss compares them.
            limit: Most tokens of a row; what a device has room for.

        Raises:
            DataError: Samples are longer than a row; the text names them.
        """
        self.data, self.run, self.pad, self.rejected = data, run, data.pad, rejected
        self.start, self.rank, self.ranks = 0, rank(), ranks()
        lengths = data.lengths
        if rejected is not None:
            lengths = np.maximum(lengths, rejected.lengths)
        if long := [i for i in range(len(lengths)) if lengths[i] > limit]:
            raise DataError(_too_long(data, [(i, int(lengths[i])) for i in long], limit))
        some = [lengths[list(batch)].tolist() for batch in run.batches]
        packed = [best_fit(each, limit) for each in some]
        self.passes = max(-(-len(rows) // self.ranks) for rows in packed)
        self.plan = []
        for batch, each, rows in zip(run.batches, some, packed, strict=True):
            filled = spread(rows, each, self.passes * self.ranks)
            laid = [[[batch[i] for i in row]] for row in filled]
            self.plan.append([laid[mine :: self.ranks] for mine in range(self.ranks)])
        self.sizes = [self._size(step) for step in self.plan]

    def _size(self, step: Sequence[Sequence[Rows]]) -> Sizes:
        rows = [row for share in step for laid in share for row in laid]
        tokens = [int(self.data.lengths[row].sum()) for row in rows]
        return Sizes(sum(tokens), sum(map(_filled, tokens)))

    def _laid_out(self, data: Encoded, batch: Sequence[int], rows: Rows, learns: bool) -> Inputs:
        (row,) = rows
        cut = self.ranks * self.passes
        return vars(collate_row(data, batch, row, cut, self.pad, learns))


def collate_row(
    data: Encoded, batch: Sequence[int], row: Sequence[int], cut: int, pad: int, learns: bool = True
) -> Batch:
    """Returns one row of a step as what goes through the model at once.

    Args:
        data: The training set.
        batch: Samples of the whole step.
        row: Samples of the row.
        cut: Rows, over ranks and passes, whose gradients are averaged to the step's.
        pad: Id of the padding token.
        learns: Whether anything is learnt from it.
    """
    spans = [len(data.ids[sample]) for sample in row]
    width = _filled(sum(spans))
    made = lay_out(data, batch, [row], width, pad, cut, learns)
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
