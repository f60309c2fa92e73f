"""Batches: a pure function of the samples' lengths, the seed and the settings.

A batch is drawn at random over the whole data set: batches of like lengths would need no padding,
but a sample's length tells its task, so each would hold one task alone. Samples are then packed,
several to a row, without seeing each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mirage.tune.data import Encoded

_STEP, _WIDEST, _TRIED = 8, 160, 20
_ATTENTION = 400
"""Width at which attention is taken to cost as much as the rest of a layer: an estimate."""

_PASS = 2048
"""Tokens that go through the model at once: a layer's activations then stay in a core's cache. A
step of 5,400 tokens takes 0.66 s in four passes and 0.74 s in one (AVX2, one thread)."""


def epoch_batches(samples: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Returns one epoch: each sample once, in random order.

    Args:
        samples: How many there are.
        batch_size: Samples a batch; the last one of an epoch may be smaller.
        seed: Seed of the order.
        epoch: Which epoch; each has its own order.
    """
    order = np.random.default_rng([seed, epoch]).permutation(samples).tolist()
    return [order[i : i + batch_size] for i in range(0, samples, batch_size)]


def plan_epochs(samples: int, batch_size: int, seed: int, epochs: int) -> list[list[int]]:
    """Returns the batches of whole epochs, one after the other."""
    return [
        batch
        for epoch in range(epochs)
        for batch in epoch_batches(samples, batch_size, seed, epoch)
    ]


def plan_steps(samples: int, batch_size: int, seed: int, steps: int) -> list[list[int]]:
    """Returns exactly ``steps`` batches, the last epoch cut off where they are reached."""
    batches: list[list[int]] = []
    epoch = 0
    while len(batches) < steps:
        batches += epoch_batches(samples, batch_size, seed, epoch)
        epoch += 1
    return batches[:steps]


def plan_tokens(
    answers: NDArray[np.int64], batch_size: int, seed: int, tokens: int
) -> list[list[int]]:
    """Returns as many batches as teach about ``tokens`` answer tokens, at least one.

    Args:
        answers: Learnt tokens of each sample.
        batch_size: Samples a batch.
        seed: Seed of the order.
        tokens: Learnt tokens of the whole run; the batch that crosses them counts where that comes
            nearer to them than stopping before it.
    """
    batches: list[list[int]] = []
    learnt = epoch = 0
    while True:
        for batch in epoch_batches(len(answers), batch_size, seed, epoch):
            more = int(answers[batch].sum())
            if batches and tokens - learnt < more / 2:
                return batches
            batches.append(batch)
            learnt += more
        epoch += 1


def pack(lengths: Sequence[int], width: int) -> list[list[int]]:
    """Packs samples into rows, the longest first, each into the first row with room for it.

    Args:
        lengths: Tokens of each sample, none above ``width``.
        width: Tokens of a row.

    Returns:
        Positions in ``lengths``, row by row.
    """
    rows: list[list[int]] = []
    room: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        row = next((r for r, left in enumerate(room) if left >= lengths[i]), len(rows))
        if row == len(rows):
            rows.append([])
            room.append(width)
        rows[row].append(i)
        room[row] -= lengths[i]
    return rows


