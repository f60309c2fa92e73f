"""What turns questions, answers and pictures into what one model's class takes.

An entry of the group ``encoding`` is a class without arguments that offers ``EncodingKind``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mirage.contracts import DataError


class Tiles(int):
    """How many rows of the pixel table a picture takes, where their arrangement matters too.

    Most classes see each tile by itself and need only the number, a plain ``int``. Qwen2-VL sees a
    picture as one grid: there a row is what one token holds.

    Attributes:
        height: Patches from top to bottom.
        width: Patches from left to right.
    """

    height: int
    width: int

    def __new__(cls, rows: int, height: int, width: int) -> Tiles:
        """Returns the number with the grid."""
        made = super().__new__(cls, rows)
        made.height, made.width = height, width
        return made

    def __eq__(self, other: object) -> bool:
        """Tells whether number and grid are the same."""
        same = int(self) == other
        return same and (not isinstance(other, Tiles) or self.height == other.height)

    def __hash__(self) -> int:
        """Returns the number's hash."""
        return int.__hash__(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Says how to make it again in another process."""
        return Tiles, (int(self), self.height, self.width)


class Encoding(Protocol):
    """The encoding of one opened model folder.

    Attributes:
        pad: Id of the padding token.
        max_tokens: The longest prompt with its answer that the model can read.
    """

    pad: int
    max_tokens: int

    def tiles(self, width: int, height: int, where: str) -> int:
        """Returns the rows of ``pixels`` that a picture of that size takes.

        Raises:
            DataError: The model's class cannot take it; the text starts with ``where``.
        """

    def pixels(self, pictures: Sequence[Any]) -> Tensor:
        """Returns what the vision tower takes, one row per tile, picture after picture."""

    def slots(self, tiles: Sequence[int], where: str) -> list[int]:
        """Returns the picture tokens of each picture of one prompt.

        Raises:
            DataError: They cannot stand together.
        """

    def prompt(self, question: str, slots: Sequence[int], where: str, strict: bool) -> list[int]:
        """Returns the ids of a chat prompt up to where the answer starts.

        Args:
            question: The question.
            slots: Picture tokens of each picture.
            where: Names the place in errors.
            strict: Whether a word that the vocabulary lacks is an error: so in training.

        Raises:
            DataError: The question cannot be asked.
        """

    def answer(self, text: str, where: str) -> list[int]:
        """Returns the ids of an answer and the token that ends it.

        Raises:
            DataError: The answer is empty, or cannot be written.
        """

    def decode(self, answers: Sequence[Sequence[int]]) -> list[str]:
        """Returns the texts of answers, end tokens left out."""

    def positions(self, ids: NDArray[np.int64], tiles: Sequence[int]) -> NDArray[np.int64] | None:
        """Returns a prompt's positions, (axes, tokens), or None where tokens are just counted.

        Args:
            ids: The token ids.
            tiles: Tiles of each of its pictures.
        """

    def save(self, folder: Path) -> None:
        """Writes the files that open this encoding again, here and with stock classes."""


class EncodingKind(Protocol):
    """What an entry of the group ``encoding`` makes."""

    def open(self, folder: Path) -> Encoding:
        """Opens the encoding of a model folder.

        Raises:
            DataError: A file is missing, broken or of another kind.
        """


def check_length(tokens: int, encoding: Encoding, where: str) -> None:
    """Checks that a model can read a sample to its end.

    Raises:
        DataError: It is too long; nothing is ever cut off, since that would hide an image.
    """
    if tokens > encoding.max_tokens:
        raise DataError(
            f"{where}: {tokens} tokens, but the model reads at most {encoding.max_tokens}. "
            "Set model.shape.text.max_tokens higher, or shorten the sample."
        )
