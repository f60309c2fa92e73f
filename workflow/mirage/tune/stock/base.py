"""The stock encoding: what a folder's tokenizer, chat template and image processor say.

The stock processors themselves need torchvision for videos; these files need none. A test holds
both equal.
"""

from __future__ import annotations

import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import TemplateError
from numpy.typing import NDArray
from torch import Tensor
from transformers.tokenization_utils_tokenizers import TokenizersBackend

from mirage.contracts import DataError

FILES = (
    "added_tokens.json", "chat_template.jinja", "chat_template.json", "merges.txt",
    "preprocessor_config.json", "processor_config.json", "special_tokens_map.json",
    "tokenizer.json", "tokenizer_config.json", "video_preprocessor_config.json", "vocab.json",
)  # fmt: skip
"""The files of a model folder that say how it reads and writes."""


class StockEncoding(ABC):
    """The encoding of an imported model.

    Attributes:
        folder: The model folder, whose files are written again beside tuned weights.
        limits: How pictures are cut, where that is not as the folder says.
        config: Its ``config.json``.
        tokenizer: Its tokenizer.
        images: Its image processor.
        pad: Id of the padding token.
        max_tokens: The longest prompt with its answer.
    """

    def __init__(self, folder: Path, images: Mapping[str, Any] | None = None) -> None:
        """Opens the encoding of a model folder.

        Args:
            folder: The folder.
            images: Settings of one side of ``model.images``; the folder's own count where it says
                nothing.

        Raises:
            DataError: A file is missing or broken.
        """
        self.folder, self.limits = folder, dict(images or {})
        try:
            self.config: dict[str, Any] = read_json(folder / "config.json")
            self.tokenizer: Any = TokenizersBackend.from_pretrained(folder)
            if template := _template(folder):
                self.tokenizer.chat_template = template
            self.images = self.image_processor(_image_settings(folder))
            text = self.config.get("text_config", self.config)
            self.max_tokens = int(text["max_position_embeddings"])
            named = "image_token_id" if "image_token_id" in self.config else "image_token_index"
            self._image = int(self.config[named])
            self._end = int(self.tokenizer.eos_token_id)
            pad = self.tokenizer.pad_token_id
            self.pad = self._end if pad is None else int(pad)
            self._chat(0)
        except (OSError, ValueError, KeyError, TypeError, TemplateError) as broken:
            raise DataError(
                f"{folder} holds no tokenizer, chat template and image processor that can be "
                f"opened ({broken}). See what is wrong with: mirage model check {folder}"
            ) from None
        self._special = [token.content for token in self.tokenizer.added_tokens_decoder.values()]

    @abstractmethod
    def image_processor(self, settings: dict[str, Any]) -> Any:
        """Returns the image processor without torchvision."""

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Returns the picture's own size: the image processor resizes."""
        return width, height

    def company(self, pictures: int) -> int:
        """Returns 1: pictures share nothing."""
        del pictures
        return 1

    def cut(self, company: int) -> dict[str, Any]:
        """Returns settings of the image processor that are not as its file says.

        Args:
            company: Of a prompt.
        """
        del company
        return {}

    @abstractmethod
    def tiles(self, width: int, height: int, where: str, company: int = 1) -> int:
        """Returns the rows of ``pixels`` that a picture of that size takes."""

    @abstractmethod
    def pixels(self, pictures: Sequence[Any], company: int = 1) -> Tensor:
        """Returns what the vision tower takes, one row per tile, picture after picture."""

    @abstractmethod
    def slots(self, tiles: Sequence[int], where: str) -> list[int]:
        """Returns the picture tokens of each picture of one prompt."""

    @abstractmethod
    def picture(self, slot: int) -> str:
        """Returns the text of one picture, where the template writes one picture token."""

    def positions(self, ids: NDArray[np.int64], tiles: Sequence[int]) -> NDArray[np.int64] | None:
        """Tokens are just counted."""
        del ids, tiles
        return None

    def prompt(self, question: str, slots: Sequence[int], where: str, strict: bool) -> list[int]:
        """Returns the ids of a chat prompt up to where the answer starts.

        Raises:
            DataError: The question holds one of the model's control tokens.
        """
        del strict
        self._check(question, where)
        before, after = self._chat(len(slots)).split(_QUESTION)
        parts = (before + question + after).split(self.tokenizer.convert_ids_to_tokens(self._image))
        if len(parts) != len(slots) + 1:
            raise DataError(
                f"{where}: the chat template of {self.folder} writes {len(parts) - 1} pictures for "
                f"{len(slots)}. Give the model a template for several pictures."
            )
        text = parts[0]
        for slot, part in zip(slots, parts[1:], strict=True):
            text += self.picture(slot) + part
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def answer(self, text: str, where: str) -> list[int]:
        """Returns the ids of an answer and its end token.

        Raises:
            DataError: The answer is empty, or holds one of the model's control tokens.
        """
        if not text.strip():
            raise DataError(f"{where}: the answer is empty; there is nothing to learn.")
        self._check(text, where)
        return [*self.tokenizer(text, add_special_tokens=False)["input_ids"], self._end]

    def decode(self, answers: Sequence[Sequence[int]]) -> list[str]:
        """Returns the texts of answers, end tokens left out."""
        texts: list[str] = self.tokenizer.batch_decode(
            [list(answer) for answer in answers], skip_special_tokens=True
        )
        return texts

    def save(self, folder: Path) -> None:
        """Writes the folder's own files again."""
        for name in FILES:
            if (self.folder / name).is_file():
                shutil.copyfile(self.folder / name, folder / name)

    def _chat(self, pictures: int) -> str:
        """Returns the template's text around a question about some pictures."""
        parts: list[dict[str, str]] = []
        for number in range(1, pictures + 1):
            if pictures > 1 and (label := self.limits.get("label")):
                parts.append({"type": "text", "text": label.replace("{n}", str(number))})
            parts.append({"type": "image"})
        messages = [{"role": "user", "content": [*parts, {"type": "text", "text": _QUESTION}]}]
        text: str = self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=False
        )
        if text.count(_QUESTION) != 1:
            raise ValueError("the chat template does not write the question exactly once")
        return text

    def _check(self, text: str, where: str) -> None:
        """Text from data must never become a control token: it could end a turn or fake another."""
        if token := next((token for token in self._special if token in text), None):
            raise DataError(
                f"{where}: the text holds {token!r}, which is a control token of this model. "
                "Remove it from the data."
            )


_QUESTION = "[[question]]"
"""Stands for the question while the chat template is rendered."""


def read_json(path: Path) -> dict[str, Any]:
    """Returns the object that a JSON file holds.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not an object.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError(f"{path.name} is nested too deeply") from None
    if not isinstance(plain, dict):
        raise ValueError(f"{path.name} holds no object")
    return plain


def _template(folder: Path) -> str | None:
    """Returns the chat template of a file of its own; the tokenizer's settings may hold it too."""
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    if (folder / "chat_template.json").is_file():
        return str(read_json(folder / "chat_template.json")["chat_template"])
    return None


def _image_settings(folder: Path) -> dict[str, Any]:
    """Returns the image processor's settings, from either of the files that hold them."""
    if (folder / "preprocessor_config.json").is_file():
        return read_json(folder / "preprocessor_config.json")
    return dict(read_json(folder / "processor_config.json")["image_processor"])
