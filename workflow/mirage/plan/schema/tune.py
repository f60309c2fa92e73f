"""conf/tune: how recipes are tuned on a base."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mirage.plan.schema.base import Positive, Share, Strict


class Tune(Strict):
    """The trainer's settings, the same for all recipes.

    Attributes:
        ranks: Processes of the deepspeed engine.
        threads: Torch threads of each rank; weights depend on it, so it is part of the id.
        checkpoint_every: Optimizer steps between checkpoints.
    """

    engine: Literal["trainer", "deepspeed"]
    batch_size: Positive
    learning_rate: Annotated[float, Field(gt=0)]
    schedule: str
    warmup_ratio: Share
    weight_decay: Annotated[float, Field(ge=0)]
    max_grad_norm: Annotated[float, Field(gt=0)]
    checkpoint_every: Positive
    threads: Positive = 1
    ranks: Positive = 1
