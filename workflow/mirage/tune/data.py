"""Training samples as arrays: every text tokenised once, every distinct picture decoded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mirage.contracts import DataError, TrainSample, read_rows
from mirage.pictures import PictureFile, Pictures, SamplePictures
from mirage.tune.encoding import Encoding, check_length, open_shown, size_shown

SAMPLES = "samples.jsonl"
Shown = tuple[int, PictureFile]
"""A picture with the company that it is shown in: ``Encoding.company``."""

_AT_ONCE = 64
"""Pictures that are held decoded: a user's may have 40 million pixels each."""


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
        pad: Id of the padding token.
        rejected: The same samples with their rejected answers, no answer where a sample has none;
            None where no sample has one.
        names: Id of each sample.
        files: Each distinct picture, in the order of ``tiles``: its company, the file, and the
            place that first names it.
    """

    ids: list[NDArray[np.int64]]
    prompts: NDArray[np.int64]
    positions: list[NDArray[np.int64]]
    pictures: list[list[int]]
    slots: list[list[int]]
    labels: list[str]
    pixels: torch.Tensor
    tiles: list[int]
    pad: int
    rejected: Encoded | None = None
    names: tuple[str, ...] = ()
    files: tuple[tuple[int, PictureFile, str], ...] = ()

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each sample."""
        return np.array([len(row) for row in self.ids], dtype=np.int64)

    @cached_property
    def answers(self) -> NDArray[np.int64]:
        """Learnt tokens of each sample."""
        answers: NDArray[np.int64] = self.lengths - self.prompts
        return answers

    @property
    def axes(self) -> int:
        """Axes that tokens have positions on."""
        return len(self.positions[0])


def load(
    data: Sequence[Path], images: str | Path, encoding: Encoding, decode: bool = True
) -> Encoded:
    """Reads data sets, one after the other, and gives them the shape that training takes.

    Args:
        data: Folders with ``samples.jsonl``.
        images: The shared pictures, empty where there are none; ``mirage.pictures.SamplePictures``
            says where others lie.
        encoding: The model's encoding.
        decode: Whether all pictures are decoded now; otherwise ``pixels`` stay empty, and each
            picture is decoded where it is shown.

    Raises:
        DataError: Broken line, unknown word, missing or broken picture, with file and line.
    """
    rows: list[tuple[TrainSample, tuple[PictureFile, ...], str]] = []
    shared = Pictures(Path(images)) if images else None
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
    first: dict[Shown, str] = {}
    for _, shown, where in rows:
        company = encoding.company(len(shown))
        for file in shown:
            first.setdefault((company, file), where)
    pixels, tiles = (
        _decode(first, encoding) if decode else (torch.empty(0), _sizes(first, encoding))
    )
    ends = list(accumulate(tiles.values()))
    starts = [0, *ends[:-1]] if ends else []
    rows_of = {each: range(a, b) for each, a, b in zip(tiles, starts, ends, strict=True)}
    compares = any(row.rejected for row, _, _ in rows)
    ids, prompts, places, pictures, slots = [], [], [], [], []
    worse, worse_places = [], []
    for row, files_shown, where in rows:
        company = encoding.company(len(files_shown))
        counts = [tiles[company, file] for file in files_shown]
        slots.append(counts)
        prompt = encoding.prompt(row.question, encoding.slots(counts, where), where, strict=True)
        ids.append(np.array(prompt + encoding.answer(row.answer, where), dtype=np.int64))
        check_length(len(ids[-1]), encoding, where)
        prompts.append(len(prompt))
        places.append(_positions(ids[-1], counts, encoding))
        pictures.append([tile for file in files_shown for tile in rows_of[company, file]])
        if compares:
            rejected = encoding.answer(row.rejected, where) if row.rejected else []
            worse.append(np.array(prompt + rejected, dtype=np.int64))
            check_length(len(worse[-1]), encoding, where)
            worse_places.append(_positions(worse[-1], counts, encoding))
    encoded = Encoded(
        ids=ids,
        prompts=np.array(prompts, dtype=np.int64),
        positions=places,
        pictures=pictures,
        slots=slots,
        labels=[row.label for row, _, _ in rows],
        pixels=pixels,
        tiles=list(tiles.values()),
        pad=encoding.pad,
        names=tuple(row.id for row, _, _ in rows),
        files=tuple((company, file, first[company, file]) for company, file in tiles),
    )
    other = replace(encoded, ids=worse, positions=worse_places) if compares else None
    return replace(encoded, rejected=other)


def _positions(
    ids: NDArray[np.int64], tiles: Sequence[int], encoding: Encoding
) -> NDArray[np.int64]:
    axes = encoding.positions(ids, tiles)
    return np.arange(len(ids))[None] if axes is None else axes


def _decode(
    first: Mapping[Shown, str], encoding: Encoding
) -> tuple[torch.Tensor, dict[Shown, int]]:
    """Decodes pictures.

    Args:
        first: Picture -> the place that first names it, in order of first use.
        encoding: The model's encoding.

    Returns:
        What the tower takes, and how many of its rows each picture has, in their order.
    """
    if not first:
        return torch.empty(0), {}
    pixels: list[torch.Tensor] = []
    tiles: dict[Shown, int] = {}
    for company in sorted({company for company, _ in first}):
        alike = [(each, where) for each, where in first.items() if each[0] == company]
        for start in range(0, len(alike), _AT_ONCE):
            opened = []
            for each, where in alike[start : start + _AT_ONCE]:
                opened.append(np.asarray(open_shown(each[1], where, encoding)))
                height, width, _ = opened[-1].shape
                named = f"{where}: picture {each[1]}"
                tiles[each] = encoding.tiles(width, height, named, company)
            pixels.append(encoding.pixels(opened, company))
    return torch.cat(pixels), tiles


def _sizes(first: Mapping[Shown, str], encoding: Encoding) -> dict[Shown, int]:
    """Returns what ``_decode`` says of rows, in its order; only heads of files are decoded."""
    tiles = {}
    for (company, file), where in sorted(first.items(), key=lambda item: item[0][0]):
        width, height = size_shown(file, where, encoding)
        named = f"{where}: picture {file}"
        tiles[company, file] = encoding.tiles(width, height, named, company)
    return tiles
