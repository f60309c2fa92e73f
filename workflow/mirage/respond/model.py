"""A tuned model with what it needs to answer: tokenizer, template, picture features."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from mirage.contracts import DataError
from mirage.respond.batches import Batch, Prompt
from mirage.respond.decode import MIN_ROWS, greedy
from mirage.respond.items import Question
from mirage.tune.nano import open_model
from mirage.tune.processing import chat, load_processor

CHUNK = 64
"""Pictures go through the vision tower in chunks of exactly this many, the last one filled up:
features then depend on the picture alone."""


@dataclass
class Answerer:
    """An opened model folder.

    Attributes:
        model: InternVL, fp32, evaluation mode.
        processor: Its processor.
        features: Picture digest -> (tokens of a picture, hidden size).
    """

    model: Any
    processor: Any
    features: dict[str, Tensor] = field(default_factory=dict)

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
        return cls(model.eval(), load_processor(folder))

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
        """Returns the token ids of each question, exactly as the processor would make them."""
        processor = self.processor
        one = (
            processor.start_image_token
            + processor.image_token * processor.image_seq_length
            + processor.end_image_token
        )
        texts = [
            processor.apply_chat_template(
                chat(q.text, len(q.pictures)), add_generation_prompt=True, tokenize=False
            ).replace(processor.image_token, one)
            for q in questions
        ]
        ids = processor.tokenizer(texts)["input_ids"] if texts else []
        return [Prompt(q, tuple(row)) for q, row in zip(questions, ids, strict=True)]

    def see(self, questions: Iterable[Question]) -> None:
        """Computes the features of all pictures not seen before, each distinct picture once.

        Raises:
            DataError: A picture that cannot be decoded; the text names file and line.
        """
        fresh = {
            digest: (path, q.where)
            for q in questions
            for digest, path in zip(q.digests, q.pictures, strict=True)
            if digest not in self.features
        }
        todo = sorted(fresh)
        for start in range(0, len(todo), CHUNK):
            digests = todo[start : start + CHUNK]
            pictures = [open_picture(*fresh[digest]) for digest in digests]
            pictures += pictures[-1:] * (CHUNK - len(pictures))
            pixels = self.processor.image_processor(pictures, return_tensors="pt").pixel_values
            seen = self.model.get_image_features(pixels).pooler_output
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
        answers = greedy(
            self.model, ids, self._embed(ids, rows), limits, pad=self.pad, ends=self.ends
        )
        kept = [
            (answer[:-1], "stop") if answer[-1] in self.ends else (answer, "length")
            for answer in answers[: len(prompts)]
        ]
        texts = self.processor.tokenizer.batch_decode(
            [tokens for tokens, _ in kept], skip_special_tokens=True
        )
        return [(text, len(tokens), why) for text, (tokens, why) in zip(texts, kept, strict=True)]

    def _embed(self, ids: Tensor, rows: Sequence[Prompt]) -> Tensor:
        embeddings: Tensor = self.model.get_input_embeddings()(ids)
        pictures = [self.features[digest] for p in rows for digest in p.question.digests]
        if not pictures:
            return embeddings
        places = (ids == self.model.config.image_token_id).unsqueeze(-1)
        return embeddings.masked_scatter(places, torch.cat(pictures))


def open_picture(path: Path, where: str) -> Image.Image:
    """Opens a picture fully, as RGB.

    Raises:
        DataError: Not a whole picture.
    """
    try:
        with Image.open(io.BytesIO(path.read_bytes())) as picture:
            return picture.convert("RGB")
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as broken:
        raise DataError(
            f"{where}: picture {path} is damaged ({broken}). "
            "Remove the folder it lies in and make it again with: snakemake"
        ) from None
