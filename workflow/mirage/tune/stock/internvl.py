"""Imported InternVL: pictures in tiles and a thumbnail, as the stock processor cuts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    def company(self, pictures: int) -> int:
        """Returns how many pictures share the tiles of their prompt."""
        return max(1, pictures) if self.limits.get("share") else 1

    def tiles(self, width: int, height: int, where: str, company: int = 1) -> int:
        """Returns the tiles of a picture, a thumbnail among them where there are several."""
        del where
        return int(self.images.get_number_of_image_patches(height, width, self.cut(company)))

    def pixels(self, pictures: Sequence[Any], company: int = 1) -> Tensor:
        """Returns (tiles, 3, height, width)."""
        cut = self.cut(company)
        made: Tensor = self.images(pictures, return_tensors="pt", **cut)["pixel_values"]
        return made

    def cut(self, company: int) -> dict[str, Any]:
        """Returns the most tiles of a picture, without its thumbnail.

        Where pictures share, each gets an equal whole number of tiles, at least one: as InternVL's
        own trainer shares out its ``max_dynamic_patch``.
        """
        return {"max_patches": max(1, self.limits.get("tiles", self.images.max_patches) // company)}

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

    def open(self, folder: Path, images: Mapping[str, Any] | None = None) -> InternVLEncoding:
        """Opens the encoding of a model folder.

        Raises:
            DataError: A file is missing or broken.
        """
        return InternVLEncoding(folder, images)
