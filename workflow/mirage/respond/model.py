"""The backend ``transformers``: an opened model, its encoding, and features of pictures seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from PIL import Image
from torch import Tensor

from mirage.pictures import PictureFile
from mirage.respond.batches import Batch, Prompt
from mirage.respond.items import Question
from mirage.respond.prompts import Prompter, View
from mirage.tune.decode import MIN_ROWS, greedy
from mirage.tune.encoding import Encoding, EncodingKind, open_shown
from mirage.tune.families.base import Family
from mirage.tune.model_folder import open_model

CHUNK = 64
"""Tiles go through the vision tower in chunks of exactly this many, the last one filled up:
features then depend on the picture alone."""


@dataclass
class Answerer(Prompter):
    """An opened model folder.

    Attributes:
        model: fp32, evaluation mode.
        family: Its class.
        encoding: What it reads and writes with.
        features: View -> (tiles, tokens of a tile, hidden size).
        tiles: View -> its tiles.
        sizes: Picture -> width and height in which it is shown.
    """

    model: Any
    family: Family
    encoding: Encoding
    features: dict[View, Tensor] = field(default_factory=dict)
    tiles: dict[View, int] = field(default_factory=dict)
    sizes: dict[PictureFile, tuple[int, int]] = field(default_factory=dict)

    @property
    def ends(self) -> set[int]:
        """Ids that end an answer, from the folder's generation settings."""
        end = self.model.generation_config.eos_token_id
        return set(end) if isinstance(end, list) else {end}

    def see(self, questions: Iterable[Question]) -> None:
        """Computes the features of all views not seen before, each distinct one once.

        Raises:
            DataError: A picture that cannot be decoded; the text names file and line.
        """
        fresh = {
            view: (file, q.where)
            for q in questions
            for view, file in zip(self.views(q), q.pictures, strict=True)
            if view not in self.features
        }
        for count, company in sorted({(self.tiles[view], view[3]) for view in fresh}):
            alike = (count, company)
            todo = sorted(view for view in fresh if (self.tiles[view], view[3]) == alike)
            for start in range(0, len(todo), max(1, CHUNK // count)):
                views = todo[start : start + max(1, CHUNK // count)]
                pictures = [open_shown(*fresh[view], self.encoding) for view in views]
                seen = self._look(pictures, count, company)
                self.features |= dict(zip(views, seen[: len(views)].clone(), strict=True))

    def forget(self) -> None:
        """Drops the features of all pictures."""
        self.features.clear()

    def answer(self, batch: Batch, prompts: Sequence[Prompt]) -> list[tuple[str, int, str]]:
        """Answers some prompts of a batch.

        Args:
            batch: Where they belong; its width decides the padding.
            prompts: Those of its prompts that have no answer yet.

        Returns:
            Text, number of tokens and finish reason (``stop`` or ``length``) per prompt.
        """
        fill = max(0, MIN_ROWS - len(prompts))
        rows = [*prompts, *[prompts[0]] * fill]
        limits = [p.question.max_new_tokens for p in prompts] + [1] * fill
        pad = self.encoding.pad
        ids = torch.tensor([[pad] * (batch.width - len(p.ids)) + list(p.ids) for p in rows])
        embeddings, axes = self._embed(ids, rows), self._axes(batch.width, rows)
        reads = partial(self.family.reads, self.model)
        answers = greedy(
            self.model, ids, embeddings, limits, pad=pad, ends=self.ends, axes=axes, reads=reads
        )
        stopped = [
            (answer[:-1], "stop") if answer[-1] in self.ends else (answer, "length")
            for answer in answers[: len(prompts)]
        ]
        texts = self.encoding.decode([tokens for tokens, _ in stopped])
        return [
            (text, len(tokens), why) for text, (tokens, why) in zip(texts, stopped, strict=True)
        ]

    def _look(self, pictures: list[Image.Image], tiles: int, company: int) -> Tensor:
        """Returns features, (pictures, tiles, tokens of a tile, hidden size), after filling up."""
        size = max(1, CHUNK // tiles)
        whole = pictures + pictures[-1:] * (size - len(pictures))
        pixels = self.encoding.pixels(whole, company)
        features = self.family.see(self.model, pixels, [tiles] * size)
        return features.unflatten(0, (size, tiles))  # type: ignore[no-untyped-call, no-any-return]

    def _embed(self, ids: Tensor, rows: Sequence[Prompt]) -> Tensor:
        embeddings: Tensor = self.model.get_input_embeddings()(ids)
        shown = [self.views(p.question) for p in rows]
        if not any(shown):
            return embeddings
        features = torch.cat([self.features[view] for views in shown for view in views])
        tiles = [self.tiles[view] for views in shown for view in views]
        alone = [len(views) == 1 for views in shown for _ in views]
        places = (ids == self.model.config.image_token_id).unsqueeze(-1)
        filled = self.family.fill(self.model, features, tiles, alone)
        return self.family.place(embeddings, places, filled)

    def _axes(self, width: int, rows: Sequence[Prompt]) -> Tensor | None:
        """Returns (axes, rows, width), or None for a class that just counts its tokens."""
        axes = [self.encoding.positions(np.array(p.ids), self._tiles(p.question)) for p in rows]
        whole = [
            np.pad(places[1:], ((0, 0), (width - places.shape[1], 0)))
            for places in axes
            if places is not None
        ]
        return torch.from_numpy(np.stack(whole, axis=1)) if whole else None


def open_answerer(
    folder: Path, family: Callable[[], Family], encoding: Callable[[], EncodingKind]
) -> Answerer:
    """Opens a model folder; an entry of the group ``backend``.

    Args:
        folder: The model folder.
        family: Makes its class.
        encoding: Makes the kind of its encoding.

    Raises:
        DataError: It holds no model of that class.
    """
    # Progress bars of a load that takes a tenth of a second only clutter a job's log.
    logs: Any = transformers.utils.logging
    logs.disable_progress_bar()
    made = family()
    return Answerer(open_model(folder, made).eval(), made, encoding().open(folder))
