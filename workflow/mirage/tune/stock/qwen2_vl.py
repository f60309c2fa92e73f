"""Imported Qwen2-VL and Qwen3-VL: pictures of any size as one grid of patches, four to a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import (
    Qwen2VLImageProcessorPil,
    smart_resize,
)

from mirage.contracts import DataError
from mirage.tune.encoding import Tiles
from mirage.tune.families.qwen2_vl import grid_positions
from mirage.tune.stock.base import StockEncoding

PIXELS = ("min_pixels", "max_pixels")
"""Between these a picture is resized, its sides' ratio kept."""


class Qwen2VLEncoding(StockEncoding):
    """The encoding of a Qwen2-VL or Qwen3-VL folder; a row of pixels is a token."""

    def image_processor(self, settings: dict[str, Any]) -> Any:
        """Returns the image processor."""
        return Qwen2VLImageProcessorPil(**settings | self.cut(1))

    def cut(self, company: int) -> dict[str, Any]:
        """Returns the most and fewest pixels of a picture, where the model's settings say them."""
        del company
        return {key: self.limits[key] for key in PIXELS if key in self.limits}

    def tiles(self, width: int, height: int, where: str, company: int = 1) -> Tiles:
        """Returns the tokens of a picture with its grid in patches.

        Raises:
            DataError: The picture is far too long.
        """
        del company
        patch, merge, size = self.images.patch_size, self.images.merge_size, self.images.size
        try:
            high, wide = smart_resize(
                height, width, patch * merge, size["shortest_edge"], size["longest_edge"]
            )
        except ValueError as wrong:
            raise DataError(f"{where} is {width}x{height}: {wrong}. Crop it.") from None
        rows, columns = high // patch, wide // patch
        return Tiles(rows * columns // merge**2, rows, columns)

    def pixels(self, pictures: Sequence[Any], company: int = 1) -> Tensor:
        """Returns (tokens, patches of a token, values of a patch)."""
        del company
        made: Tensor = self.images(pictures, return_tensors="pt")["pixel_values"]
        return made.reshape(-1, self.images.merge_size**2, made.shape[-1])

    def slots(self, tiles: Sequence[int], where: str) -> list[int]:
        """Returns the picture tokens of each picture."""
        del where
        return [int(count) for count in tiles]

    def picture(self, slot: int) -> str:
        """Returns the text of one picture; start and end stand in the template."""
        return str(self.tokenizer.convert_ids_to_tokens(self._image)) * slot

    def positions(self, ids: NDArray[np.int64], tiles: Sequence[int]) -> NDArray[np.int64]:
        """Returns (4, tokens), see ``grid_positions``."""
        merge = self.images.merge_size
        grids = [(t.height // merge, t.width // merge) for t in tiles if isinstance(t, Tiles)]
        return grid_positions(ids == self._image, grids)


class StockQwen2VL:
    """An entry of the group ``encoding``."""

    def open(self, folder: Path, images: Mapping[str, Any] | None = None) -> Qwen2VLEncoding:
        """Opens the encoding of a model folder.

        Raises:
            DataError: A file is missing or broken.
        """
        return Qwen2VLEncoding(folder, images)
