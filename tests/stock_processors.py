"""The stock processors without their video part, which alone needs torchvision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoTokenizer
from transformers.models.internvl.processing_internvl import InternVLProcessor
from transformers.models.llava_onevision.processing_llava_onevision import LlavaOnevisionProcessor
from transformers.models.qwen2_vl.processing_qwen2_vl import Qwen2VLProcessor
from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor


class SlimQwen2(Qwen2VLProcessor):
    def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str) -> None:
        super().__init__(image_processor, tokenizer, None, chat_template=chat_template)


class SlimQwen3(Qwen3VLProcessor):
    def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str) -> None:
        super().__init__(image_processor, tokenizer, None, chat_template=chat_template)


class SlimInternVL(InternVLProcessor):
    def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str) -> None:
        super().__init__(image_processor, tokenizer, None, 4, chat_template)


class SlimLlava(LlavaOnevisionProcessor):
    def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str) -> None:
        super().__init__(
            image_processor, tokenizer, None, 16, "full", chat_template,
            vision_aspect_ratio="anyres_max_2",
        )  # fmt: skip


SLIM: Mapping[str, Any] = {
    "qwen2_vl": SlimQwen2,
    "qwen3_vl": SlimQwen3,
    "internvl": SlimInternVL,
    "llava_onevision": SlimLlava,
}


def stock_processor(folder: Path, encoding: Any) -> Any:
    """The class's own processor with the folder's own tokenizer and template.

    Its image processor is the encoding's, which is a stock one.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder)
    template = (folder / "chat_template.jinja").read_text()
    return SLIM[encoding.config["model_type"]](encoding.images, tokenizer, template)


def stock_text(processor: Any, question: str, pictures: int) -> str:
    """The chat template's text of a question about some pictures."""
    parts = [*[{"type": "image"}] * pictures, {"type": "text", "text": question}]
    text: str = processor.apply_chat_template(
        [{"role": "user", "content": parts}], add_generation_prompt=True, tokenize=False
    )
    return text


def stock_inputs(
    processor: Any, question: str, files: Sequence[Path], answer: str
) -> dict[str, torch.Tensor]:
    """What the stock class takes for a question about some pictures, and perhaps its answer."""
    end = f"{answer}<|im_end|>" if answer else ""
    text = stock_text(processor, question, len(files)) + end
    pictures = [[Image.open(file).convert("RGB") for file in files]]
    shown = {"images": pictures} if files else {}
    made = dict(processor(text=[text], return_tensors="pt", **shown))
    return {key: value for key, value in made.items() if value is not None}
