"""Imported InternVL: pictures in tiles and a thumbnail, as the stock processor cuts them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil

from mirage.tune.stock.base import StockEncoding


class InternVLEncoding(StockEncoding):
    """The encoding of an InternVL folder."""

    def image_processor(self, settings: dict[str, Any]) -> Any:
        """Returns the image processor; the stock processor always cuts into tiles."""
        return GotOcr2ImageProcessorPil(**settings | {"crop_to_patches": True})

    def tiles(self, width: int, height: int, where: str) -> int:
        """Returns the tiles of a picture, a thumbnail among them where there are several."""
        del where
        return int(self.images.get_number_of_image_patches(height, width))

    def pixels(self, pictures: Sequence[Any]) -> Tensor:
        """Returns (tiles, 3, height, width)."""
        made: Tensor = self.images(pictures, return_tensors="pt")["pixel_values"]
        return made

    def slots(self, tiles: Sequence[int], where: str) -> list[int]:
        """Returns the picture tokens of each picture."""
        del where
        return [count * int(self.config["image_seq_length"]) for count in tiles]

    def picture(self, slot: int) -> str:
        """Returns the text of one picture."""
        token = self.tokenizer.convert_ids_to_tokens(self._image)
        start, end = self.tokenizer.start_image_token, self.tokenizer.end_image_token
        return f"{start}{token * slot}{end}"


class StockInternVL:
    """An entry of the group ``encoding``."""

    def open(self, folder: Path) -> InternVLEncoding:
        """Opens the encoding of a model folder.

        Raises:
            DataError: A file is missing or broken.
        """
        return InternVLEncoding(folder)
