"""Processors of the nano models, saved as the stock classes save their own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers.tokenization_utils_tokenizers import TokenizersBackend

from mirage.contracts import DataError
from mirage.tune.families import family
from mirage.tune.families.base import NanoProcessor
from mirage.tune.tokens import build_tokenizer, chat_template


def build_processor(words: Sequence[str], model: Mapping[str, Any]) -> NanoProcessor:
    """Returns the processor of a nano model.

    Args:
        words: The vocabulary.
        model: Settings of the group ``model`` (``conf/model``).
    """
    made = family(model["architecture"])
    tokenizer = build_tokenizer(words, made.marks)
    processor: NanoProcessor = made.processor(tokenizer, model, chat_template(made.marks))
    return processor


def special_ids(processor: NanoProcessor) -> dict[str, int]:
    """Returns the ids of the special tokens that a model's configuration names."""
    tokenizer = processor.tokenizer
    ids = {
        name: tokenizer.convert_tokens_to_ids(token)
        for name, token in processor.marks.names.items()
    }
    return ids | {"pad": tokenizer.pad_token_id, "eos": tokenizer.eos_token_id}


def save_processor(processor: NanoProcessor, architecture: str, folder: Path) -> None:
    """Writes the files that the stock processor itself would write, video part and all.

    Machines with torchvision, and vLLM, open them with stock classes.
    """
    whole = family(architecture).describe(processor)
    tokenizer = processor.tokenizer
    tokenizer._set_processor_class(whole["processor_class"])
    tokenizer.save_pretrained(folder)
    text = json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / "processor_config.json").write_text(text + "\n", encoding="utf-8")
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
        kind = json.loads((path / "config.json").read_text(encoding="utf-8"))["model_type"]
        tokenizer = TokenizersBackend.from_pretrained(path)
        processor: NanoProcessor = family(kind).reopen(whole, tokenizer, template)
    except (OSError, ValueError, KeyError) as broken:
        raise DataError(
            f"{path} holds no processor of a nano model ({broken}). "
            "Remove the folder and run snakemake again."
        ) from None
    return processor
