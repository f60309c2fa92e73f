"""InternVL: a fixed number of tokens a tile; a picture is one tile or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from transformers.models.internvl.modeling_internvl import InternVLForConditionalGeneration

from mirage.tune.families.base import Family


class InternVL(Family):
    """InternVL's class in transformers."""

    name = "internvl"
    parts: Mapping[str, tuple[str, ...]] = {
        "vision": ("model.vision_tower.",),
        "projector": ("model.multi_modal_projector.",),
        "language_model": ("model.language_model.", "lm_head."),
    }

    @property
    def kind(self) -> type[Any]:
        """The class in transformers."""
        return InternVLForConditionalGeneration

    def projector(self, model: Any) -> nn.Module:
        """Returns the module between vision tower and language model."""
        module: nn.Module = model.model.multi_modal_projector
        return module

    def see(self, model: Any, pixels: Tensor, tiles: Sequence[int]) -> Tensor:
        """Returns features of tiles, each seen by itself."""
        del tiles
        seen: Tensor = model.model.get_image_features(pixels, return_dict=True).pooler_output
        return seen
