"""What a model class must tell the rest of the suite: everything else is the same for all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

PARTS: Final = ("vision", "projector", "language_model")
"""Parts of every model that can be trained or frozen."""

INNER: Final = (
    "model.vision_tower.",
    "model.visual.",
    "model.multi_modal_projector.",
    "model.language_model.",
)
"""Prefixes of the parameters inside a model's parts, whatever its class."""

_CHUNK = 256
"""Pictures that pass the frozen vision tower at once."""


class Family(ABC):
    """A model class.

    Attributes:
        name: As in ``model.architecture`` and in ``model_type`` of a saved ``config.json``.
        parts: Part of the model -> prefixes of its parameters; the first part that matches counts.
    """

    name: str
    parts: Mapping[str, tuple[str, ...]]

    @property
    @abstractmethod
    def kind(self) -> type[Any]:
        """The class in transformers."""

    @abstractmethod
    def projector(self, model: Any) -> nn.Module:
        """Returns the module between vision tower and language model."""

    def projectors(self, model: Any) -> list[nn.Module]:
        """Returns all modules between the two, where a class has several."""
        return [self.projector(model)]

    @abstractmethod
    def see(self, model: Any, pixels: Tensor, tiles: Sequence[int]) -> Tensor:
        """Returns features of tiles, (tiles, tokens of a tile, hidden size).

        Args:
            model: The model.
            pixels: Rows as ``Encoding.pixels`` returns them.
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

    def place(self, embeddings: Tensor, places: Tensor, features: Tensor) -> Tensor:
        """Returns embeddings with features where picture tokens stand.

        Args:
            embeddings: Of all tokens, (rows, width, hidden size).
            places: Where picture tokens stand, (rows, width, 1).
            features: What ``fill`` returned.
        """
        return embeddings.masked_scatter(places, features)

    def reads(self, model: Any, embeddings: Tensor) -> dict[str, Any]:
        """Returns the language model's arguments for what ``place`` returned."""
        del model
        return {"inputs_embeds": embeddings}

    @torch.no_grad()
    def keep(self, model: Any, pixels: Tensor, tiles: Sequence[int]) -> Tensor:
        """Returns what the vision tower hands to the projectors, side by side; one row per tile.

        Args:
            model: The model.
            pixels: Rows as ``Encoding.pixels`` returns them.
            tiles: Tiles of each picture, in the order of the rows.
        """
        if not len(pixels):
            return pixels
        projectors = self.projectors(model)
        taken: dict[nn.Module, Tensor] = {}

        def take(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            taken[module] = inputs[0]

        hooks = [module.register_forward_pre_hook(take) for module in projectors]
        kept = []
        chunks = [tiles[at : at + _CHUNK] for at in range(0, len(tiles), _CHUNK)]
        for chunk, some in zip(chunks, torch.split(pixels, [*map(sum, chunks)]), strict=True):
            self.see(model, some, chunk)
            features = torch.cat([taken[module] for module in projectors], dim=-1)
            kept.append(features.reshape(len(some), -1, features.shape[-1]))
        for hook in hooks:
            hook.remove()
        return torch.cat(kept)
