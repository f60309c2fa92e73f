"""What a judge of kind ``openai`` will cost, before its first call; no heavy imports.

Prices, retirement dates and the tokens of a picture are data with a date:
``plan/schema/judge_models.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from mirage.plan.schema.judge import OpenAIOptions

DATA_FILES = ("../plan/schema/judge_models.json",)

CHARACTERS_A_TOKEN: Final = 4
IMAGE_TOKENS: Final = 1369
"""Of a picture of 1024 x 1024 pixels where the model is not listed: 37 x 37 patches of 28 pixels,
as Qwen2.5-VL reads it."""
MOST_IMAGE_TOKENS: Final = 16384
"""The same at most, whatever its size: the processor of Qwen2.5-VL and Qwen2-VL shrinks to that."""
FRAME_TOKENS: Final = 200
"""System message, schema and the marks around messages, with room to spare."""
PROMPT_TOKENS: Final = 450
"""Of the longest prompt of ``mis_v1`` without question and answer; a test counts."""
REPLY_TOKENS: Final = 60
"""Two labels as JSON and what surrounds them."""
ITEM_CHARACTERS: Final = 1600
"""Question and answer of an item where nobody has read them yet."""


@dataclass(frozen=True)
class Estimate:
    """What some calls amount to.

    Attributes:
        usd: None where no price is known (a server of one's own has none to pay).
    """

    calls: int
    tokens_in: int
    tokens_out: int
    usd: float | None

    def __str__(self) -> str:
        """One clause for a log or a plan."""
        cost = "no price known" if self.usd is None else f"about ${self.usd:,.2f}"
        tokens = f"{self.tokens_in:,} tokens sent, {self.tokens_out:,} back"
        return f"{self.calls:,} calls, {tokens}, {cost}"


@cache
def models_table() -> dict[str, Any]:
    """Returns what is known of closed models: ``models``, and where that was read."""
    path = Path(__file__).parent / DATA_FILES[0]
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table


def usd(tokens_in: int, tokens_out: int, options: OpenAIOptions) -> float | None:
    """Returns the price of some tokens, or None where nobody said it."""
    known = models_table()["models"].get(options.model) if not options.revision else None
    if options.usd_per_million is not None:
        known = {
            "input": options.usd_per_million.input,
            "output": options.usd_per_million.output,
        }
    if known is None:
        return None
    return float(tokens_in * known["input"] + tokens_out * known["output"]) / 1e6


def tokens_of(characters: int, images: int, options: OpenAIOptions) -> int:
    """Returns about how many tokens one call sends.

    Args:
        characters: Of question and answer together.
        images: Number of pictures.
        options: Of the judge.
    """
    known = models_table()["models"].get(options.model, {})
    each: int = known.get("image_tokens", IMAGE_TOKENS)
    return PROMPT_TOKENS + -(-characters // CHARACTERS_A_TOKEN) + images * each


def most_tokens(text: str, images: int, options: OpenAIOptions) -> int:
    """Returns what one call cannot send more than: no token is shorter than a byte.

    Args:
        text: The whole text part of the request.
        images: Number of pictures.
        options: Of the judge.
    """
    known = models_table()["models"].get(options.model, {})
    each: int = known.get("image_tokens_most", MOST_IMAGE_TOKENS)
    return FRAME_TOKENS + len(text.encode("utf-8")) + images * each


def estimate(tokens_in: Iterable[int], options: OpenAIOptions) -> Estimate:
    """Estimates some calls.

    Args:
        tokens_in: Tokens that each call sends (``tokens_of``).
        options: Of the judge (``mirage.plan.schema.judge.openai_options``).
    """
    sent = list(tokens_in)
    back = len(sent) * min(REPLY_TOKENS, options.max_tokens)
    return Estimate(len(sent), sum(sent), back, usd(sum(sent), back, options))


def estimate_items(items: int, options: OpenAIOptions, images: int = 2) -> Estimate:
    """Estimates the calls for a number of items that no model has answered yet."""
    return estimate([tokens_of(ITEM_CHARACTERS, images, options)] * items, options)
