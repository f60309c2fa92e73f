"""Nano Qwen2-VL: square pictures, or two side by side, as one grid of patches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from transformers.models.qwen2_vl.configuration_qwen2_vl import Qwen2VLConfig
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen2_vl.processing_qwen2_vl import Qwen2VLProcessor

from mirage.tune.families.qwen2_vl import Qwen2VL, grid_positions
from mirage.tune.nano.base import NanoClass, Settings, chosen, ends, text_config
from mirage.tune.nano.tokens import SpecialTokens

_MARKS: Final = SpecialTokens(
    image="<|image_pad|>",
    video="<|video_pad|>",
    start="<|vision_start|>",
    end="<|vision_end|>",
    placeholder="<|vision_start|><|image_pad|><|vision_end|>",
    names={
        "image_token": "<|image_pad|>",
        "video_token": "<|video_pad|>",
        "vision_start_token": "<|vision_start|>",
        "vision_end_token": "<|vision_end|>",
    },
)

_IMAGE_FIELDS: Final = (
    "do_convert_rgb", "do_normalize", "do_rescale", "do_resize", "image_mean", "image_std",
    "merge_size", "patch_size", "resample", "rescale_factor", "size", "temporal_patch_size",
)  # fmt: skip


WIDE = 2
"""Squares in the widest picture: two pictures side by side."""


class NanoQwen2VLProcessor(Qwen2VLProcessor):
    """Qwen2-VL's processor without the video processor."""

    marks = _MARKS

    def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            image_processor, tokenizer, None, chat_template=chat_template
        )

    @property
    def side(self) -> int:
        """Height of a picture in pixels."""
        return math.isqrt(int(self.image_processor.size["shortest_edge"]))

    def tiles(self, width: int, height: int) -> int | None:
        """Returns 1 for a square picture, 2 for two side by side, which are one grid here."""
        return {(self.side, self.side): 1, (WIDE * self.side, self.side): WIDE}.get((width, height))

    def pixels(self, pictures: Sequence[Any]) -> Tensor:
        """Returns (squares' worth of patches, patches of a square, values of a patch)."""
        made: Tensor = self.image_processor(pictures, return_tensors="pt")["pixel_values"]
        patches = (self.side // int(self.image_processor.patch_size)) ** 2
        return made.reshape(-1, patches, made.shape[-1])

    def slot(self, tiles: int, alone: bool) -> int:
        """Returns the picture tokens of one picture."""
        del alone
        return int(tiles * self._grid() ** 2)

    def positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns (4, tokens), see ``grid_positions``; every picture is ``_grid`` tokens high."""
        shown = ids == self.image_token_id
        starts = np.flatnonzero(shown & ~np.roll(shown, 1))
        stops = np.flatnonzero(shown & ~np.roll(shown, -1)) + 1
        high = self._grid()
        wide = ((stops - starts) // high).tolist()
        grids = [(high, width) for width in wide]
        return grid_positions(shown, grids)

    def _grid(self) -> int:
        image = self.image_processor
        return int(self.side // (image.patch_size * image.merge_size))


class NanoQwen2VL(NanoClass):
    """Qwen2-VL's class at nano size."""

    marks = _MARKS
    family = Qwen2VL()

    def config(self, model: Settings, vocab_size: int, special: Mapping[str, int]) -> Any:
        """Returns the model's configuration."""
        shape = model["shape"]
        vision, text = shape["vision"], text_config(model, vocab_size, special)
        text["rope_parameters"]["mrope_section"] = mrope_section(
            shape["text"]["hidden_size"] // shape["text"]["heads"]
        )
        return Qwen2VLConfig(
            vision_config={
                "depth": vision["layers"],
                "embed_dim": vision["hidden_size"],
                "hidden_size": shape["text"]["hidden_size"],
                "mlp_ratio": vision["intermediate_size"] // vision["hidden_size"],
                "num_heads": vision["heads"],
                "patch_size": vision["patch_size"],
                "spatial_merge_size": round(1 / shape["downsample_ratio"]),
                "temporal_patch_size": 2,
            },
            text_config=text,
            image_token_id=special["image_token"],
            video_token_id=special["video_token"],
            vision_start_token_id=special["vision_start_token"],
            vision_end_token_id=special["vision_end_token"],
            tie_word_embeddings=model["shape"]["text"]["tie_word_embeddings"],
            dtype="float32",
            **ends(special),
        )

    def processor(self, tokenizer: Any, model: Settings, template: str) -> Any:
        """Returns the processor of a model with these settings."""
        area = model["image_size"] ** 2
        image = Qwen2VLImageProcessorPil(
            size={"shortest_edge": area, "longest_edge": WIDE * area},
            image_mean=[0.5, 0.5, 0.5],
            image_std=[0.5, 0.5, 0.5],
            patch_size=model["shape"]["vision"]["patch_size"],
            merge_size=round(1 / model["shape"]["downsample_ratio"]),
            temporal_patch_size=2,
        )
        return NanoQwen2VLProcessor(image, tokenizer, template)

    def describe(self, processor: Any) -> dict[str, Any]:
        """Returns ``processor_config.json``."""
        image = chosen(processor.image_processor, _IMAGE_FIELDS)
        return {
            "image_processor": image | {"image_processor_type": "Qwen2VLImageProcessor"},
            "processor_class": "Qwen2VLProcessor",
            "video_processor": image | {"video_processor_type": "Qwen2VLVideoProcessor"},
        }

    def reopen(self, described: Settings, tokenizer: Any, template: str) -> Any:
        """Returns the processor that ``describe`` described."""
        image = {name: described["image_processor"][name] for name in _IMAGE_FIELDS}
        return NanoQwen2VLProcessor(Qwen2VLImageProcessorPil(**image), tokenizer, template)


def mrope_section(head_size: int) -> list[int]:
    """Returns how many rotations of a head go to time, row and column: 2 : 3 : 3, as published."""
    time = head_size // 8
    return [time, (head_size // 2 - time) // 2, (head_size // 2 - time) // 2]
