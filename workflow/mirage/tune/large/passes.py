"""Global batches cut into what each device takes at once, the gradients added up.

The loss is a mean over the learnt tokens of the *global* batch, so each pass counts by its tokens:
micro-batches of unlike lengths give the gradient of one large batch (a test holds both equal). All
ranks make equally many passes in every step, because they add their gradients up together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mirage.tune.batching import Sizes, lay_out
from mirage.tune.data import Encoded
from mirage.tune.large.world import rank, ranks
from mirage.tune.objective import Table
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


class Passes(Batches):
    """A plan of batches, pass by pass.

    Attributes:
        plan: For each step, for each rank, its passes.
        table: Where the pictures of a pass are fetched with it; None where the objective has them.
    """

    plan: list[list[list[Rows]]]
    table: Table | None = None

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
        inputs = self._fetched(self._laid_out(self.data, batch, rows, learns))
        if self.rejected is None:
            return inputs
        other = self._fetched(self._laid_out(self.rejected, batch, rows, learns))
        return {**inputs, "rejected": other}

    def longest(self) -> list[tuple[int, int]]:
        """Returns step and part of this rank's passes that need most memory, one of each kind.

        Those of most tokens, of most learnt tokens (each has a logit for every word) and of most
        pictures; rejected answers count.
        """
        mine = {
            (step, part): rows
            for step, shares in enumerate(self.plan)
            for part, rows in enumerate(shares[self.rank])
        }
        if not mine:
            return [(0, 0)] * 3
        both = [self.data] if self.rejected is None else [self.data, self.rejected]
        sizes: list[Callable[[Rows], int]] = [
            lambda rows: sum(_padded(data, rows) for data in both),
            lambda rows: sum(int(data.answers[row].sum()) for data in both for row in rows),
            lambda rows: sum(len(self.data.pictures[i]) for row in rows for i in row),
        ]
        return [max(mine, key=lambda at: size(mine[at])) for size in sizes]

    def _laid_out(self, data: Encoded, batch: Sequence[int], rows: Rows, learns: bool) -> Inputs:
        width, cut = _width(data, rows), self.ranks * self.passes
        alone = all(len(row) == 1 for row in rows)
        return vars(lay_out(data, batch, rows, width, self.pad, cut, learns, count_on=alone))

    def _fetched(self, inputs: Inputs) -> Inputs:
        """Adds a pass's rows of pictures; without any the first one, see ``Objective.embed``."""
        if self.table is None or not len(self.table):
            return inputs
        places = inputs["pictures"]
        shown = self.table[places if len(places) else places.new_zeros(1)]
        return {**inputs, "shown": shown}

    def _size(self, step: Sequence[Sequence[Rows]]) -> Sizes:
        passes = [rows for share in step for rows in share]
        tokens = sum(int(self.data.lengths[i]) for rows in passes for row in rows for i in row)
        return Sizes(tokens, sum(_padded(self.data, rows) for rows in passes))


def _width(data: Encoded, rows: Rows) -> int:
    return max(sum(int(data.lengths[i]) for i in row) for row in rows)


def _padded(data: Encoded, rows: Rows) -> int:
    return len(rows) * _width(data, rows)