def best_width(lengths: NDArray[np.int64], batches: Sequence[Sequence[int]]) -> int:
    """Returns the width of rows that makes a run's first batches cheapest.

    Narrow rows cost padding, wide ones attention.
    """
    longest = int(max(lengths[list(batch)].max() for batch in batches))
    first = -(-longest // _STEP) * _STEP
    tried = [lengths[list(batch)].tolist() for batch in batches[:_TRIED]]

    def cost(width: int) -> float:
        return sum(len(pack(some, width)) for some in tried) * width * (1 + width / _ATTENTION)

    return min(range(first, max(first, _WIDEST) + 1, _STEP), key=cost)


@dataclass(frozen=True)
class Sizes:
    """Tokens of one batch: real ones, and those that are computed with padding."""

    tokens: int
    padded: int


def sizes(lengths: NDArray[np.int64], batches: Sequence[Sequence[int]], width: int) -> list[Sizes]:
    """Returns the sizes of every batch."""
    batch_sizes = []
    for batch in batches:
        some = lengths[list(batch)].tolist()
        batch_sizes.append(Sizes(sum(some), len(pack(some, width)) * width))
    return batch_sizes


def passes(sizes: Sequence[Sizes]) -> int:
    """Returns into how many passes each batch of a run is cut, its gradients added up."""
    return max(1, round(sum(size.padded for size in sizes) / len(sizes) / _PASS))


@dataclass(frozen=True)
class Batch:
    """One batch, or a share of it: one rank's, or what goes through the model at once.

    Attributes:
        ids: Token ids, (rows, width), padded on the right.
        positions: Place of each token in its own sample, (rows, width); (axes, rows, width) for a
            class whose tokens have positions on several axes, the plain count first.
        places: Flat positions in ``ids`` whose *next* token is learnt.
        targets: Those next tokens.
        pictures: Rows of the picture table, in the order of their placeholders.
        tiles: Tiles of each picture, in the same order.
        alone: For each picture, whether it is the only one of its sample.
        owners: For each target, its sample in the training set.
        shares: For each target, one over the learnt tokens of its sample.
        n_tokens: Learnt tokens of the whole batch, divided by the number of shares.
        n_samples: Samples of the whole batch, divided likewise.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    places: torch.Tensor
    targets: torch.Tensor
    pictures: torch.Tensor
    tiles: list[int]
    alone: list[bool]
    owners: torch.Tensor
    shares: torch.Tensor
    n_tokens: float
    n_samples: float


def collate(
    data: Encoded,
    batch: Sequence[int],
    width: int,
    pad: int,
    rank: int = 0,
    ranks: int = 1,
    part: int = 0,
    parts: int = 1,
) -> Batch:
    """Returns a share of a batch; with one rank and one part, the whole batch.

    A share for which nothing is left takes the first sample and learns nothing from it.

    Args:
        data: The training set.
        batch: Samples of the global batch.
        width: Tokens of a row.
        pad: Id of the padding token.
        rank: This process, 0-based; it takes every ``ranks``-th sample.
        ranks: Processes that share the batch.
        part: Which part of the rank's rows, 0-based; it takes every ``parts``-th.
        parts: Passes that the rank's share is cut into.
    """
    mine = batch[rank::ranks]
    packed = pack([len(data.ids[sample]) for sample in mine], width)[part::parts]
    rows = [[mine[i] for i in row] for row in packed] or [[batch[0]]]
    return lay_out(data, batch, rows, width, pad, ranks * parts, learns=bool(packed))


def lay_out(
    data: Encoded,
    batch: Sequence[int],
    rows: Sequence[Sequence[int]],
    width: int,
    pad: int,
    cut: int,
    learns: bool = True,
    count_on: bool = False,
) -> Batch:
    """Returns rows of samples as a share of a batch.

    Args:
        data: The training set.
        batch: Samples of the global batch.
        rows: Samples of each row.
        width: Tokens of a row.
        pad: Id of the padding token.
        cut: Shares that the batch is cut into.
        learns: Whether anything is learnt from these rows.
        count_on: Whether positions go on through the padding instead of starting again, which would
            say that another sample begins: right for rows of one sample, which then need no mask.
    """
    ids = np.full((len(rows), width), pad, dtype=np.int64)
    positions = np.zeros((data.axes, len(rows), width), dtype=np.int64)
    shares = np.zeros((len(rows), width), dtype=np.float32)
    owners = np.zeros((len(rows), width), dtype=np.int64)
    for r, row in enumerate(rows):
        start = 0
        for sample in row:
            end = start + len(data.ids[sample])
            ids[r, start:end] = data.ids[sample]
            positions[:, r, start:end] = data.positions[sample]
            learnt = slice(start + int(data.prompts[sample]), end)
            owners[r, start:end] = sample
            shares[r, learnt] = learns / max(1, learnt.stop - learnt.start)
            start = end
        positions[:, r, start:] = np.arange(width - start) + (start if count_on else 0)
    places = np.flatnonzero(shares)
    order = [sample for row in rows for sample in row]
    pictures = [tile for sample in order for tile in data.pictures[sample]]
    tiles = [count for sample in order for count in data.slots[sample]]
    alone = [len(data.slots[sample]) == 1 for sample in order for _ in data.slots[sample]]
    return Batch(
        ids=torch.from_numpy(ids),
        positions=torch.from_numpy(positions if data.axes > 1 else positions[0]),
        places=torch.from_numpy(places - 1),
        targets=torch.from_numpy(ids.reshape(-1)[places]),
        pictures=torch.tensor(pictures, dtype=torch.long),
        tiles=tiles,
        alone=alone,
        owners=torch.from_numpy(owners.reshape(-1)[places]),
        shares=torch.from_numpy(shares.reshape(-1)[places]),
        n_tokens=int(data.answers[list(batch)].sum()) / cut,
        n_samples=len(batch) / cut,
    )
