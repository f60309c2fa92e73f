"""conf/model: a base model and how it is made."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, StringConstraints, model_validator

from mirage.plan.schema.base import Count, Name, Positive, Strict

Rate = Annotated[float, Field(gt=0)]
Block = TypeVar("Block", bound=Strict)


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

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        wrong = _head_problems(self.hidden_size, self.heads)
        if self.heads % self.kv_heads:
            wrong.append(_whole("heads", self.heads, "kv_heads", self.kv_heads))
        if not wrong and self.hidden_size // self.heads % 2:
            width = self.hidden_size // self.heads
            wrong.append(f"hidden_size / heads is {width}; rotary positions need an even number")
        return _fail(self, wrong)


class Vision(Strict):
    """The vision tower's sizes; ``patch_size`` in pixels."""

    patch_size: Positive
    hidden_size: Positive
    layers: Positive
    heads: Positive
    intermediate_size: Positive

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        return _fail(self, _head_problems(self.hidden_size, self.heads))


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

    @model_validator(mode="after")
    def _pictures_fit(self) -> Self:
        patch, ratio = self.shape.vision.patch_size, self.shape.downsample_ratio
        wrong = []
        if self.image_size % patch:
            wrong.append(_whole("image_size", self.image_size, "shape.vision.patch_size", patch))
        elif not _is_whole(self.image_size // patch * ratio):
            side = f"{self.image_size // patch} patches per side"
            wrong.append(f"shape.downsample_ratio {ratio:g} leaves no whole number of {side}")
        if not _is_whole(1 / ratio):
            wrong.append(f"shape.downsample_ratio {ratio:g} should be 1, 1/2, 1/3, 1/4 and so on")
        return _fail(self, wrong)


def _head_problems(hidden_size: int, heads: int) -> list[str]:
    return [_whole("hidden_size", hidden_size, "heads", heads)] if hidden_size % heads else []


def _whole(key: str, value: int, divisor: str, by: int) -> str:
    return f"{key} {value} should be a multiple of {divisor} {by}"


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < 1e-6  # a third has no exact float


def _fail(block: Block, wrong: list[str]) -> Block:
    if wrong:
        raise ValueError("; ".join(wrong))
    return block
