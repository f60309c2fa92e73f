"""What a nano class must tell beyond what its model class says: configuration and processor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mirage.tune.families.base import Family
from mirage.tune.nano.encoding import WordEncoding, build_encoding, open_encoding
from mirage.tune.nano.tokens import SpecialTokens

Settings = Mapping[str, Any]


class NanoProcessor(Protocol):
    """A stock processor without its video part, which alone would need torchvision.

    Attributes:
        marks: Special tokens of the model's class.
    """

    marks: SpecialTokens
    tokenizer: Any
    image_processor: Any
    chat_template: Any
    image_token_id: int

    @property
    def side(self) -> int:
        """Height and width in pixels of one tile: what the vision tower sees at once."""

    def __call__(self, **inputs: Any) -> Any:
        """Returns a batch as the model takes it, exactly as the stock processor would."""

    def apply_chat_template(self, conversation: Any, **how: Any) -> Any:
        """Returns the text of a conversation."""

    def tiles(self, width: int, height: int) -> int | None:
        """Returns the tiles of a picture of that size, None where the class cannot take it."""

    def pixels(self, pictures: Sequence[Any]) -> Tensor:
        """Returns what the vision tower takes, one row per tile, picture after picture."""

    def slot(self, tiles: int, alone: bool) -> int | None:
        """Returns the picture tokens of one picture, marks left out; None where it cannot stand.

        Args:
            tiles: Its tiles.
            alone: Whether it is the only picture of its prompt.
        """

    def positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Returns a prompt's positions, (axes, tokens), or None where tokens are just counted."""


class NanoClass(ABC):
    """A model class at nano size, built from settings: an entry of the group ``encoding``.

    Attributes:
        marks: Its special tokens.
        family: The model class.
    """

    marks: SpecialTokens
    family: Family

    def open(self, folder: Path) -> WordEncoding:
        """Opens the encoding of a model folder.

        Raises:
            DataError: A file is missing or broken.
        """
        return open_encoding(self, folder)

    def build(self, words: Sequence[str], model: Settings) -> WordEncoding:
        """Returns the encoding of a new model with these words and settings."""
        return build_encoding(self, words, model)

    @abstractmethod
    def config(self, model: Settings, vocab_size: int, special: Mapping[str, int]) -> Any:
        """Returns the model's configuration.

        Args:
            model: Settings of the group ``model`` (``conf/model``).
            vocab_size: Tokens in the vocabulary, special tokens among them.
            special: Token id of each of ``pad``, ``eos`` and the class's marks.
        """

    def settle(self, model: Any) -> None:
        """Changes the stock initialisation where a small model needs it."""
        del model

    @abstractmethod
    def processor(self, tokenizer: Any, model: Settings, template: str) -> Any:
        """Returns the processor (``NanoProcessor``) of a model with these settings."""

    @abstractmethod
    def describe(self, processor: Any) -> dict[str, Any]:
        """Returns ``processor_config.json`` as the stock processor would write it."""

    @abstractmethod
    def reopen(self, described: Settings, tokenizer: Any, template: str) -> Any:
        """Returns the processor that ``describe`` described."""


def ends(special: Mapping[str, int]) -> dict[str, Any]:
    """Returns the token ids that every configuration names."""
    return {
        "pad_token_id": special["pad"],
        "eos_token_id": special["eos"],
        "bos_token_id": None,
    }


def text_config(model: Settings, vocab_size: int, special: Mapping[str, int]) -> dict[str, Any]:
    """Returns the language model's configuration, which all classes share but for its type."""
    text = model["shape"]["text"]
    return {
        "vocab_size": vocab_size,
        "hidden_size": text["hidden_size"],
        "num_hidden_layers": text["layers"],
        "num_attention_heads": text["heads"],
        "num_key_value_heads": text["kv_heads"],
        "intermediate_size": text["intermediate_size"],
        "max_position_embeddings": text["max_tokens"],
        "rope_parameters": {"rope_type": "default", "rope_theta": float(text["rope_theta"])},
        "tie_word_embeddings": text["tie_word_embeddings"],
        **ends(special),
    }


def chosen(image_processor: Any, fields: Sequence[str]) -> dict[str, Any]:
    """Returns an image processor's settings of these names."""
    whole = image_processor.to_dict()
    return {name: whole[name] for name in fields if name in whole}
