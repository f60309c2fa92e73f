"""conf/model: a base model and how it is made."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mirage.plan.schema.base import Count, Name, Positive, Strict

Rate = Annotated[float, Field(gt=0)]


class Text(Strict):
    """The language model's sizes.

    Attributes:
        heads: Attention heads; ``kv_heads`` of keys and values, which they share.
        max_tokens: The longest prompt with its answer.
        rope_theta: Base of the rotary positions.
    """

    hidden_size: Positive
    layers: Positive
    heads: Positive
    kv_heads: Positive
    intermediate_size: Positive
    max_tokens: Positive
    rope_theta: Rate


class Vision(Strict):
    """The vision tower's sizes; ``patch_size`` in pixels."""

    patch_size: Positive
    hidden_size: Positive
    layers: Positive
    heads: Positive
    intermediate_size: Positive


class Shape(Strict):
    """Sizes of the architecture.

    Attributes:
        downsample_ratio: Pixel shuffle: a picture has (side / patch size x ratio)^2 tokens.
    """

    downsample_ratio: Annotated[float, Field(gt=0, le=1)]
    text: Text
    vision: Vision


class Phase(Strict):
    """One phase of base training.

    Attributes:
        labels: Label classes of the samples that it trains on; none means all.
        learning_rate: Peak rate of AdamW.
        muon_rate: Peak rate of Muon, where it is the optimizer.
    """

    name: Name
    labels: list[str]
    steps: Positive
    batch_size: Positive
    learning_rate: Rate
    muon_rate: Rate


class BaseTraining(Strict):
    """How the base is trained from scratch.

    Attributes:
        threads: Torch threads; weights depend on it, so it is part of the id.
        matrix_products: ``bf16`` rounds the factors inside products; weights and sums stay fp32.
        optimizer: ``muon`` updates the matrices inside layers by Muon, the rest by AdamW.
        log_every: Steps that one point of the curve averages over.
        checkpoint_every: Steps between checkpoints.
    """

    threads: Positive
    matrix_products: Literal["fp32", "bf16"]
    optimizer: Literal["adamw", "muon"]
    schedule: Literal["cosine", "linear", "constant_with_warmup"]
    warmup_ratio: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: Annotated[float, Field(ge=0)]
    max_grad_norm: Rate
    log_every: Positive
    checkpoint_every: Positive
    phases: Annotated[list[Phase], Field(min_length=1)]

    @model_validator(mode="after")
    def _curve_survives_a_kill(self) -> Self:
        if self.checkpoint_every % self.log_every:
            raise ValueError("checkpoint_every must be a multiple of log_every")
        if len({phase.name for phase in self.phases}) != len(self.phases):
            raise ValueError("two phases have the same name")
        return self


class Model(Strict):
    """A base model.

    Attributes:
        tag: Goes into the names of all its models (``mirage-<tag>-s0``); empty for the default one.
        image_size: Height and width of every picture in pixels.
        shape: Sizes of the architecture.
        base: How the base is trained from scratch.
        gpus: GPUs per tune and respond job, for the scheduler; 0 on a CPU.
        memory_mb: Memory per tune and respond job, for the scheduler.
    """

    name: Name
    architecture: Literal["internvl"]
    tag: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]*$")] = ""
    image_size: Positive
    shape: Shape
    base: BaseTraining
    gpus: Count = 0
    memory_mb: Positive = 4000
