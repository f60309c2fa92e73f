"""Qwen2-VL: patches merged two by two, positions on three axes (mrope)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLForConditionalGeneration

from mirage.tune.encoding import Tiles
from mirage.tune.families.base import Family


class Qwen2VL(Family):
    """Qwen2-VL's class in transformers."""

    name = "qwen2_vl"
    parts: Mapping[str, tuple[str, ...]] = {
        "projector": ("model.visual.merger.",),
        "vision": ("model.visual.",),
        "language_model": ("model.language_model.", "lm_head."),
    }

    @property
    def kind(self) -> type[Any]:
        """The class in transformers."""
        return Qwen2VLForConditionalGeneration

    def projector(self, model: Any) -> nn.Module:
        """Returns the module between vision tower and language model."""
        module: nn.Module = model.model.visual.merger
        return module

    def see(self, model: Any, pixels: Tensor, tiles: Sequence[int]) -> Tensor:
        """Returns features; patches of one picture see each other across its tiles."""
        visual, grid = model.model.visual, grids(pixels, tiles)
        seen = visual(pixels.flatten(0, 1), grid_thw=grid, return_dict=True)
        features: Tensor = seen.pooler_output
        return features.reshape(len(pixels), -1, features.shape[-1])

    def project(self, model: Any, kept: Tensor) -> Tensor:
        """Returns features from what ``keep`` returned."""
        features: Tensor = self.projector(model)(kept.flatten(0, 1))
        return features.reshape(len(kept), -1, features.shape[-1])


def grids(pixels: Tensor, tiles: Sequence[int]) -> Tensor:
    """Returns time, height and width in patches of each picture, (pictures, 3)."""
    side = math.isqrt(pixels.shape[1])
    return torch.tensor([[1, *_grid(count, side)] for count in tiles], device=pixels.device)


def _grid(tiles: int, side: int) -> tuple[int, int]:
    """Returns height and width in patches; plain tiles are squares beside each other."""
    return (tiles.height, tiles.width) if isinstance(tiles, Tiles) else (side, side * tiles)


def grid_positions(shown: NDArray[np.bool_], grids: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Returns (4, tokens): the count that tells packed samples apart, then time, row, column.

    A picture's tokens share one time and have the rows and columns of their grid; the text after
    it goes on behind the largest of these.

    Args:
        shown: Which tokens of a prompt are picture tokens; text stands between two pictures.
        grids: Each picture's tokens from top to bottom and from left to right.
    """
    starts = np.flatnonzero(shown & ~np.roll(shown, 1))
    line = np.arange(len(shown))
    for start, (high, wide) in zip(starts, grids, strict=True):
        line[start + high * wide :] -= high * wide - max(high, wide)
    places = np.stack([np.arange(len(shown)), line, line, line])
    for start, (high, wide) in zip(starts, grids, strict=True):
        row, column = np.divmod(np.arange(high * wide), wide)
        stop = start + high * wide
        places[1, start:stop] = line[start]
        places[2, start:stop] = line[start] + row
        places[3, start:stop] = line[start] + column
    return places
