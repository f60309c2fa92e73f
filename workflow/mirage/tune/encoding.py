"""What turns questions, answers and pictures into what one model's class takes.

An entry of the group ``encoding`` is a class without arguments that offers ``EncodingKind``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from mirage.contracts import DataError
from mirage.pictures import PictureFile

GREY = (127, 127, 127)
"""Around pictures that are resized: what nano models see as zero."""


class Tiles(int):
    """How many rows of the pixel table a picture takes, where their arrangement matters too.

    Most classes see each tile by itself and need only the number, a plain ``int``. Qwen2-VL sees a
    picture as one grid: there a row is what one token holds. LLaVA-OneVision leaves out what its
    image processor added around the picture.

    Attributes:
        height: Patches from top to bottom; pixels of the picture where a row is a view.
        width: The same from left to right.
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
        if not isinstance(other, Tiles):
            return same
        return same and (self.height, self.width) == (other.height, other.width)

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

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Returns width and height in which the model is shown a user's picture of that size.

        Other than its own only where neither the class nor its image processor resizes.
        """

    def company(self, pictures: int) -> int:
        """Returns what of a prompt's number of pictures decides how each of them is cut.

        1 for all numbers, unless the pictures of a prompt share its tiles.
        """

    def tiles(self, width: int, height: int, where: str, company: int = 1) -> int:
        """Returns the rows of ``pixels`` that a picture of that size takes.

        Args:
            width: Of the picture as it is shown, in pixels.
            height: The same.
            where: Names the place in errors.
            company: Of its prompt.

        Raises:
            DataError: The model's class cannot take it; the text starts with ``where``.
        """

    def pixels(self, pictures: Sequence[Any], company: int = 1) -> Tensor:
        """Returns what the vision tower takes, one row per tile, picture after picture.

        Args:
            pictures: The pictures, all of prompts of one company.
            company: That company.
        """

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


@dataclass(frozen=True)
class Limited:
    """A kind of encoding with settings of its own for pictures (``model.images``).

    Attributes:
        kind: An entry of the group ``encoding`` whose ``open`` takes such settings.
        images: The settings.
    """

    kind: Any
    images: Mapping[str, Any]

    def open(self, folder: Path) -> Encoding:
        """Opens the encoding of a model folder.

        Raises:
            DataError: A file is missing, broken or of another kind.
        """
        encoding: Encoding = self.kind.open(folder, self.images)
        return encoding


def limited(
    kind: Callable[[], EncodingKind], images: Mapping[str, Any] | None
) -> Callable[[], EncodingKind]:
    """Returns an entry of the group ``encoding`` that cuts pictures as a job's settings say.

    Args:
        kind: The entry.
        images: A job's settings ``images``; None leaves it to the model's folder.
    """
    return kind if images is None else lambda: Limited(kind(), images)


def size_shown(file: PictureFile, where: str, encoding: Encoding) -> tuple[int, int]:
    """Returns width and height in which a model is shown a picture; only its head is decoded.

    Raises:
        DataError: It cannot be read; the text starts with ``where``.
    """
    size = file.size(where)
    return encoding.size(*size) if file.any_size else size


def open_shown(file: PictureFile, where: str, encoding: Encoding) -> Image.Image:
    """Returns a picture as a model is shown it: as it is, or a user's as large as the model reads.

    Nothing is cut off or distorted: the picture is scaled, and grey fills up what is left.

    Raises:
        DataError: It cannot be decoded; the text starts with ``where``.
    """
    picture = file.open(where)
    size = encoding.size(*picture.size) if file.any_size else picture.size
    if size == picture.size:
        return picture
    scale = min(size[0] / picture.width, size[1] / picture.height)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    shown = Image.new("RGB", size, GREY)
    scaled = picture.resize((width, height), Image.Resampling.LANCZOS)
    shown.paste(scaled, ((size[0] - width) // 2, (size[1] - height) // 2))
    return shown


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
