"""Nano InternVL: a tile is what the tower sees at once; wide pictures are several, no thumbnail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers.image_utils import PILImageResampling, SizeDict
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.internvl.configuration_internvl import InternVLConfig
from transformers.models.internvl.processing_internvl import InternVLProcessor

from mirage.tune.families.internvl import InternVL
from mirage.tune.nano.base import NanoClass, Settings, chosen, ends, text_config
from mirage.tune.nano.tokens import SpecialTokens

_MARKS: Final = SpecialTokens(
    image="<IMG_CONTEXT>",
    video="<video>",
    start="<img>",
    end="</img>",
    placeholder="<IMG_CONTEXT>",
    names={
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    },
)

_IMAGE_FIELDS: Final = (
    "crop_to_patches", "do_convert_rgb", "do_normalize", "do_rescale", "do_resize",
    "image_mean", "image_std", "max_patches", "min_patches", "resample", "rescale_factor", "size",
)  # fmt: skip

TILES = 2
"""Most tiles of a picture: two pictures side by side."""


class TilesOnly(GotOcr2ImageProcessorPil):
    """InternVL's tiling without its thumbnail.

    Two pictures side by side must hold what the two hold apart, no more and no less: a squeezed
    third view would add information. Stock processors give the same tiles and then a thumbnail.
    """

    def crop_image_to_patches(
        self,
        image: np.ndarray[Any, Any],
        min_patches: int,
        max_patches: int,
        use_thumbnail: bool = False,
        patch_size: SizeDict | None = None,
        resample: PILImageResampling | None = None,
    ) -> list[np.ndarray[Any, Any]]:
        """Returns the tiles of a picture, row by row."""
        tiles: list[np.ndarray[Any, Any]] = super().crop_image_to_patches(
            image, min_patches, max_patches, False, patch_size, resample
        )
        return tiles


class NanoInternVLProcessor(InternVLProcessor):
    """InternVL's processor without the video processor."""

    marks = _MARKS

    def __init__(
        self, image_processor: Any, tokenizer: Any, image_seq_length: int, chat_template: str
    ) -> None:
        super().__init__(image_processor, tokenizer, None, image_seq_length, chat_template)

    @property
    def side(self) -> int:
        """Height and width of a tile in pixels."""
        return int(self.image_processor.size["height"])

    def tiles(self, width: int, height: int) -> int | None:
        """Returns 1 for a square picture, 2 for two side by side."""
        return {(self.side, self.side): 1, (TILES * self.side, self.side): TILES}.get(
            (width, height)
        )

    def pixels(self, pictures: Sequence[Any]) -> Tensor:
        """Returns (tiles, 3, height, width)."""
        made: Tensor = self.image_processor(pictures, return_tensors="pt")["pixel_values"]
        return made

    def slot(self, tiles: int, alone: bool) -> int:
        """Returns the picture tokens of one picture."""
        del alone
        return tiles * int(self.image_seq_length)

    def positions(self, ids: NDArray[np.int64]) -> None:
        """Tokens are just counted."""
        del ids


class NanoInternVL(NanoClass):
    """InternVL's class at nano size."""

    marks = _MARKS
    family = InternVL()

    def config(self, model: Settings, vocab_size: int, special: Mapping[str, int]) -> Any:
        """Returns the model's configuration."""
        vision = model["shape"]["vision"]
        return InternVLConfig(
            vision_config={
                "hidden_size": vision["hidden_size"],
                "num_hidden_layers": vision["layers"],
                "num_attention_heads": vision["heads"],
                "intermediate_size": vision["intermediate_size"],
                "image_size": model["image_size"],
                "patch_size": vision["patch_size"],
            },
            text_config={"model_type": "qwen2", **text_config(model, vocab_size, special)},
            image_token_id=special["context_image_token"],
            image_seq_length=image_tokens(model),
            downsample_ratio=model["shape"]["downsample_ratio"],
            tie_word_embeddings=model["shape"]["text"]["tie_word_embeddings"],
            dtype="float32",
            **ends(special),
        )

    def settle(self, model: Any) -> None:
        """Draws the places of the patches.

        The stock initialisation leaves them at zero, from where a small model trained for a few
        hundred steps moves away too slowly.
        """
        tower = model.model.vision_tower
        scale = tower.config.initializer_range
        with torch.no_grad():
            tower.embeddings.position_embeddings.normal_(0.0, scale)
            tower.embeddings.cls_token.normal_(0.0, scale)

    def processor(self, tokenizer: Any, model: Settings, template: str) -> Any:
        """Returns the processor of a model with these settings."""
        image = TilesOnly(
            size={"height": model["image_size"], "width": model["image_size"]},
            image_mean=[0.5, 0.5, 0.5],
            image_std=[0.5, 0.5, 0.5],
            crop_to_patches=True,
            min_patches=1,
            max_patches=TILES,
        )
        return NanoInternVLProcessor(image, tokenizer, image_tokens(model), template)

    def describe(self, processor: Any) -> dict[str, Any]:
        """Returns ``processor_config.json``."""
        image = chosen(processor.image_processor, _IMAGE_FIELDS)
        video = {name: value for name, value in image.items() if "patches" not in name}
        return {
            "image_processor": image | {"image_processor_type": "GotOcr2ImageProcessor"},
            "image_seq_length": processor.image_seq_length,
            "processor_class": "InternVLProcessor",
            "video_processor": video | {"video_processor_type": "InternVLVideoProcessor"},
        }

    def reopen(self, described: Settings, tokenizer: Any, template: str) -> Any:
        """Returns the processor that ``describe`` described."""
        image = {name: described["image_processor"][name] for name in _IMAGE_FIELDS}
        tokens = int(described["image_seq_length"])
        return NanoInternVLProcessor(TilesOnly(**image), tokenizer, tokens, template)


def image_tokens(model: Settings) -> int:
    """Returns how many tokens one tile takes: pixel shuffle merges patches."""
    shape = model["shape"]
    side = int(model["image_size"] / shape["vision"]["patch_size"] * shape["downsample_ratio"])
    return side * side
