"""Training samples as arrays: every text tokenised once, every distinct picture decoded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mirage.contracts import DataError, TrainSample, read_rows
from mirage.pictures import PictureFile, Pictures, SamplePictures
from mirage.tune.families.base import NanoProcessor
from mirage.tune.tokens import ASSISTANT, END, USER
from mirage.world.templates import NUMBERS

SAMPLES = "samples.jsonl"
VOCABULARY = "vocabulary.txt"


@dataclass(frozen=True)
class Encoded:
    """A training set ready for batching.

    Attributes:
        ids: Token ids of each sample, prompt, answer and end token together.
        prompts: Tokens of each sample's prompt; what follows is learnt.
        positions: Place of each token in its sample, (axes, tokens) for each sample.
        pictures: Rows of ``pixels`` that each sample shows, in order: one per tile of a picture.
        slots: Tiles of each picture that a sample shows.
        labels: Label class of each sample.
        pixels: What the vision tower takes, as the saved processor gives it, one row per tile of
            a distinct picture.
        tiles: Tiles of each distinct picture, in the order of ``pixels``.
    """

    ids: list[NDArray[np.int64]]
    prompts: NDArray[np.int64]
    positions: list[NDArray[np.int64]]
    pictures: list[list[int]]
    slots: list[list[int]]
    labels: list[str]
    pixels: torch.Tensor
    tiles: list[int]

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each sample."""
        return np.array([len(row) for row in self.ids], dtype=np.int64)

    @cached_property
    def answers(self) -> NDArray[np.int64]:
        """Learnt tokens of each sample."""
        found: NDArray[np.int64] = self.lengths - self.prompts
        return found

    @property
    def axes(self) -> int:
        """Axes that tokens have positions on."""
        return len(self.positions[0])


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


def shared_vocabulary(folders: Sequence[Path]) -> list[str]:
    """Returns the vocabulary of several data sets.

    Raises:
        DataError: As ``read_vocabulary``, or two of them differ.
    """
    words = read_vocabulary(folders[0])
    for folder in folders[1:]:
        if read_vocabulary(folder) != words:
            raise DataError(
                f"{folder / VOCABULARY} differs from {folders[0] / VOCABULARY}: the data sets come "
                "from two worlds. Remove both folders and run snakemake again."
            )
    return words


def load(data: Sequence[Path], images: Path, processor: NanoProcessor) -> Encoded:
    """Reads data sets, one after the other, and gives them the shape that training takes.

    Args:
        data: Folders with ``samples.jsonl``.
        images: The shared pictures; ``mirage.pictures.SamplePictures`` says where others lie.
        processor: The model's processor.

    Raises:
        DataError: Broken line, unknown word, missing or broken picture, with file and line.
    """
    rows: list[tuple[TrainSample, tuple[PictureFile, ...], str]] = []
    shared = Pictures(images)
    for folder in data:
        path = folder / SAMPLES
        found = read_rows(path, TrainSample)
        place = SamplePictures(folder, shared)
        files = {name: place.file(name) for row in found for name in row.images}
        rows += [
            (row, tuple(files[name] for name in row.images), f"{path}, line {number}")
            for number, row in enumerate(found, 1)
        ]
    if not rows:
        raise DataError(
            f"{data[0] / SAMPLES} holds no samples. Build the data set again with: snakemake"
        )
    first: dict[PictureFile, str] = {}
    for _, shown, where in rows:
        for file in shown:
            first.setdefault(file, where)
    pixels, tiles = _decode(first, processor)
    encoder = Encoder(processor)
    ids, prompts, places, pictures = [], [], [], []
    for row, shown, where in rows:
        counts = [len(tiles[file]) for file in shown]
        slots = slot_tokens(processor, counts, shown, where)
        prompt = encoder.prompt(row.question, slots, where)
        ids.append(np.array(prompt + encoder.answer(row.answer, where), dtype=np.int64))
        prompts.append(len(prompt))
        axes = processor.positions(ids[-1])
        places.append(np.arange(len(ids[-1]))[None] if axes is None else axes)
        pictures.append([tile for file in shown for tile in tiles[file]])
    return Encoded(
        ids=ids,
        prompts=np.array(prompts, dtype=np.int64),
        positions=places,
        pictures=pictures,
        slots=[[len(tiles[file]) for file in shown] for _, shown, _ in rows],
        labels=[row.label for row, _, _ in rows],
        pixels=pixels,
        tiles=[len(its) for its in tiles.values()],
    )


