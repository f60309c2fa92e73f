"""Qwen3-VL: as Qwen2-VL, but the language model takes features of a picture in several layers.

Beside the vision tower's last features, those of some of its inner layers are merged too and added
to what comes out of the language model's first layers (*deepstack*). Here they lie beside each
other, so that one row still holds all that a token of a picture brings along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLForConditionalGeneration

from mirage.tune.families.qwen2_vl import Qwen2VL, grids


class Qwen3VL(Qwen2VL):
    """Qwen3-VL's class in transformers."""

    name = "qwen3_vl"
    parts: Mapping[str, tuple[str, ...]] = {
        # Every merger hands features to the language model, those of inner layers too.
        "projector": ("model.visual.merger.", "model.visual.deepstack_merger_list."),
        "vision": ("model.visual.",),
        "language_model": ("model.language_model.", "lm_head."),
    }

    @property
    def kind(self) -> type[Any]:
        """The class in transformers."""
        return Qwen3VLForConditionalGeneration

    def projectors(self, model: Any) -> list[nn.Module]:
        """Returns the merger of the last layer and those of inner ones."""
        visual = model.model.visual
        return [visual.merger, *visual.deepstack_merger_list]

    def see(self, model: Any, pixels: Tensor, tiles: Sequence[int]) -> Tensor:
        """Returns features, (tiles, 1, hidden size x mergers), those of the last layer first."""
        visual, grid = model.model.visual, grids(pixels, tiles)
        seen = visual(pixels.flatten(0, 1), grid_thw=grid, return_dict=True)
        features = torch.cat([seen.pooler_output, *seen.deepstack_features], dim=-1)
        return features.reshape(len(pixels), -1, features.shape[-1])

    def project(self, model: Any, kept: Tensor) -> Tensor:
        """Returns features, as ``see``, from what ``keep`` returned."""
        mergers = self.projectors(model)
        inner = kept.unflatten(-1, (len(mergers), -1)).unbind(-2)  # type: ignore[no-untyped-call]
        made = [
            merge(some.flatten(0, 1).contiguous())
            for merge, some in zip(mergers, inner, strict=True)
        ]
        features = torch.cat(made, dim=-1)
        return features.reshape(len(kept), -1, features.shape[-1])

    def place(self, embeddings: Tensor, places: Tensor, features: Tensor) -> Tensor:
        """Returns embeddings with features, (rows, width, hidden size x mergers).

        Text brings nothing to the inner layers: zeros.
        """
        more = features.shape[-1] - embeddings.shape[-1]
        wide = torch.cat([embeddings, embeddings.new_zeros(*embeddings.shape[:-1], more)], dim=-1)
        return wide.masked_scatter(places, features)

    def reads(self, model: Any, embeddings: Tensor) -> dict[str, Any]:
        """Returns the language model's arguments: what it reads, what its first layers add."""
        size = model.config.text_config.hidden_size
        first, *inner = torch.split(embeddings, size, dim=-1)
        if not inner:
            return {"inputs_embeds": first}
        everywhere = embeddings.new_ones(embeddings.shape[:2], dtype=torch.bool)
        return {
            "inputs_embeds": first,
            "visual_pos_masks": everywhere,
            "deepstack_visual_embeds": [some.flatten(0, 1) for some in inner],
        }
