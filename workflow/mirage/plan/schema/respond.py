"""conf/respond: how a model answers."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field

from mirage.plan.schema.entry_names import entry
from mirage.plan.schema.types import Name, Positive, Strict


class Speed(Strict):
    """The measurement of seconds a sample; it decides no answer and stands in no answer's id.

    Attributes:
        measure: Whether a run measures at its end.
        recipes: Whose models, of the study's first seed, are measured; ``base`` is one.
        suite: Whose items are answered.
        items: How many of them.
        batch_sizes: Most samples answered together.
        warm_up: Rounds over all items that are not counted.
        repeats: Rounds that are.
    """

    measure: bool
    recipes: list[Name]
    suite: Name
    items: Positive
    batch_sizes: Annotated[list[Positive], Field(min_length=1)]
    warm_up: Positive
    repeats: Positive


class Respond(Strict):
    """Decoding: greedy, batched.

    Attributes:
        backend: What computes answers: ``transformers``, or your own as
            ``package.module:function``.
        batch_size: Most samples answered together.
        threads: Torch threads; answers may depend on it, so it is part of the id.
        max_new_tokens: Suite -> longest answer in tokens; ``default`` for all others.
        speed: The measurement of seconds a sample.
    """

    backend: Annotated[str, AfterValidator(partial(entry, "backend"))]
    batch_size: Positive
    threads: Positive
    max_new_tokens: dict[str, Positive]
    speed: Speed
