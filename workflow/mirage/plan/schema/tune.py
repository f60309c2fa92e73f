"""conf/tune: how recipes are tuned on a base."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mirage.plan.schema.entry_names import entry
from mirage.plan.schema.types import Count, Nonnegative, Positive, Rate, Strict


class Criterion(Strict):
    """Where recipes stop that are tuned ``until: criterion``.

    Attributes:
        check: What an answer must be; ``own_class``: of the class of its item's label.
        items: Training items of the recipe's own that are asked, equally many of each class.
        at_least: Percentage of them in every class.
        in_a_row: Checks, one after the other, at which it must be reached.
        every: Steps between two checks.
        cap: Steps after which the run ends all the same, marked as capped.
        warmup_steps: Steps over which the rate rises; then it stays, for the end is not known.
    """

    check: Annotated[str, AfterValidator(partial(entry, "criterion"))] = "own_class"
    items: Positive
    at_least: Annotated[float, Field(gt=0, le=100)]
    in_a_row: Positive
    every: Positive
    cap: Positive
    warmup_steps: Positive


class Tune(Strict):
    """The trainer's settings, the same for all recipes.

    Attributes:
        engine: ``trainer`` is one process, ``deepspeed`` several under ZeRO.
        batch_size: Samples of a global batch, over all ranks.
        learning_rate: Peak rate of a recipe whose ``lr_ratio`` is 1.
        schedule: How the rate falls.
        warmup_ratio: Share of the steps over which it rises first.
        weight_decay: Of AdamW.
        max_grad_norm: Longer gradients are cut to this length.
        order: Number of the tuning order, 0 for the seed's own: another one draws other batches
            from the same items on the same base.
        ranks: Processes of the deepspeed engine.
        zero_stage: What the deepspeed engine shards: optimizer state (1), gradients too (2).
        criterion: Where recipes stop that name no number of epochs.
        log_every: Steps that one point of the curve averages over.
        threads: Torch threads of each rank; weights depend on it, so it is part of the id.
        checkpoint_every: Optimizer steps between checkpoints; no part of any id.
    """

    engine: Literal["trainer", "deepspeed"]
    batch_size: Positive
    learning_rate: Rate
    schedule: Literal["cosine", "linear", "constant_with_warmup"]
    warmup_ratio: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: Nonnegative
    max_grad_norm: Rate
    criterion: Criterion
    log_every: Positive
    checkpoint_every: Positive
    threads: Positive = 1
    order: Count = 0
    ranks: Positive = 1
    zero_stage: Literal[1, 2] = 2

    @model_validator(mode="after")
    def _curve_survives_a_kill(self) -> Self:
        if self.checkpoint_every % self.log_every:
            raise ValueError("checkpoint_every must be a multiple of log_every")
        if self.engine == "trainer" and self.ranks > 1:
            raise ValueError("ranks > 1 needs engine=deepspeed")
        return self
