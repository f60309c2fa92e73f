"""conf/respond: how a model answers."""

from __future__ import annotations

from typing import Literal

from mirage.plan.schema.base import Positive, Strict


class Respond(Strict):
    """Decoding: greedy, batched.

    Attributes:
        threads: Torch threads; answers may depend on it, so it is part of the id.
        max_new_tokens: Suite -> longest answer in tokens; ``default`` for all others.
    """

    backend: Literal["transformers"]
    batch_size: Positive
    threads: Positive
    max_new_tokens: dict[str, Positive]
