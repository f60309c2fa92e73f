"""Tokenizer, chat template and processor of the nano models, saved as InternVL saves its own."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.internvl.processing_internvl import InternVLProcessor
from transformers.tokenization_utils_tokenizers import TokenizersBackend

from mirage.contracts import DataError

PAD, UNKNOWN, END = "<pad>", "<unk>", "<eos>"
USER, ASSISTANT = "<user>", "<assistant>"
IMAGE_START, IMAGE_END, IMAGE, VIDEO = "<img>", "</img>", "<IMG_CONTEXT>", "<video>"
SPECIAL: Final = (PAD, UNKNOWN, END, USER, ASSISTANT, IMAGE_START, IMAGE_END, IMAGE, VIDEO)

CHAT_TEMPLATE: Final = (
    "{%- for message in messages -%}"
    "{{- '<user>' if message['role'] == 'user' else '<assistant>' -}}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}"
    "{%- else -%}"
    "{%- for part in message['content'] if part['type'] == 'image' -%}"
    "{{- 'image ' ~ ['one', 'two', 'three'][loop.index0] ~ ' <IMG_CONTEXT>' -}}{%- endfor -%}"
    "{%- for part in message['content'] if part['type'] == 'text' -%}"
    "{{- part['text'] -}}{%- endfor -%}"
    "{%- endif -%}"
    "{%- if message['role'] != 'user' -%}{{- '<eos>' -}}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<assistant>' -}}{%- endif -%}"
)
"""Numbered pictures first (as the paper prompts InternVL: ``Image-1: <image>``), then the question;
``<assistant>`` also ends the question: no token is spent twice."""

_IMAGE_FIELDS: Final = (
    "crop_to_patches", "do_convert_rgb", "do_normalize", "do_rescale", "do_resize",
    "image_mean", "image_std", "max_patches", "min_patches", "resample", "rescale_factor", "size",
)  # fmt: skip


class NanoProcessor(InternVLProcessor):
    """InternVL's processor without the video processor, which alone would need torchvision."""

    def __init__(
        self,
        image_processor: GotOcr2ImageProcessorPil,
        tokenizer: TokenizersBackend,
        image_seq_length: int,
        chat_template: str = CHAT_TEMPLATE,
    ) -> None:
        super().__init__(image_processor, tokenizer, None, image_seq_length, chat_template)


def build_tokenizer(words: Sequence[str]) -> TokenizersBackend:
    """Returns a word-level tokenizer: one token a word, words parted by white space.

    Args:
        words: The vocabulary; ids follow its order, after the special tokens.

    Raises:
        DataError: A word twice, with white space inside, or spelled like a special token.
    """
    if len(set(words)) != len(words):
        raise DataError(f"vocabulary: {len(words) - len(set(words))} words stand in it twice.")
    if wrong := [word for word in words if word.split() != [word] or word in SPECIAL]:
        raise DataError(f"vocabulary: {wrong[:3]} cannot be words.")
    core = Tokenizer(
        WordLevel({word: i for i, word in enumerate((*SPECIAL, *words))}, unk_token=UNKNOWN)
    )
    core.pre_tokenizer = WhitespaceSplit()
    return TokenizersBackend(  # type: ignore[no-untyped-call]
        tokenizer_object=core,
        pad_token=PAD,
        unk_token=UNKNOWN,
        eos_token=END,
        extra_special_tokens={
            "start_image_token": IMAGE_START,
            "end_image_token": IMAGE_END,
            "context_image_token": IMAGE,
            "video_token": VIDEO,
            "user_token": USER,
            "assistant_token": ASSISTANT,
        },
        clean_up_tokenization_spaces=False,
        padding_side="left",
        model_input_names=["input_ids", "attention_mask"],
    )


def build_processor(words: Sequence[str], image_size: int, image_tokens: int) -> NanoProcessor:
    """Returns the processor of a nano model.

    Args:
        words: The vocabulary.
        image_size: Height and width of every picture in pixels.
        image_tokens: Tokens of one picture, its two markers left out.
    """
    return NanoProcessor(_image_processor(image_size), build_tokenizer(words), image_tokens)


def save_processor(processor: NanoProcessor, folder: Path) -> None:
    """Writes the files that ``InternVLProcessor`` itself would write, video part and all.

    Machines with torchvision, and vLLM, open them with stock classes.
    """
    tokenizer = processor.tokenizer
    tokenizer._set_processor_class("InternVLProcessor")
    tokenizer.save_pretrained(folder)
    image = {
        name: value
        for name, value in processor.image_processor.to_dict().items()
        if name in _IMAGE_FIELDS
    }
    video = {name: value for name, value in image.items() if "patches" not in name}
    image["image_processor_type"] = "GotOcr2ImageProcessor"
    video["video_processor_type"] = "InternVLVideoProcessor"
    whole = {
        "image_processor": image,
        "image_seq_length": processor.image_seq_length,
        "processor_class": "InternVLProcessor",
        "video_processor": video,
    }
    _write_json(folder / "processor_config.json", whole)
    (folder / "chat_template.jinja").write_text(str(processor.chat_template), encoding="utf-8")


def load_processor(folder: str | os.PathLike[str]) -> NanoProcessor:
    """Opens the processor of a saved model folder without torchvision and without Auto classes.

    Raises:
        DataError: A file is missing or broken.
    """
    path = Path(folder)
    try:
        whole = json.loads((path / "processor_config.json").read_text(encoding="utf-8"))
        template = (path / "chat_template.jinja").read_text(encoding="utf-8")
        image = {name: whole["image_processor"][name] for name in _IMAGE_FIELDS}
        tokens = int(whole["image_seq_length"])
        tokenizer = TokenizersBackend.from_pretrained(path)
    except (OSError, ValueError, KeyError) as broken:
        raise DataError(
            f"{path} holds no processor of a nano model ({broken}). "
            "Remove the folder and run snakemake again."
        ) from None
    return NanoProcessor(GotOcr2ImageProcessorPil(**image), tokenizer, tokens, template)


def chat(question: str, pictures: int) -> list[dict[str, Any]]:
    """Returns a question about some pictures as the chat template takes it."""
    parts: list[dict[str, str]] = [{"type": "image"}] * pictures
    return [{"role": "user", "content": [*parts, {"type": "text", "text": question}]}]


def _image_processor(image_size: int) -> GotOcr2ImageProcessorPil:
    return GotOcr2ImageProcessorPil(
        size={"height": image_size, "width": image_size},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
        crop_to_patches=False,
        min_patches=1,
        max_patches=1,
    )


def _write_json(path: Path, plain: dict[str, Any]) -> None:
    text = json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
