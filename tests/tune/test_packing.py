"""Packing long samples changes how they lie, not what is learnt from them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from free_samples import Opened
from hypothesis import given
from hypothesis import strategies as st

from mirage.contracts import DataError
from mirage.tune.batching import Batch
from mirage.tune.large import packing
from mirage.tune.large.attention import attend_by_sample
from mirage.tune.model_folder import freeze
from mirage.tune.trainer import Run

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=60)
Gradients = dict[str, torch.Tensor]


def learnt(opened: Opened, batches: list[Batch]) -> tuple[float, Gradients]:
    """Loss and gradients of a step whose shares are these batches."""
    objective = opened.objective()
    opened.model.zero_grad(set_to_none=True)
    loss = 0.0
    for batch in batches:
        share = objective(**vars(batch)) / len(batches)
        share.backward()
        loss += share.item()
    named = opened.model.named_parameters()
    return loss, {name: p.grad.clone() for name, p in named if p.grad is not None}


def rows_of(opened: Opened, rows: list[list[int]], spans: bool) -> list[Batch]:
    step = [sample for row in rows for sample in row]
    pad = opened.encoding.pad
    made = [packing.collate_row(opened.data, step, row, len(rows), pad) for row in rows]
    return made if spans else [dataclasses.replace(each, spans=None) for each in made]


def assert_equal(packed: tuple[float, Gradients], alone: tuple[float, Gradients]) -> None:
    assert packed[0] == pytest.approx(alone[0], abs=2e-6)
    assert packed[1].keys() == alone[1].keys()
    for name, gradient in alone[1].items():
        scale = max(1.0, float(gradient.abs().max()))
        assert torch.allclose(packed[1][name], gradient, atol=2e-5 * scale, rtol=1e-4), name


@pytest.mark.parametrize("attention", ["by_sample", "sdpa", "eager"])
def test_packed_is_unpacked_in_loss_and_gradients(opened: Opened, attention: str) -> None:
    assert {len(slots) for slots in opened.data.slots} == {0, 1, 2, 3}
    opened.model.set_attn_implementation("eager")
    alone = learnt(opened, rows_of(opened, [[i] for i in range(8)], spans=False))
    assert any(float(g.abs().max()) > 1e-3 for g in alone[1].values())
    if attention == "by_sample":
        opened.model.set_attn_implementation("sdpa")
        attend_by_sample(opened.model)
    else:
        opened.model.set_attn_implementation(attention)
    rows = [[3, 2, 7], [0, 1, 4, 5, 6]]
    assert_equal(learnt(opened, rows_of(opened, rows, attention == "by_sample")), alone)


def test_attention_by_sample_keeps_samples_apart(opened: Opened) -> None:
    """The test above can fail: with one span over the row the loss is another."""
    attend_by_sample(opened.model)
    (batch,) = rows_of(opened, [[3, 2, 7]], spans=True)
    assert batch.spans is not None
    right, _ = learnt(opened, [batch])
    mixed, _ = learnt(opened, [dataclasses.replace(batch, spans=[sum(batch.spans)])])
    assert abs(right - mixed) > 1e-3
    with pytest.raises(ValueError, match="spans"):
        learnt(opened, [dataclasses.replace(batch, spans=None)])


def test_attention_by_sample_leaves_no_trace_in_the_folder(opened: Opened, tmp_path: Path) -> None:
    attend_by_sample(opened.model)
    opened.model.config.save_pretrained(tmp_path / "saved")
    assert "by_sample" not in (tmp_path / "saved/config.json").read_text()


def test_a_share_without_samples_learns_nothing(opened: Opened) -> None:
    attend_by_sample(opened.model)
    freeze(opened.model, ["language_model", "projector"], opened.family)
    idle = packing.collate_row(opened.data, [0, 2, 3], [2], 4, opened.encoding.pad, learns=False)
    loss, gradients = learnt(opened, [idle])
    assert loss == 0.0 and len(idle.ids) == 1
    assert gradients.keys() == {n for n, p in opened.model.named_parameters() if p.requires_grad}
    assert all(float(gradient.abs().max()) == 0 for gradient in gradients.values())


@given(LENGTHS)
def test_rows_hold_every_sample_once_and_never_overflow(lengths: list[int]) -> None:
    rows = packing.best_fit(lengths, 40)
    assert sorted(i for row in rows for i in row) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in row) <= 40 for row in rows)


def test_each_sample_goes_into_the_fullest_row_with_room() -> None:
    # First fit would put the 3 beside the 6: best fit keeps room there for the 4.
    assert packing.best_fit([6, 7, 4, 3], 10) == [[1, 3], [0, 2]]


@given(LENGTHS, st.integers(1, 12))
def test_spreading_keeps_samples_and_leaves_no_share_idle(lengths: list[int], shares: int) -> None:
    packed = packing.best_fit(lengths, 40)
    rows = packing.spread(packed, lengths, shares)
    assert sorted(i for row in rows for i in row) == list(range(len(lengths)))
    assert len(rows) == max(len(packed), min(shares, len(lengths)))
    tokens = [sum(lengths[i] for i in row) for row in rows]
    assert tokens == sorted(tokens, reverse=True) and all(rows)


def passes_of(opened: Opened, batches: list[list[int]], limit: int) -> packing.PackedPasses:
    run = Run(
        name="packed", batches=batches, optimizer="adamw", learning_rate=0.0, muon_lr=0.0,
        schedule="linear", warmup=0.0, weight_decay=0.0, max_grad_norm=1.0, log_every=1,
        checkpoint_every=1, seed=0,
    )  # fmt: skip
    return packing.PackedPasses(opened.data, run, None, limit)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_a_plan_keeps_the_samples_of_each_step(
    opened: Opened, ranks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", str(ranks))
    batches = [[5, 1, 3, 0], [2, 4, 6], [7]]
    limit = int(opened.data.lengths.max()) + 8
    made = passes_of(opened, batches, limit)
    for step, batch in enumerate(batches):
        rows = [row for share in made.plan[step] for rows in share for row in rows]
        assert sorted(i for row in rows for i in row) == sorted(batch)
        assert all(opened.data.lengths[row].sum() <= limit for row in rows)
        assert made.sizes[step].tokens == int(opened.data.lengths[batch].sum())
    learnt = 0
    for rank in range(ranks):
        made.rank = rank
        learnt += sum(len(made.at(0, part)["targets"]) for part in range(made.passes))
        assert made.at(2, made.passes - 1)["spans"] is not None
    assert learnt == int(opened.data.answers[batches[0]].sum())


def test_samples_longer_than_a_row_are_named(opened: Opened) -> None:
    limit = int(sorted(opened.data.lengths)[-3])
    with pytest.raises(DataError, match="2 samples are longer") as told:
        passes_of(opened, [list(range(8))], limit)
    long = [i for i in range(8) if opened.data.lengths[i] > limit]
    assert all(f"train/{i} ({opened.data.lengths[i]})" in str(told.value) for i in long)
    assert not any(f"train/{i} " in str(told.value) for i in set(range(8)) - set(long))
