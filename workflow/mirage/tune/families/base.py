"""What a model class must tell the rest of the suite: everything else is the same for all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mirage.tune.tokens import Marks

_CHUNK = 256
"""Pictures that pass the frozen vision tower at once."""

Settings = Mapping[str, Any]


class NanoProcessor(Protocol):
    """A stock processor without its video part, which alone would need torchvision.

    Attributes:
        marks: Special tokens of the model's class.
    """

    marks: Marks
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


class Family(ABC):
    """A model class.

    Attributes:
        name: As in ``model.architecture`` and in ``model_type`` of a saved ``config.json``.
        marks: Its special tokens.
        parts: Part of the model -> prefixes of its parameters; the first part that matches counts.
    """

    name: str
    marks: Marks
    parts: Mapping[str, tuple[str, ...]]

    @property
    @abstractmethod
    def kind(self) -> type[Any]:
        """The class in transformers."""

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

    @abstractmethod
    def projector(self, model: Any) -> nn.Module:
        """Returns the module between vision tower and language model."""

    @abstractmethod
    def see(self, model: Any, pixels: Tensor, tiles: Sequence[int]) -> Tensor:
        """Returns features of tiles, (tiles, tokens of a tile, hidden size).

        Args:
            model: The model.
            pixels: Rows as the processor's ``pixels`` returns them.
            tiles: Tiles of each picture, in the order of the rows.
        """

    def project(self, model: Any, kept: Tensor) -> Tensor:
        """Returns features of tiles, as ``see``, from what ``keep`` returned."""
        features: Tensor = self.projector(model)(kept)
        return features

    def fill(
        self, model: Any, features: Tensor, tiles: Sequence[int], alone: Sequence[bool]
    ) -> Tensor:
        """Returns what stands at the picture tokens of a batch, (tokens, hidden size).

        Args:
            model: The model.
            features: (tiles, tokens of a tile, hidden size), in the order of the prompts.
            tiles: Tiles of each picture.
            alone: For each picture, whether it is the only one of its prompt.
        """
        del model, tiles, alone
        return features.flatten(0, 1)

    @torch.no_grad()
    def keep(self, model: Any, pixels: Tensor, tiles: Sequence[int]) -> Tensor:
        """Returns what the vision tower hands to the projector, one row per tile.

        Args:
            model: The model.
            pixels: Rows as the processor's ``pixels`` returns them.
            tiles: Tiles of each picture, in the order of the rows.
        """
        if not len(pixels):
            return pixels
        kept: list[Tensor] = []

        def take(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            kept.append(inputs[0])

        hook = self.projector(model).register_forward_pre_hook(take)
        chunks = [tiles[at : at + _CHUNK] for at in range(0, len(tiles), _CHUNK)]
        for chunk, some in zip(chunks, torch.split(pixels, [*map(sum, chunks)]), strict=True):
            self.see(model, some, chunk)
            kept[-1] = kept[-1].reshape(len(some), -1, kept[-1].shape[-1])
        hook.remove()
        return torch.cat(kept)


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
