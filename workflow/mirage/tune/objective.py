"""The loss: cross entropy on answers only, divided by the learnt tokens of the whole batch."""

from __future__ import annotations

import torch
from torch import nn
from transformers.models.internvl.modeling_internvl import InternVLForConditionalGeneration

_CHUNK = 256
"""Pictures that pass the frozen vision tower at once."""


class Objective(nn.Module):
    """A model and its pictures; calling it gives the loss of one batch.

    Where the vision tower is frozen its outputs are computed once per distinct picture and kept,
    which gives the same values as running it in every step.

    Attributes:
        model: The model that learns.
        table: Pixels, (pictures, 3, height, width), or kept features of the frozen tower.
    """

    table: torch.Tensor

    def __init__(
        self, model: InternVLForConditionalGeneration, pixels: torch.Tensor, keep_features: bool
    ) -> None:
        super().__init__()
        self.model = model
        self.keep_features = keep_features
        table = frozen_features(model, pixels) if keep_features else pixels
        self.register_buffer("table", table, persistent=False)

    def forward(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        places: torch.Tensor,
        targets: torch.Tensor,
        pictures: torch.Tensor,
        total: float,
    ) -> torch.Tensor:
        """Returns the summed cross entropy over ``total``; shapes as in ``batching.Batch``."""
        inner = self.model.model
        hidden = inner.get_input_embeddings()(ids)
        if len(self.table):
            # A batch without pictures sends one through and uses none of it: every parameter gets
            # a gradient in every batch, which ranks that add their gradients up must agree on.
            shown = self.table[pictures if len(pictures) else pictures.new_zeros(1)]
            if self.keep_features:
                features = inner.multi_modal_projector(shown)
            else:
                features = inner.get_image_features(shown, return_dict=True).pooler_output
            mask = (ids == self.model.config.image_token_id).unsqueeze(-1)
            hidden = hidden.masked_scatter(mask, features)
        # Positions that start again at 0 tell transformers where one packed sample ends.
        hidden = inner.language_model(
            inputs_embeds=hidden, position_ids=positions, use_cache=False
        ).last_hidden_state
        chosen = hidden.flatten(0, 1)[places]
        logits = self.model.lm_head(chosen)
        loss: torch.Tensor = nn.functional.cross_entropy(logits, targets, reduction="sum") / total
        return loss


@torch.no_grad()
def frozen_features(model: InternVLForConditionalGeneration, pixels: torch.Tensor) -> torch.Tensor:
    """Returns what the vision tower hands to the projector for each picture.

    Returns:
        (pictures, tokens of a picture, vision width / downsample ratio squared)
    """
    inner = model.model
    kept: list[torch.Tensor] = []

    def keep(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        kept.append(inputs[0])

    hook = inner.multi_modal_projector.register_forward_pre_hook(keep)
    for some in torch.split(pixels, _CHUNK):
        inner.get_image_features(some, return_dict=True)
    hook.remove()
    return torch.cat(kept) if kept else pixels.new_empty(0)
