"""The loss: cross entropy on answers only, a mean over a batch's learnt tokens or its samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from mirage.tune.families import family_of


class Objective(nn.Module):
    """A model and its pictures; calling it gives the loss of one batch.

    Where the vision tower is frozen its outputs are computed once per distinct picture and kept,
    which gives the same values as running it in every step.

    Attributes:
        model: The model that learns.
        table: One row per tile: what the tower takes, or kept features of the frozen tower.
    """

    table: torch.Tensor

    def __init__(
        self, model: Any, pixels: torch.Tensor, tiles: Sequence[int], keep_features: bool
    ) -> None:
        super().__init__()
        self.model = model
        self.family = family_of(model)
        self.keep_features = keep_features
        table = self.family.keep(model, pixels, tiles) if keep_features else pixels
        self.register_buffer("table", table, persistent=False)

    def forward(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        places: torch.Tensor,
        targets: torch.Tensor,
        pictures: torch.Tensor,
        tiles: list[int],
        alone: list[bool],
        weights: torch.Tensor | None,
        total: float,
    ) -> torch.Tensor:
        """Returns the summed cross entropy over ``total``; shapes as in ``batching.Batch``."""
        inner = self.model.model
        hidden = inner.get_input_embeddings()(ids)
        if len(self.table):
            # A batch without pictures sends one through and uses none of it: every parameter gets
            # a gradient in every batch, which ranks that add their gradients up must agree on.
            if not len(pictures):
                pictures, tiles, alone = pictures.new_zeros(1), [1], [False]
            shown = self.table[pictures]
            if self.keep_features:
                features = self.family.project(self.model, shown)
            else:
                features = self.family.see(self.model, shown, tiles)
            features = self.family.fill(self.model, features, tiles, alone)
            mask = (ids == self.model.config.image_token_id).unsqueeze(-1)
            hidden = hidden.masked_scatter(mask, features)
        # Positions that start again at 0 tell transformers where one packed sample ends.
        hidden = inner.language_model(
            inputs_embeds=hidden, position_ids=positions, use_cache=False
        ).last_hidden_state
        chosen = hidden.flatten(0, 1)[places]
        logits = self.model.lm_head(chosen)
        if weights is None:
            summed = nn.functional.cross_entropy(logits, targets, reduction="sum")
        else:
            summed = (
                nn.functional.cross_entropy(logits, targets, reduction="none") * weights
            ).sum()
        loss: torch.Tensor = summed / total
        return loss
