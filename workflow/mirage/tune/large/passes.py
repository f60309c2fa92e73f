"""Global batches cut into what each device takes at once, the gradients added up.

The loss is a mean over the learnt tokens of the *global* batch, so each pass counts by its tokens:
micro-batches of unlike lengths give the gradient of one large batch (a test holds both equal). All
ranks make equally many passes in every step, because they add their gradients up together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mirage.tune.batching import Sizes, lay_out, pack
from mirage.tune.data import Encoded
from mirage.tune.large.world import rank, ranks
from mirage.tune.trainer import Batches, Inputs, Run

Rows = list[list[int]]
"""Rows of one pass, each the samples that share it."""

Arrange = Callable[[NDArray[np.int64], Sequence[int]], list[Rows]]
"""From the lengths of all samples and those of a device's share: its passes."""


def one_each(micro_batch: int) -> Arrange:
    """Returns how samples are laid out where each has a row of its own.

    Args:
        micro_batch: Rows of a pass; like lengths stand together, the longest first.
    """

    def arrange(lengths: NDArray[np.int64], mine: Sequence[int]) -> list[Rows]:
        order = sorted(mine, key=lambda sample: (-int(lengths[sample]), sample))
        return [
            [[sample] for sample in order[at : at + micro_batch]]
            for at in range(0, len(order), micro_batch)
        ]

    return arrange


def shared_rows(micro_batch: int, longest: int) -> Arrange:
    """Returns how samples are laid out where they share rows.

    Args:
        micro_batch: A pass is one row as long as so many of the longest samples.
        longest: Tokens of the longest sample.
    """

    def arrange(lengths: NDArray[np.int64], mine: Sequence[int]) -> list[Rows]:
        packed = pack([int(lengths[sample]) for sample in mine], micro_batch * longest)
        return [[[mine[i] for i in row]] for row in packed]

    return arrange


class Passes(Batches):
    """A plan of batches, pass by pass.

    Attributes:
        plan: For each step, for each rank, its passes.
    """

    def __init__(self, data: Encoded, run: Run, rejected: Encoded | None, how: Arrange) -> None:
        """Cuts all batches of a run.

        Args:
            data: The training set.
            run: What to do.
            rejected: The same samples with rejected answers, where the loss compares them.
            how: Lays the samples of a device out.
        """
        self.data, self.run, self.pad, self.rejected = data, run, data.pad, rejected
        self.start, self.rank, self.ranks = 0, rank(), ranks()
        lengths = data.lengths
        if rejected is not None:
            lengths = np.maximum(lengths, rejected.lengths)
        self.plan = [
            [how(lengths, batch[mine :: self.ranks]) for mine in range(self.ranks)]
            for batch in run.batches
        ]
        self.passes = max(len(share) for step in self.plan for share in step)
        self.sizes = [self._size(step) for step in self.plan]

    def __getitem__(self, place: int) -> Inputs:
        """Returns what the model takes in one pass."""
        step, part = divmod(place, self.passes)
        return self.at(self.start + step, part)

    def at(self, step: int, part: int) -> Inputs:
        """Returns a pass of this rank.

        Args:
            step: Which batch.
            part: Which of its passes; behind the last one a short sample stands in, from which
                nothing is learnt.
        """
        batch, mine = self.run.batches[step], self.plan[step][self.rank]
        learns = part < len(mine)
        rows = mine[part] if learns else [[min(batch, key=lambda i: int(self.data.lengths[i]))]]
        inputs = self._laid_out(self.data, batch, rows, learns)
        if self.rejected is None:
            return inputs
        return {**inputs, "rejected": self._laid_out(self.rejected, batch, rows, learns)}

    def longest(self) -> list[tuple[int, int]]:
        """Returns step and part of this rank's pass of most tokens and of that of most pictures."""
        places = [
            (step, part)
            for step, shares in enumerate(self.plan)
            for part in range(len(shares[self.rank]))
        ]
        if not places:
            return [(0, 0)] * 2
        rows = {(step, part): self.plan[step][self.rank][part] for step, part in places}
        return [
            max(places, key=lambda at: _padded(self.data, rows[at])),
            max(
                places, key=lambda at: sum(len(self.data.pictures[i]) for r in rows[at] for i in r)
            ),
        ]

    def _laid_out(self, data: Encoded, batch: Sequence[int], rows: Rows, learns: bool) -> Inputs:
        width, cut = _width(data, rows), self.ranks * self.passes
        alone = all(len(row) == 1 for row in rows)
        return vars(lay_out(data, batch, rows, width, self.pad, cut, learns, count_on=alone))

    def _size(self, step: Sequence[Sequence[Rows]]) -> Sizes:
        passes = [rows for share in step for rows in share]
        tokens = sum(int(self.data.lengths[i]) for rows in passes for row in rows for i in row)
        return Sizes(tokens, sum(_padded(self.data, rows) for rows in passes))


def _width(data: Encoded, rows: Rows) -> int:
    return max(sum(int(data.lengths[i]) for i in row) for row in rows)


def _padded(data: Encoded, rows: Rows) -> int:
    return len(rows) * _width(data, rows)
