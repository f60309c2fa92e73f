from __future__ import annotations

import numpy as np
import squares
import torch
from hypothesis import given
from hypothesis import strategies as st

from mirage.tune import batching
from mirage.tune.nano.base import NanoProcessor

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=60)


@given(st.integers(1, 300), st.integers(1, 40), st.integers(0, 5))
def test_an_epoch_has_every_sample_once(samples: int, size: int, epoch: int) -> None:
    batches = batching.epoch_batches(samples, size, 0, epoch)
    assert sorted(i for batch in batches for i in batch) == list(range(samples))
    assert all(len(batch) == size for batch in batches[:-1])
    assert batches == batching.epoch_batches(samples, size, 0, epoch)


def test_the_order_depends_on_seed_and_epoch() -> None:
    orders = [batching.epoch_batches(100, 10, s, e) for s, e in ((0, 0), (0, 1), (1, 0), (1, 1))]
    assert len({str(order) for order in orders}) == 4
    assert batching.plan_epochs(100, 10, 0, 2) == orders[0] + orders[1]
    assert batching.plan_steps(100, 10, 0, 13) == (orders[0] + orders[1])[:13]


@given(LENGTHS)
def test_rows_hold_every_sample_once_and_never_overflow(lengths: list[int]) -> None:
    rows = batching.pack(lengths, 40)
    assert sorted(i for row in rows for i in row) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in row) <= 40 for row in rows)


@given(LENGTHS)
def test_the_width_fits_the_longest(lengths: list[int]) -> None:
    plan = [list(range(len(lengths)))]
    width = batching.best_width(np.array(lengths), plan)
    assert width % 8 == 0 and width >= max(lengths)
    (size,) = batching.sizes(np.array(lengths), plan, width)
    assert size.tokens == sum(lengths) <= size.padded


def test_only_answer_and_end_token_are_learnt(
    world: squares.World, processor: NanoProcessor
) -> None:
    encoded = squares.load([world.data], world.images, processor)
    batch = list(range(10, 30))
    got = batching.collate(encoded, batch, 64, processor.tokenizer.pad_token_id)
    # A learnt place predicts its target, which is the token right after it.
    assert torch.equal(got.ids.flatten()[got.places + 1], got.targets)
    answers = [encoded.ids[i][encoded.prompts[i] :].tolist() for i in batch]
    end = processor.tokenizer.eos_token_id
    told: list[list[int]] = [[]]
    for token in got.targets.tolist():
        told[-1].append(token)
        if token == end:
            told.append([])
    assert sorted(told[:-1]) == sorted(answers)
    assert got.n_tokens == len(got.targets) == sum(map(len, answers))
    # Every sample starts at position 0, right at the user marker.
    assert int((got.ids == processor.tokenizer.user_token_id).sum()) == len(batch)
    assert (got.positions[got.ids == processor.tokenizer.user_token_id] == 0).all()


def test_ranks_share_a_batch(world: squares.World, processor: NanoProcessor) -> None:
    encoded = squares.load([world.data], world.images, processor)
    whole = batching.collate(encoded, range(9), 64, 0)
    shares = [batching.collate(encoded, range(9), 64, 0, rank, 2) for rank in (0, 1)]
    assert sum(len(share.targets) for share in shares) == whole.n_tokens
    assert {share.n_tokens for share in shares} == {whole.n_tokens / 2}
    idle = batching.collate(encoded, [3], 64, 0, 1, 2)
    assert len(idle.targets) == 0 and idle.n_tokens > 0 and len(idle.ids) == 1
