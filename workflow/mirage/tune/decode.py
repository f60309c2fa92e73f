"""Greedy decoding for a batch of prompts, with a cache that is allocated once and shrinks.

``generate`` copies the whole key-value cache at every step and carries finished rows to the end of
the longest answer: on a nano model and answers of mixed length it takes twice as long. The tokens
are those of ``generate`` (a test compares them), and a row's arithmetic does not depend on the rows
beside it, bit for bit, as long as a batch has at least ``MIN_ROWS`` rows (a test too).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

MIN_ROWS = 8
"""Matrix products of fewer rows take another kernel, which rounds differently."""

PREFILL_TOKENS = 1024
"""Prompts are read some rows at a time, so that a layer's activations stay in the cache."""

SHRINK_AT = 0.75
"""Finished rows are dropped when fewer than this share are still writing: copying costs too."""


class RoomyCache:
    """Keys and values of all layers, with room for the whole answer from the start.

    It offers the one method that attention layers of transformers call on a cache.
    """

    def __init__(self, keys: list[Tensor], values: list[Tensor]) -> None:
        """Takes one tensor per layer, (rows, heads, room in tokens, size of a head)."""
        self.keys, self.values = keys, values
        self.lengths = [0] * len(keys)

    @classmethod
    def empty(cls, config: Any, rows: int, room: int) -> RoomyCache:
        """Makes a cache for a language model's configuration."""
        # Some classes choose the size of a head on its own.
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shape = (rows, config.num_key_value_heads, room, size)
        layers = range(config.num_hidden_layers)
        return cls([torch.empty(shape) for _ in layers], [torch.empty(shape) for _ in layers])

    def update(self, key: Tensor, value: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Adds keys and values (rows, heads, tokens, size) of a layer and returns all so far."""
        start = self.lengths[layer]
        self.lengths[layer] = end = start + key.shape[2]
        keys, values = self.keys[layer], self.values[layer]
        keys[:, :, start:end] = key
        values[:, :, start:end] = value
        return keys[:, :, :end], values[:, :, :end]

    def part(self, rows: slice) -> RoomyCache:
        """Returns a view of some rows, from their first token on."""
        return RoomyCache([k[rows] for k in self.keys], [v[rows] for v in self.values])

    def keep(self, rows: Tensor) -> None:
        """Drops all rows but these."""
        self.keys = [key[rows] for key in self.keys]
        self.values = [value[rows] for value in self.values]


@dataclass
class State:
    """What one step hands to the next: all tensors have one row per answer still carried.

    Attributes:
        row: Index of each carried row in the batch.
        hidden: (rows, hidden size), the last token's state.
        blocked: (rows, 1, 1, room), added to attention scores: padding is far below zero.
        position: (rows, 1), place of the token to come; (axes, rows, 1) where places have axes.
    """

    row: Tensor
    hidden: Tensor
    cache: RoomyCache
    blocked: Tensor
    position: Tensor


Reads = Callable[[Tensor], dict[str, Any]]
"""From embeddings to the language model's arguments: ``Family.reads`` of a model."""


def plainly(embeddings: Tensor) -> dict[str, Any]:
    """Returns the arguments of a language model that takes embeddings alone."""
    return {"inputs_embeds": embeddings}


def prefill(
    model: Any,
    ids: Tensor,
    embeddings: Tensor,
    pad: int,
    room: int,
    axes: Tensor | None = None,
    reads: Reads = plainly,
) -> State:
    """Reads the prompts.

    Args:
        model: A model of one of the suite's classes.
        ids: (rows, width) token ids, padded on the left.
        embeddings: (rows, width, hidden size), pictures filled in.
        pad: Id of the padding token.
        room: Most tokens of a row, prompt and answer together.
        axes: (axes, rows, width), places of the tokens where they have several axes; a prompt ends
            in text, whose place is the same on all.
        reads: Makes arguments of embeddings.
    """
    rows, width = ids.shape
    real = ids != pad
    far = torch.finfo(embeddings.dtype).min
    blocked = embeddings.new_zeros(rows, 1, 1, room)
    blocked[:, 0, 0, :width].masked_fill_(~real, far)
    position = (real.cumsum(1) - 1).clamp_min(0) if axes is None else axes
    cache = RoomyCache.empty(model.config.text_config, rows, room)
    hidden = []
    step = max(1, PREFILL_TOKENS // width)
    for part in (slice(at, at + step) for at in range(0, rows, step)):
        # A padding token looks at itself: a row of scores that are all blocked would become NaN.
        seen = torch.tril(real[part, None, :].expand(-1, width, width)) | torch.eye(width).bool()
        mask = embeddings.new_zeros(seen.shape).masked_fill_(~seen, far)[:, None]
        inputs = reads(embeddings[part])
        hidden.append(_forward(model, cache.part(part), mask, position[..., part, :], **inputs))
    cache.lengths = [width] * len(cache.keys)
    return State(torch.arange(rows), torch.cat(hidden), cache, blocked, position[..., -1:] + 1)


def advance(model: Any, state: State, token: Tensor) -> State:
    """Feeds one token per row (shape (rows,)) and returns the state after it."""
    end = state.cache.lengths[0] + 1
    mask = state.blocked[..., :end]
    hidden = _forward(model, state.cache, mask, state.position, input_ids=token[:, None])
    return State(state.row, hidden, state.cache, state.blocked, state.position + 1)


def shrink(state: State, keep: list[int]) -> State:
    """Returns the state with only the rows at these places."""
    rows = torch.tensor(keep)
    state.cache.keep(rows)
    position = state.position[..., rows, :]
    return State(state.row[rows], state.hidden[rows], state.cache, state.blocked[rows], position)


def worth_keeping(writing: list[bool]) -> list[int] | None:
    """Returns which of the carried rows to keep, or None if all should stay.

    Args:
        writing: For each carried row, whether its answer goes on; some finished rows are kept
            where fewer than ``MIN_ROWS`` still write.
    """
    alive = [place for place, goes_on in enumerate(writing) if goes_on]
    if max(len(alive), MIN_ROWS) > SHRINK_AT * len(writing):
        return None
    done = [place for place, goes_on in enumerate(writing) if not goes_on]
    return sorted(alive + done[: max(0, MIN_ROWS - len(alive))])


def greedy(
    model: Any,
    ids: Tensor,
    embeddings: Tensor,
    limits: list[int],
    *,
    pad: int,
    ends: set[int],
    axes: Tensor | None = None,
    reads: Reads = plainly,
) -> list[list[int]]:
    """Returns the answer of each row as token ids, the end token included where it was written.

    Args:
        model: A model of one of the suite's classes, in evaluation mode.
        ids: (rows, width), padded on the left; at least ``MIN_ROWS`` rows.
        embeddings: (rows, width, hidden size).
        limits: Most new tokens of each row.
        pad: Id of the padding token.
        ends: Ids that end an answer.
        axes: As for ``prefill``.
        reads: As for ``prefill``.
    """
    answers: list[list[int]] = [[] for _ in limits]
    writing = [True] * len(limits)
    state = prefill(model, ids, embeddings, pad, ids.shape[1] + max(limits), axes, reads)
    while True:
        token = model.lm_head(state.hidden).argmax(-1)
        carried = state.row.tolist()
        for row, word in zip(carried, token.tolist(), strict=True):
            if writing[row]:
                answers[row].append(word)
                writing[row] = word not in ends and len(answers[row]) < limits[row]
        if not any(writing):
            return answers
        if (keep := worth_keeping([writing[row] for row in carried])) is not None:
            state, token = shrink(state, keep), token[keep]
        state = advance(model, state, token)


def _forward(
    model: Any, cache: RoomyCache, mask: Tensor, position: Tensor, **inputs: Any
) -> Tensor:
    """Returns the last token's hidden state, (rows, hidden size)."""
    output = model.model.language_model(
        attention_mask=mask,  # of four dimensions: taken as it is
        position_ids=position,
        past_key_values=cache,
        use_cache=True,
        **inputs,
    )
    last: Tensor = output.last_hidden_state[:, -1]
    return last