class Encoder:
    """Words to ids by one dictionary; a test holds it equal to the saved processor."""

    def __init__(self, processor: NanoProcessor) -> None:
        marks = processor.marks
        every: Mapping[str, int] = processor.tokenizer.get_vocab()
        special = set(processor.tokenizer.added_tokens_decoder)
        self._words = {word: i for word, i in every.items() if i not in special}
        self._user, self._assistant, self._end = every[USER], every[ASSISTANT], every[END]
        self._image = every[marks.image]
        self._start = [every[token] for token in (marks.start,) if token]
        self._stop = [every[token] for token in (marks.end,) if token]

    def prompt(self, question: str, slots: Sequence[int], where: str) -> list[int]:
        """Returns the ids of a chat prompt up to where the answer starts.

        Args:
            question: The question.
            slots: Picture tokens of each picture.
            where: Names the place in errors.

        Raises:
            DataError: More pictures than have a number, or a word that the vocabulary lacks.
        """
        if len(slots) > len(NUMBERS):
            raise DataError(
                f"{where}: {len(slots)} pictures; at most {len(NUMBERS)} have a number. "
                "Build the data again with: snakemake"
            )
        return [
            self._user,
            *(
                i
                for number, tokens in zip(NUMBERS, slots, strict=False)
                for i in (
                    *self._ids(f"image {number}", where),
                    *self._start,
                    *[self._image] * tokens,
                    *self._stop,
                )
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


def slot_tokens(
    processor: NanoProcessor, tiles: Sequence[int], files: Sequence[PictureFile], where: str
) -> list[int]:
    """Returns the picture tokens of each picture of a prompt.

    Args:
        processor: The model's processor.
        tiles: Tiles of each picture.
        files: The pictures, for errors.
        where: Names the place in errors.

    Raises:
        DataError: A wide picture beside others, where the model's class cannot take it so.
    """
    slots = []
    for file, count in zip(files, tiles, strict=True):
        tokens = processor.slot(count, len(files) == 1)
        if tokens is None:
            raise DataError(
                f"{where}: picture {file} is wider than high and stands beside others, which this "
                "class of model would squeeze. Show it alone, or set model.architecture=internvl."
            )
        slots.append(tokens)
    return slots


def count_tiles(processor: NanoProcessor, width: int, height: int, where: str) -> int:
    """Returns the tiles of a picture.

    Raises:
        DataError: The model's class cannot take a picture of that size.
    """
    tiles = processor.tiles(width, height)
    if tiles is None:
        side = processor.side
        raise DataError(
            f"{where} is {width}x{height}; this class of model takes {side}x{side} and "
            f"{2 * side}x{side}. Make the pictures again with: snakemake"
        )
    return tiles


def _decode(
    first: Mapping[PictureFile, str], processor: NanoProcessor
) -> tuple[torch.Tensor, dict[PictureFile, range]]:
    """Decodes pictures.

    Args:
        first: Picture -> the place that first names it, in order of first use.
        processor: The model's processor.

    Returns:
        What the tower takes, and which of its rows are each picture's tiles.
    """
    if not first:
        return torch.empty(0), {}
    opened, tiles, end = [], {}, 0
    for file, where in first.items():
        opened.append(np.asarray(file.open(where)))
        height, width, _ = opened[-1].shape
        count = count_tiles(processor, width, height, f"{where}: picture {file}")
        tiles[file] = range(end, end + count)
        end += count
    return processor.pixels(opened), tiles
