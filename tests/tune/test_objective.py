"""Packing, label selection and kept features change the speed, not the numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
import squares
import torch

from mirage.contracts import DataError
from mirage.tune import batching, data
from mirage.tune.families.base import PARTS
from mirage.tune.nano.scratch import build_model
from mirage.tune.objective import Objective


@pytest.fixture
def model(base: Path) -> object:
    return squares.open_model(base)


@pytest.fixture
def encoded(world: squares.World, base: Path) -> data.Encoded:
    return squares.load([world.data], world.images, squares.load_processor(base))


def loss_of(objective: Objective, batch: batching.Batch) -> torch.Tensor:
    loss: torch.Tensor = objective(**vars(batch))
    return loss


def test_loss_is_the_stock_loss_per_learnt_token(model, encoded) -> None:  # type: ignore[no-untyped-def]
    rows = [0, 5, 13, 20, len(encoded.ids) - 1]
    summed, tokens = 0.0, 0
    for row in rows:
        ids = torch.from_numpy(encoded.ids[row])[None]
        labels = ids.clone()
        labels[:, : encoded.prompts[row]] = -100
        shown = {"pixel_values": encoded.pixels[encoded.pictures[row]]}
        stock = model(input_ids=ids, labels=labels, **(shown if encoded.pictures[row] else {}))
        learnt = int((labels != -100).sum())
        summed, tokens = summed + stock.loss.item() * learnt, tokens + learnt
    batch = batching.collate(encoded, rows, 72, model.config.pad_token_id)
    assert len(batch.ids) < len(rows) and batch.n_tokens == tokens
    ours = loss_of(squares.objective(model, encoded, keep_features=False), batch)
    assert ours.item() == pytest.approx(summed / tokens, abs=2e-6)


def test_ranks_add_up_to_the_whole_batch(model, encoded) -> None:  # type: ignore[no-untyped-def]
    objective = squares.objective(model, encoded, keep_features=False)
    batches = [
        batching.collate(encoded, range(11), 72, 0, *share) for share in ((0, 1), (0, 2), (1, 2))
    ]
    losses = [loss_of(objective, batch).item() for batch in batches]
    assert losses[0] == pytest.approx((losses[1] + losses[2]) / 2, abs=1e-6)


def test_kept_features_equal_the_tower(model, encoded) -> None:  # type: ignore[no-untyped-def]
    kept = squares.family_of(model).keep(model, encoded.pixels, encoded.tiles)
    assert kept.shape == (12, 4, 4 * model.config.vision_config.hidden_size)
    fresh = model.model.get_image_features(encoded.pixels, return_dict=True).pooler_output
    assert torch.equal(model.model.multi_modal_projector(kept), fresh)
    squares.freeze(model, ["language_model", "projector"])
    gradients = []
    for keep in (False, True):
        objective = squares.objective(model, encoded, keep_features=keep)
        # All pictures in order: the tower sees the same batch as when the features were kept.
        batch = batching.collate(encoded, range(12), 24, 0)
        model.zero_grad()
        loss = loss_of(objective, batch)
        loss.backward()
        gradients.append([loss.detach(), *(p.grad for p in model.parameters() if p.requires_grad)])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


def test_every_learning_parameter_has_a_gradient_without_pictures(model, encoded) -> None:  # type: ignore[no-untyped-def]
    counts = squares.freeze(model, ["language_model", "projector"])
    objective = squares.objective(model, encoded, keep_features=True)
    batch = batching.collate(encoded, [len(encoded.ids) - 1], 40, 0)
    assert len(batch.pictures) == 0
    loss_of(objective, batch).backward()
    learns = [p for p in model.parameters() if p.requires_grad]
    assert sum(p.numel() for p in learns) == counts["trainable"]
    assert all(p.grad is not None for p in learns)
    assert all(
        float(p.grad.abs().max()) == 0 for p in model.model.multi_modal_projector.parameters()
    )


def test_freezing_counts_parts(model) -> None:  # type: ignore[no-untyped-def]
    counts = squares.freeze(model, ["language_model"])
    learns = {name for name, p in model.named_parameters() if p.requires_grad}
    assert learns and all(name.startswith("model.language_model.") for name in learns)
    assert counts["trainable"] == counts["language_model"] > 0
    assert sum(counts[part] for part in PARTS) == sum(p.numel() for p in model.parameters())
    with pytest.raises(DataError, match="unknown"):
        squares.freeze(model, ["head"])


def test_initial_weights_depend_on_the_seed_alone() -> None:
    special = {"context_image_token": 7, "pad": 0, "eos": 2}
    built = []
    for seed, noise in ((0, 1), (0, 2), (1, 1)):
        torch.manual_seed(noise)
        kind, settings = squares.nano("internvl"), squares.model_settings()
        built.append(build_model(kind, settings, 30, special, seed).state_dict())
    assert all(torch.equal(built[0][name], built[1][name]) for name in built[0])
    assert not all(torch.equal(built[0][name], built[2][name]) for name in built[0])
