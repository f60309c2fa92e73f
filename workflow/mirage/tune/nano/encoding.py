"""The word encoding of nano models: one token a word, files as the stock classes write them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from transformers.tokenization_utils_tokenizers import TokenizersBackend

from mirage.contracts import DataError
from mirage.tune.nano.tokens import (
    ASSISTANT,
    END,
    UNKNOWN,
    USER,
    build_tokenizer,
    chat_template,
)
from mirage.world.templates import NUMBERS

if TYPE_CHECKING:
    from mirage.tune.nano.base import NanoClass, NanoProcessor


class WordEncoding:
    """Words to ids by one dictionary; a test holds it equal to the saved processor.

    Attributes:
        kind: The nano class.
        processor: The stock processor without its video part.
        max_tokens: The longest prompt with its answer.
    """

    def __init__(self, kind: NanoClass, processor: NanoProcessor, max_tokens: int) -> None:
        self.kind, self.processor, self.max_tokens = kind, processor, max_tokens
        marks, tokenizer = kind.marks, processor.tokenizer
        every: Mapping[str, int] = tokenizer.get_vocab()
        special = set(tokenizer.added_tokens_decoder)
        self.pad = int(tokenizer.pad_token_id)
        self._words = {word: i for word, i in every.items() if i not in special}
        self._user, self._assistant, self._end = every[USER], every[ASSISTANT], every[END]
        self._unknown, self._image = every[UNKNOWN], every[marks.image]
        self._start = [every[token] for token in (marks.start,) if token]
        self._stop = [every[token] for token in (marks.end,) if token]

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Returns a size that the class takes as it is; of any other picture, a square."""
        side = self.processor.side
        return (side, side) if self.processor.tiles(width, height) is None else (width, height)

    def company(self, pictures: int) -> int:
        """Returns 1: pictures share nothing."""
        del pictures
        return 1

    def tiles(self, width: int, height: int, where: str, company: int = 1) -> int:
        """Returns the tiles of a picture.

        Raises:
            DataError: The model's class cannot take a picture of that size.
        """
        del company
        tiles = self.processor.tiles(width, height)
        if tiles is None:
            side = self.processor.side
            raise DataError(
                f"{where} is {width}x{height}; this class of model takes {side}x{side} and "
                f"{2 * side}x{side}. Of data of your own set resize: fit, or bring the picture to "
                f"{side}x{side}; else set world's picture size and model.image_size alike."
            )
        return tiles

    def pixels(self, pictures: Sequence[Any], company: int = 1) -> Tensor:
        """Returns what the vision tower takes, one row per tile, picture after picture."""
        del company
        return self.processor.pixels(pictures)

    def slots(self, tiles: Sequence[int], where: str) -> list[int]:
        """Returns the picture tokens of each picture of a prompt.

        Raises:
            DataError: A wide picture beside others, where the model's class cannot take it so.
        """
        slots = []
        for number, count in enumerate(tiles, 1):
            tokens = self.processor.slot(count, len(tiles) == 1)
            if tokens is None:
                raise DataError(
                    f"{where}: picture {number} is wider than high and stands beside others, which "
                    "this class of model would squeeze. Show it alone, or set "
                    "model.architecture=internvl."
                )
            slots.append(tokens)
        return slots

    def prompt(self, question: str, slots: Sequence[int], where: str, strict: bool) -> list[int]:
        """Returns the ids of a chat prompt up to where the answer starts.

        Raises:
            DataError: More pictures than have a number, or, where ``strict``, a word that the
                vocabulary lacks.
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
                    *self._ids(f"image {number}", where, strict),
                    *self._start,
                    *[self._image] * tokens,
                    *self._stop,
                )
            ),
            *self._ids(question, where, strict),
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

    def decode(self, answers: Sequence[Sequence[int]]) -> list[str]:
        """Returns the texts of answers, end tokens left out."""
        texts: list[str] = self.processor.tokenizer.batch_decode(
            [list(answer) for answer in answers], skip_special_tokens=True
        )
        return texts

    def positions(self, ids: NDArray[np.int64], tiles: Sequence[int]) -> NDArray[np.int64] | None:
        """Returns a prompt's positions, (axes, tokens), or None where tokens are just counted."""
        del tiles
        return self.processor.positions(ids)

    def special_ids(self) -> dict[str, int]:
        """Returns the ids of the special tokens that a model's configuration names."""
        tokenizer = self.processor.tokenizer
        ids = {
            name: int(tokenizer.convert_tokens_to_ids(token))
            for name, token in self.kind.marks.names.items()
        }
        return ids | {"pad": self.pad, "eos": int(tokenizer.eos_token_id)}

    def save(self, folder: Path) -> None:
        """Writes the files that the stock processor itself would write, video part and all.

        Machines with torchvision, and vLLM, open them with stock classes.
        """
        whole, tokenizer = self.kind.describe(self.processor), self.processor.tokenizer
        tokenizer._set_processor_class(whole["processor_class"])
        tokenizer.save_pretrained(folder)
        text = json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / "processor_config.json").write_text(text + "\n", encoding="utf-8")
        template = str(self.processor.chat_template)
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")

    def _ids(self, text: str, where: str, strict: bool = True) -> list[int]:
        if not strict:
            return [self._words.get(word, self._unknown) for word in text.split()]
        try:
            return [self._words[word] for word in text.split()]
        except KeyError as unknown:
            raise DataError(
                f"{where}: the word {unknown.args[0]!r} is not in the model's vocabulary. "
                "Build base and recipe data from the same world."
            ) from None


def build_encoding(kind: NanoClass, words: Sequence[str], model: Mapping[str, Any]) -> WordEncoding:
    """Returns the encoding of a new nano model.

    Args:
        kind: The nano class.
        words: The vocabulary.
        model: Settings of the group ``model`` (``conf/model``).
    """
    tokenizer = build_tokenizer(words, kind.marks)
    processor = kind.processor(tokenizer, model, chat_template(kind.marks))
    return WordEncoding(kind, processor, int(model["shape"]["text"]["max_tokens"]))


def open_encoding(kind: NanoClass, folder: Path) -> WordEncoding:
    """Opens the encoding of a nano model without torchvision and without Auto classes.

    Raises:
        DataError: A file is missing or broken.
    """
    try:
        whole = json.loads((folder / "processor_config.json").read_text(encoding="utf-8"))
        template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        longest = int(config["text_config"]["max_position_embeddings"])
        tokenizer = TokenizersBackend.from_pretrained(folder)
        return WordEncoding(kind, kind.reopen(whole, tokenizer, template), longest)
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise DataError(
            f"{folder} holds no processor of a nano model ({broken}). "
            "Remove the folder and run snakemake again."
        ) from None
