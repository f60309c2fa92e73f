"""A tuned model with what it needs to answer: tokenizer, template, picture features."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from PIL import Image
from torch import Tensor

from mirage.pictures import PictureFile
from mirage.respond.batches import Batch, Prompt
from mirage.respond.decode import MIN_ROWS, greedy
from mirage.respond.items import Question
from mirage.tune.data import count_tiles, slot_tokens
from mirage.tune.families import family_of
from mirage.tune.families.base import Family, NanoProcessor
from mirage.tune.model_folder import open_model
from mirage.tune.processing import load_processor
from mirage.tune.tokens import chat

CHUNK = 64
"""Tiles go through the vision tower in chunks of exactly this many, the last one filled up:
features then depend on the picture alone."""


@dataclass
class Answerer:
    """An opened model folder.

    Attributes:
        model: fp32, evaluation mode.
        family: Its class.
        processor: Its processor.
        features: Picture digest -> (tiles, tokens of a tile, hidden size).
        tiles: Picture digest -> its tiles.
    """

    model: Any
    family: Family
    processor: NanoProcessor
    features: dict[str, Tensor] = field(default_factory=dict)
    tiles: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> Answerer:
        """Opens a model folder.

        Raises:
            DataError: It holds no model of this suite.
        """
        # Progress bars of a load that takes a tenth of a second only clutter a job's log.
        logs: Any = transformers.utils.logging
        logs.disable_progress_bar()
        model: Any = open_model(folder)
        return cls(model.eval(), family_of(model), load_processor(folder))

    @property
    def pad(self) -> int:
        """Id of the padding token."""
        return int(self.processor.tokenizer.pad_token_id)

    @property
    def ends(self) -> set[int]:
        """Ids that end an answer, from the folder's generation settings."""
        end = self.model.generation_config.eos_token_id
        return set(end) if isinstance(end, list) else {end}

    def prompts(self, questions: Sequence[Question]) -> list[Prompt]:
        """Returns the token ids of each question, exactly as the processor would make them.

        Raises:
            DataError: A picture that is none, or of a size that the model cannot take.
        """
        texts = [self._text(question) for question in questions]
        ids = self.processor.tokenizer(texts)["input_ids"] if texts else []
        return [Prompt(q, tuple(row)) for q, row in zip(questions, ids, strict=True)]

    def see(self, questions: Iterable[Question]) -> None:
        """Computes the features of all pictures not seen before, each distinct picture once.

        Raises:
            DataError: A picture that cannot be decoded; the text names file and line.
        """
        fresh = {
            digest: (file, q.where)
            for q in questions
            for digest, file in zip(q.digests, q.pictures, strict=True)
            if digest not in self.features
        }
        for count in sorted({self._count(digest, *fresh[digest]) for digest in fresh}):
            todo = sorted(digest for digest in fresh if self.tiles[digest] == count)
            for start in range(0, len(todo), CHUNK // count):
                digests = todo[start : start + CHUNK // count]
                pictures = [file.open(where) for file, where in map(fresh.__getitem__, digests)]
                seen = self._look(pictures, count)
                self.features |= dict(zip(digests, seen[: len(digests)].clone(), strict=True))

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
        ids = torch.tensor([[self.pad] * (batch.width - len(p.ids)) + list(p.ids) for p in rows])
        embeddings, axes = self._embed(ids, rows), self._axes(batch.width, rows)
        answers = greedy(
            self.model, ids, embeddings, limits, pad=self.pad, ends=self.ends, axes=axes
        )
        kept = [
            (answer[:-1], "stop") if answer[-1] in self.ends else (answer, "length")
            for answer in answers[: len(prompts)]
        ]
        texts = self.processor.tokenizer.batch_decode(
            [tokens for tokens, _ in kept], skip_special_tokens=True
        )
        return [(text, len(tokens), why) for text, (tokens, why) in zip(texts, kept, strict=True)]

    def _text(self, question: Question) -> str:
        """Returns a prompt in which every picture has as many tokens as it takes."""
        marks, pictures = self.processor.marks, question.pictures
        parts = self.processor.apply_chat_template(
            chat(question.text, len(pictures)), add_generation_prompt=True, tokenize=False
        ).split(marks.placeholder)
        tiles = [
            self._count(digest, file, question.where)
            for digest, file in zip(question.digests, pictures, strict=True)
        ]
        slots = slot_tokens(self.processor, tiles, pictures, question.where)
        filled = (marks.start + marks.image * tokens + marks.end for tokens in slots)
        return "".join(text for pair in zip(parts, (*filled, ""), strict=True) for text in pair)

    def _count(self, digest: str, file: PictureFile, where: str) -> int:
        """Returns the tiles of a picture; only its head is read."""
        if digest not in self.tiles:
            width, height = file.size(where)
            place = f"{where}: picture {file}"
            self.tiles[digest] = count_tiles(self.processor, width, height, place)
        return self.tiles[digest]

    def _look(self, pictures: list[Image.Image], tiles: int) -> Tensor:
        """Returns features, (pictures, tiles, tokens of a tile, hidden size), after filling up."""
        size = CHUNK // tiles
        pixels = self.processor.pixels(pictures + pictures[-1:] * (size - len(pictures)))
        features = self.family.see(self.model, pixels, [tiles] * size)
        return features.unflatten(0, (size, tiles))  # type: ignore[no-untyped-call, no-any-return]

    def _embed(self, ids: Tensor, rows: Sequence[Prompt]) -> Tensor:
        embeddings: Tensor = self.model.get_input_embeddings()(ids)
        shown = [(d, len(p.question.digests) == 1) for p in rows for d in p.question.digests]
        if not shown:
            return embeddings
        features = torch.cat([self.features[digest] for digest, _ in shown])
        tiles, alone = [len(self.features[d]) for d, _ in shown], [single for _, single in shown]
        places = (ids == self.model.config.image_token_id).unsqueeze(-1)
        filled = self.family.fill(self.model, features, tiles, alone)
        return embeddings.masked_scatter(places, filled)

    def _axes(self, width: int, rows: Sequence[Prompt]) -> Tensor | None:
        """Returns (axes, rows, width), or None for a class that just counts its tokens."""
        found = [self.processor.positions(np.array(p.ids)) for p in rows]
        whole = [
            np.pad(places[1:], ((0, 0), (width - places.shape[1], 0)))
            for places in found
            if places is not None
        ]
        return torch.from_numpy(np.stack(whole, axis=1)) if whole else None
