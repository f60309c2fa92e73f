"""Batches: a pure function of the samples' lengths, the seed and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mirage.tune.data import Encoded

_POOL = 50
"""Batches whose samples are sorted together: large enough to save padding, small enough to mix."""


def epoch_batches(
    lengths: NDArray[np.int64], batch_size: int, seed: int, epoch: int
) -> list[list[int]]:
    """Returns one epoch: each sample once, batches of like lengths in random order.

    Args:
        lengths: Tokens of each sample, shape (n,).
        batch_size: Samples a batch; the last one of an epoch may be smaller.
        seed: Seed of the order.
        epoch: Which epoch; each has its own order.
    """
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(lengths))
    pool = _POOL * batch_size
    batches = []
    for start in range(0, len(order), pool):
        some = order[start : start + pool]
        some = some[np.argsort(lengths[some], kind="stable")]
        batches += [some[i : i + batch_size].tolist() for i in range(0, len(some), batch_size)]
    return [batches[i] for i in random.permutation(len(batches))]


def plan_epochs(
    lengths: NDArray[np.int64], batch_size: int, seed: int, epochs: int
) -> list[list[int]]:
    """Returns the batches of whole epochs, one after the other."""
    return [
        batch
        for epoch in range(epochs)
        for batch in epoch_batches(lengths, batch_size, seed, epoch)
    ]


def plan_steps(
    lengths: NDArray[np.int64], batch_size: int, seed: int, steps: int
) -> list[list[int]]:
    """Returns exactly ``steps`` batches, the last epoch cut off where they are reached."""
    batches: list[list[int]] = []
    epoch = 0
    while len(batches) < steps:
        batches += epoch_batches(lengths, batch_size, seed, epoch)
        epoch += 1
    return batches[:steps]


@dataclass(frozen=True)
class Batch:
    """One batch, or one rank's share of it.

    Attributes:
        ids: Token ids, (samples, longest), padded on the right.
        places: Flat positions in ``ids`` whose *next* token is learnt.
        targets: Those next tokens.
        pictures: Rows of the picture table, in the order of their placeholders.
        total: Learnt tokens of the whole batch over all ranks: what the loss is divided by.
        tokens: Tokens without padding.
    """

    ids: torch.Tensor
    places: torch.Tensor
    targets: torch.Tensor
    pictures: torch.Tensor
    total: int
    tokens: int


def collate(data: Encoded, rows: Sequence[int], pad: int, rank: int = 0, ranks: int = 1) -> Batch:
    """Returns the share of one rank in a batch; with one rank, the whole batch.

    Args:
        data: The training set.
        rows: Samples of the global batch.
        pad: Id of the padding token.
        rank: This process, 0-based; it takes every ``ranks``-th sample.
        ranks: Processes that share the batch.
    """
    total = sum(len(data.ids[row]) - int(data.prompts[row]) for row in rows)
    mine = rows[rank::ranks]
    width = max(len(data.ids[row]) for row in mine)
    ids = np.full((len(mine), width), pad, dtype=np.int64)
    learnt = np.zeros((len(mine), width), dtype=bool)
    for i, row in enumerate(mine):
        ids[i, : len(data.ids[row])] = data.ids[row]
        learnt[i, data.prompts[row] : len(data.ids[row])] = True
    places = np.flatnonzero(learnt)
    return Batch(
        ids=torch.from_numpy(ids),
        places=torch.from_numpy(places - 1),
        targets=torch.from_numpy(ids.reshape(-1)[places]),
        pictures=torch.tensor([p for row in mine for p in data.pictures[row]], dtype=torch.long),
        total=total,
        tokens=sum(len(data.ids[row]) for row in mine),
    )
