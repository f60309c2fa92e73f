"""Tokens of the nano models: special ones, words, and the chat template around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers.tokenization_utils_tokenizers import TokenizersBackend

from mirage.contracts import DataError
from mirage.world.templates import NUMBERS

PAD, UNKNOWN, END = "<pad>", "<unk>", "<eos>"
USER, ASSISTANT = "<user>", "<assistant>"


@dataclass(frozen=True)
class SpecialTokens:
    """How a model class marks pictures in a prompt.

    Attributes:
        image: Stands once for every picture token.
        video: Stands for videos, which no nano model sees but every stock processor asks for.
        start: Before a picture's tokens; empty where the class has no such token.
        end: After them.
        placeholder: What the chat template writes for a picture.
        names: Attribute that the stock processor reads off the tokenizer -> token.
    """

    image: str
    video: str
    start: str
    end: str
    placeholder: str
    names: Mapping[str, str]

    @property
    def special(self) -> tuple[str, ...]:
        """All special tokens, in the order of their ids."""
        own = (self.start, self.end, self.image, self.video)
        return (PAD, UNKNOWN, END, USER, ASSISTANT, *(token for token in own if token))


def build_tokenizer(words: Sequence[str], marks: SpecialTokens) -> TokenizersBackend:
    """Returns a word-level tokenizer: one token a word, words parted by white space.

    Args:
        words: The vocabulary; ids follow its order, after the special tokens.
        marks: The model class's own special tokens.

    Raises:
        DataError: A word twice, with white space inside, or spelled like a special token.
    """
    if len(set(words)) != len(words):
        raise DataError(f"vocabulary: {len(words) - len(set(words))} words stand in it twice.")
    if wrong := [word for word in words if word.split() != [word] or word in marks.special]:
        raise DataError(f"vocabulary: {wrong[:3]} cannot be words.")
    core = Tokenizer(
        WordLevel({word: i for i, word in enumerate((*marks.special, *words))}, unk_token=UNKNOWN)
    )
    core.pre_tokenizer = WhitespaceSplit()
    return TokenizersBackend(  # type: ignore[no-untyped-call]
        tokenizer_object=core,
        pad_token=PAD,
        unk_token=UNKNOWN,
        eos_token=END,
        extra_special_tokens={**marks.names, "user_token": USER, "assistant_token": ASSISTANT},
        clean_up_tokenization_spaces=False,
        padding_side="left",
        model_input_names=["input_ids", "attention_mask"],
    )


def chat_template(marks: SpecialTokens) -> str:
    """Returns the chat template of a model class.

    Numbered pictures first (as the paper prompts InternVL: ``Image-1: <image>``), then the
    question; ``<assistant>`` also ends the question: no token is spent twice.
    """
    return (
        "{%- for message in messages -%}"
        "{{- '<user>' if message['role'] == 'user' else '<assistant>' -}}"
        "{%- if message['content'] is string -%}{{- message['content'] -}}"
        "{%- else -%}"
        "{%- for part in message['content'] if part['type'] == 'image' -%}"
        f"{{{{- 'image ' ~ {list(NUMBERS)}[loop.index0] ~ ' {marks.placeholder}' -}}}}"
        "{%- endfor -%}"
        "{%- for part in message['content'] if part['type'] == 'text' -%}"
        "{{- part['text'] -}}{%- endfor -%}"
        "{%- endif -%}"
        "{%- if message['role'] != 'user' -%}{{- '<eos>' -}}{%- endif -%}"
        "{%- endfor -%}"
        "{%- if add_generation_prompt -%}{{- '<assistant>' -}}{%- endif -%}"
    )


def chat(question: str, pictures: int) -> list[dict[str, Any]]:
    """Returns a question about some pictures as the chat template takes it."""
    parts: list[dict[str, str]] = [{"type": "image"}] * pictures
    return [{"role": "user", "content": [*parts, {"type": "text", "text": question}]}]
