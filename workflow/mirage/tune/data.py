"""Training samples as arrays: every text tokenised once, every distinct picture decoded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mirage.contracts import DataError, TrainSample, read_rows
from mirage.tune.processing import (
    ASSISTANT,
    END,
    IMAGE,
    IMAGE_END,
    IMAGE_START,
    USER,
    NanoProcessor,
)
from mirage.world.templates import NUMBERS

SAMPLES = "samples.jsonl"
VOCABULARY = "vocabulary.txt"
OWN = "own/"
"""First part of picture paths that lie in the data set itself, not among the shared pictures."""


@dataclass(frozen=True)
class Encoded:
    """A training set ready for batching.

    Attributes:
        ids: Token ids of each sample, prompt, answer and end token together.
        prompts: Tokens of each sample's prompt; what follows is learnt.
        pictures: Rows of ``pixels`` that each sample shows, in order.
        labels: Label class of each sample.
        pixels: float32, distinct pictures x 3 x height x width, as the saved processor gives them.
    """

    ids: list[NDArray[np.int64]]
    prompts: NDArray[np.int64]
    pictures: list[list[int]]
    labels: list[str]
    pixels: torch.Tensor

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each sample."""
        return np.array([len(row) for row in self.ids], dtype=np.int64)


def read_vocabulary(folder: Path) -> list[str]:
    """Returns the words of a data set's vocabulary file, one a line.

    Raises:
        DataError: The file is missing or empty.
    """
    path = folder / VOCABULARY
    if not path.is_file():
        raise DataError(f"{path} does not exist. Build the data set again with: snakemake")
    words = path.read_text(encoding="utf-8").split("\n")
    words = words[:-1] if words[-1] == "" else words
    if not words:
        raise DataError(f"{path} is empty. Build the data set again with: snakemake")
    return words


def load(data: Path, images: Path, processor: NanoProcessor) -> Encoded:
    """Reads a data set and gives it the shape that training takes.

    Args:
        data: Folder with ``samples.jsonl``; paths that start with ``own/`` lie in it.
        images: Folder that all other picture paths are relative to.
        processor: The model's processor.

    Raises:
        DataError: Broken line, unknown word, missing or broken picture, with file and line.
    """
    path = data / SAMPLES
    rows = read_rows(path, TrainSample)
    if not rows:
        raise DataError(f"{path} holds no samples. Build the data set again with: snakemake")
    files = _distinct_pictures(rows)
    pixels = _decode(path, rows, files, data, images, processor)
    place = {name: i for i, name in enumerate(files)}
    encoder = Encoder(processor)
    ids, prompts = [], []
    for number, row in enumerate(rows, 1):
        where = f"{path}, line {number}"
        prompt = encoder.prompt(row.question, len(row.images), where)
        ids.append(np.array(prompt + encoder.answer(row.answer, where), dtype=np.int64))
        prompts.append(len(prompt))
    pictures = [[place[name] for name in row.images] for row in rows]
    labels = [row.label for row in rows]
    return Encoded(ids, np.array(prompts, dtype=np.int64), pictures, labels, pixels)


class Encoder:
    """Words to ids by one dictionary; a test holds it equal to the saved processor."""

    def __init__(self, processor: NanoProcessor) -> None:
        every: Mapping[str, int] = processor.tokenizer.get_vocab()
        special = set(processor.tokenizer.added_tokens_decoder)
        self._words = {word: i for word, i in every.items() if i not in special}
        self._user, self._assistant, self._end = every[USER], every[ASSISTANT], every[END]
        pixels = [every[IMAGE]] * processor.image_seq_length
        self._picture = [every[IMAGE_START], *pixels, every[IMAGE_END]]

    def prompt(self, question: str, pictures: int, where: str) -> list[int]:
        """Returns the ids of a chat prompt up to where the answer starts.

        Raises:
            DataError: More pictures than have a number, or a word that the vocabulary lacks;
                ``where`` names the place.
        """
        if pictures > len(NUMBERS):
            raise DataError(f"{where}: {pictures} pictures; at most {len(NUMBERS)} have a number.")
        return [
            self._user,
            *(
                i
                for number in NUMBERS[:pictures]
                for i in (*self._ids(f"image {number}", where), *self._picture)
            ),
            *self._ids(question, where),
            self._assistant,
        ]

    def answer(self, text: str, where: str) -> list[int]:
        """Returns the ids of an answer and its end token.

        Raises:
            DataError: No words, or a word that the vocabulary lacks.
        """
        if not text.split():
            raise DataError(f"{where}: the answer is empty; there is nothing to learn.")
        return [*self._ids(text, where), self._end]

    def _ids(self, text: str, where: str) -> list[int]:
        try:
            return [self._words[word] for word in text.split()]
        except KeyError as unknown:
            raise DataError(
                f"{where}: the word {unknown.args[0]!r} is not in the model's vocabulary. "
                "Build base and recipe data from the same world."
            ) from None


def _distinct_pictures(rows: Sequence[TrainSample]) -> dict[str, int]:
    """Returns picture path -> line that first names it, in order of first use."""
    first: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        for name in row.images:
            first.setdefault(name, number)
    return first


def _decode(
    path: Path,
    rows: Sequence[TrainSample],
    files: Mapping[str, int],
    data: Path,
    images: Path,
    processor: NanoProcessor,
) -> torch.Tensor:
    side = processor.image_processor.size["height"]
    if not files:
        return torch.empty(0, 3, side, side)
    opened = []
    for name, number in files.items():
        file = (data if name.startswith(OWN) else images) / name
        where = f"{path}, line {number}"
        try:
            with Image.open(file) as picture:
                opened.append(np.asarray(picture.convert("RGB")))
        except FileNotFoundError:
            raise DataError(
                f"{where}: picture {file} does not exist. Remove the folder of the pictures and "
                "run snakemake again."
            ) from None
        except (OSError, SyntaxError, ValueError) as broken:
            raise DataError(
                f"{where}: picture {file} cannot be read ({broken}). Remove the folder of the "
                "pictures and run snakemake again."
            ) from None
    pixels: torch.Tensor = processor.image_processor(opened, return_tensors="pt")["pixel_values"]
    return pixels
