"""Imported LLaVA-OneVision: a picture alone is a whole and crops, one beside others a square."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.models.llava_onevision.image_processing_pil_llava_onevision import (
    LlavaOnevisionImageProcessorPil,
)
from transformers.models.llava_onevision.modeling_llava_onevision import image_size_to_num_patches
from transformers.models.llava_onevision.processing_llava_onevision import LlavaOnevisionProcessor

from mirage.tune.encoding import Tiles
from mirage.tune.stock.base import StockEncoding


class LlavaOnevisionEncoding(StockEncoding):
    """The encoding of a LLaVA-OneVision folder.

    How a picture is cut depends on whether it is the only one of its prompt. Its rows of ``pixels``
    hold both: the views that it has alone, and last the one that it has beside others.
    """

    def __init__(self, folder: Path, images: Mapping[str, Any] | None = None) -> None:
        """Opens the encoding of a model folder.

        Raises:
            DataError: A file is missing or broken.
        """
        super().__init__(folder, images)
        ratio = self.config.get("vision_aspect_ratio", "anyres_max_9")
        self._stock = _Processor(self.images, self.tokenizer, self.view, ratio)

    def image_processor(self, settings: dict[str, Any]) -> Any:
        """Returns the image processor.

        Raises:
            ValueError: The folder's model takes features otherwise than the class's models do.
        """
        vision = self.config["vision_config"]
        self.side = int(vision["image_size"])
        self.view = (self.side // int(vision["patch_size"])) ** 2
        strategy = self.config.get("vision_feature_select_strategy", "full")
        if strategy != "full" or not isinstance(self.config.get("vision_feature_layer", -1), int):
            raise ValueError("features of one layer, all of them, are what can be read")
        return LlavaOnevisionImageProcessorPil(**settings)

    def tiles(self, width: int, height: int, where: str, company: int = 1) -> Tiles:
        """Returns the views of a picture with its size."""
        del where, company
        grid = self.images.image_grid_pinpoints
        return Tiles(image_size_to_num_patches([height, width], grid, self.side) + 1, height, width)

    def pixels(self, pictures: Sequence[Any], company: int = 1) -> Tensor:
        """Returns (views, 3, height, width)."""
        del company
        views = []
        for picture in pictures:
            for prompt in ([picture], [picture, picture]):
                made: Tensor = self.images([prompt], return_tensors="pt")["pixel_values"]
                views.append(made[0])
        return torch.cat(views)

    def slots(self, tiles: Sequence[int], where: str) -> list[int]:
        """Returns the picture tokens of each picture, newlines among them."""
        del where
        if len(tiles) > 1:
            return [self.view + 1] * len(tiles)
        return [self._alone(count) for count in tiles if isinstance(count, Tiles)]

    def picture(self, slot: int) -> str:
        """Returns the text of one picture."""
        return str(self.tokenizer.convert_ids_to_tokens(self._image)) * slot

    def _alone(self, size: Tiles) -> int:
        count: Any = self._stock._get_number_of_features
        return int(count(size.height, size.width, self.side, self.side))


class _Processor(LlavaOnevisionProcessor):
    """The stock processor without the video part, which alone needs torchvision."""

    def __init__(self, image_processor: Any, tokenizer: Any, view: int, ratio: str) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            image_processor,
            tokenizer,
            None,
            num_image_tokens=view,
            vision_feature_select_strategy="full",
            vision_aspect_ratio=ratio,
        )


class StockLlavaOnevision:
    """An entry of the group ``encoding``."""

    def open(self, folder: Path, images: Mapping[str, Any] | None = None) -> LlavaOnevisionEncoding:
        """Opens the encoding of a model folder.

        Raises:
            DataError: A file is missing or broken.
        """
        return LlavaOnevisionEncoding(folder, images)
