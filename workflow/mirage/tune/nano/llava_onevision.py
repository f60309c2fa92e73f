"""Nano LLaVA-OneVision: a square picture is one view, two side by side are three."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers.models.llava_onevision.configuration_llava_onevision import LlavaOnevisionConfig
from transformers.models.llava_onevision.image_processing_pil_llava_onevision import (
    LlavaOnevisionImageProcessorPil,
)
from transformers.models.llava_onevision.processing_llava_onevision import LlavaOnevisionProcessor

from mirage.tune.families.llava_onevision import LlavaOnevision, layout
from mirage.tune.nano.base import NanoClass, Settings, chosen, ends, text_config
from mirage.tune.nano.tokens import SpecialTokens

_MARKS: Final = SpecialTokens(
    image="<image>",
    video="<video>",
    start="",
    end="",
    placeholder="<image>",
    names={"image_token": "<image>", "video_token": "<video>"},
)

_IMAGE_FIELDS: Final = (
    "do_convert_rgb", "do_normalize", "do_pad", "do_rescale", "do_resize", "image_grid_pinpoints",
    "image_mean", "image_std", "resample", "rescale_factor", "size",
)  # fmt: skip


class NanoLlavaOnevisionProcessor(LlavaOnevisionProcessor):
    """LLaVA-OneVision's processor without the video processor."""

    marks = _MARKS

    def __init__(
        self, image_processor: Any, tokenizer: Any, num_image_tokens: int, chat_template: str
    ) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            image_processor,
            tokenizer,
            None,
            num_image_tokens=num_image_tokens,
            vision_feature_select_strategy="full",
            chat_template=chat_template,
        )

    @property
    def side(self) -> int:
        """Height and width of a view in pixels."""
        return int(self.image_processor.size["height"])

    def tiles(self, width: int, height: int) -> int | None:
        """Returns the distinct views of a picture: a square's crop is its base view once more."""
        return {(self.side, self.side): 1, (2 * self.side, self.side): 3}.get((width, height))

    def pixels(self, pictures: Sequence[Any]) -> Tensor:
        """Returns (views, 3, height, width), the base view of each picture first."""
        made = self.image_processor(pictures, return_tensors="pt")
        counts = [self.tiles(int(w), int(h)) for h, w in made["image_sizes"]]
        views = zip(made["pixel_values"], counts, strict=True)
        return torch.cat([view[:count] for view, count in views])

    def slot(self, tiles: int, alone: bool) -> int | None:
        """Returns the picture tokens of one picture; a wide one has crops only where alone."""
        if tiles > 1 and not alone:
            return None
        return len(layout(math.isqrt(int(self.num_image_tokens)), tiles, alone))

    def positions(self, ids: NDArray[np.int64]) -> None:
        """Tokens are just counted."""
        del ids


class NanoLlavaOnevision(NanoClass):
    """LLaVA-OneVision's class at nano size."""

    marks = _MARKS
    family = LlavaOnevision()

    def config(self, model: Settings, vocab_size: int, special: Mapping[str, int]) -> Any:
        """Returns the model's configuration."""
        vision, side = model["shape"]["vision"], model["image_size"]
        return LlavaOnevisionConfig(
            vision_config={
                "model_type": "siglip_vision_model",
                "hidden_size": vision["hidden_size"],
                "num_hidden_layers": vision["layers"],
                "num_attention_heads": vision["heads"],
                "intermediate_size": vision["intermediate_size"],
                "image_size": side,
                "patch_size": vision["patch_size"],
                "vision_use_head": False,
            },
            text_config={"model_type": "qwen2", **text_config(model, vocab_size, special)},
            image_token_index=special["image_token"],
            video_token_index=special["video_token"],
            image_grid_pinpoints=[[side, side], [side, 2 * side]],
            tie_word_embeddings=model["shape"]["text"]["tie_word_embeddings"],
            dtype="float32",
            **ends(special),
        )

    def processor(self, tokenizer: Any, model: Settings, template: str) -> Any:
        """Returns the processor of a model with these settings."""
        side = model["image_size"]
        image = LlavaOnevisionImageProcessorPil(
            size={"height": side, "width": side},
            image_grid_pinpoints=[[side, side], [side, 2 * side]],
            image_mean=[0.5, 0.5, 0.5],
            image_std=[0.5, 0.5, 0.5],
        )
        tokens = (side // model["shape"]["vision"]["patch_size"]) ** 2
        return NanoLlavaOnevisionProcessor(image, tokenizer, tokens, template)

    def describe(self, processor: Any) -> dict[str, Any]:
        """Returns ``processor_config.json``."""
        image = chosen(processor.image_processor, _IMAGE_FIELDS)
        cropping = ("do_pad", "image_grid_pinpoints")
        video = {name: value for name, value in image.items() if name not in cropping}
        return {
            "image_processor": image | {"image_processor_type": "LlavaOnevisionImageProcessor"},
            "image_token": _MARKS.image,
            "num_image_tokens": processor.num_image_tokens,
            "processor_class": "LlavaOnevisionProcessor",
            "video_processor": video | {"video_processor_type": "LlavaOnevisionVideoProcessor"},
            "video_token": _MARKS.video,
            "vision_aspect_ratio": processor.vision_aspect_ratio,
            "vision_feature_select_strategy": "full",
        }

    def reopen(self, described: Settings, tokenizer: Any, template: str) -> Any:
        """Returns the processor that ``describe`` described."""
        image = {name: described["image_processor"][name] for name in _IMAGE_FIELDS}
        return NanoLlavaOnevisionProcessor(
            LlavaOnevisionImageProcessorPil(**image),
            tokenizer,
            int(described["num_image_tokens"]),
            template,
        )
