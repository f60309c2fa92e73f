"""LLaVA-OneVision: every patch is a token; a picture alone is shown twice, as a whole and in rows.

The class cuts a single picture into a base view and crops, and ends each row of crops with a
learnt ``newline``; of several pictures each has its base view alone and one newline. A square
picture's only crop equals its base view; two pictures side by side are a squeezed base view and
two crops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from transformers.models.llava_onevision.modeling_llava_onevision import (
    LlavaOnevisionForConditionalGeneration,
)

from mirage.tune.encoding import Tiles
from mirage.tune.families.base import Family


class LlavaOnevision(Family):
    """LLaVA-OneVision's class in transformers."""

    name = "llava_onevision"
    parts: Mapping[str, tuple[str, ...]] = {
        "vision": ("model.vision_tower.",),
        "projector": ("model.multi_modal_projector.", "model.image_newline"),
        "language_model": ("model.language_model.", "lm_head."),
    }

    @property
    def kind(self) -> type[Any]:
        """The class in transformers."""
        return LlavaOnevisionForConditionalGeneration

    def projector(self, model: Any) -> nn.Module:
        """Returns the module between vision tower and language model."""
        module: nn.Module = model.model.multi_modal_projector
        return module

    def see(self, model: Any, pixels: Tensor, tiles: Sequence[int]) -> Tensor:
        """Returns features of views, each seen by itself."""
        del tiles
        seen = model.model.vision_tower(pixels, output_hidden_states=True, return_dict=True)
        return self.project(model, seen.hidden_states[model.config.vision_feature_layer])

    def fill(
        self, model: Any, features: Tensor, tiles: Sequence[int], alone: Sequence[bool]
    ) -> Tensor:
        """Returns what stands at the picture tokens: features and newlines."""
        if any(isinstance(count, Tiles) for count in tiles):
            return self._pack(model, features, tiles, alone)
        tokens = features.shape[1]
        rows = torch.cat([features.flatten(0, 1), model.model.image_newline[None]])
        order, first = [], 0
        for count, single in zip(tiles, alone, strict=True):
            for place in layout(math.isqrt(tokens), count, single):
                order.append(len(rows) - 1 if place is None else first + place)
            first += count * tokens
        return rows[torch.tensor(order, device=rows.device)]

    def _pack(
        self, model: Any, features: Tensor, tiles: Sequence[int], alone: Sequence[bool]
    ) -> Tensor:
        """Lays out pictures of any size as the stock class does.

        Args:
            model: The model.
            features: Of each picture its views alone and, last, its view beside others.
            tiles: As of ``fill``, with the size of each picture.
            alone: As of ``fill``.
        """
        views = [
            some[:-1] if single else some[-1:]
            for some, single in zip(torch.split(features, [*map(int, tiles)]), alone, strict=True)
        ]
        sizes = [(count.height, count.width) for count in tiles if isinstance(count, Tiles)]
        inner, ratio = model.model, model.config.vision_aspect_ratio
        packed, _ = inner.pack_image_features(views, sizes, inner.image_newline, ratio)
        return torch.cat(packed)


@cache
def layout(grid: int, tiles: int, alone: bool) -> list[int | None]:
    """Returns which feature of a picture stands at each of its tokens, None for the newline.

    Args:
        grid: Tokens per side of a view.
        tiles: Distinct views: 1, or a base view and the crops beside each other.
        alone: Whether the picture is the only one of its prompt.
    """
    base: list[int | None] = list(range(grid * grid))
    if not alone:
        return [*base, None]
    crops = range(1, tiles) if tiles > 1 else range(1)
    places = base
    for row in range(grid):
        for crop in crops:
            start = (crop * grid + row) * grid
            places = [*places, *range(start, start + grid)]
        places = [*places, None]
    return places
