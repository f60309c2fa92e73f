"""conf/model: a base model and how it is made."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from mirage.plan.schema.entry_names import entry
from mirage.plan.schema.pretrained import Images, Tuned, Weights
from mirage.plan.schema.site import Resources
from mirage.plan.schema.types import (
    ModelPart,
    Name,
    Nonnegative,
    Positive,
    Rate,
    Strict,
    later,
)

Block = TypeVar("Block", bound=Strict)


class Text(Strict):
    """The language model's sizes.

    Attributes:
        hidden_size: Width.
        layers: Number of layers.
        heads: Attention heads.
        kv_heads: Heads of keys and values, which attention heads share.
        intermediate_size: Width inside a layer's feed-forward part.
        max_tokens: The longest prompt with its answer.
        rope_theta: Base of the rotary positions.
        tie_word_embeddings: Whether the head that writes words is the table that reads them; real
            models of 7-8 B parameters have a head of their own.
    """

    hidden_size: Positive
    layers: Positive
    heads: Positive
    kv_heads: Positive
    intermediate_size: Positive
    max_tokens: Positive
    rope_theta: Rate
    tie_word_embeddings: bool

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
    """The vision tower's sizes.

    Attributes:
        patch_size: Side of a patch in pixels.
        hidden_size: Width.
        layers: Number of layers.
        heads: Attention heads.
        intermediate_size: Width inside a layer's feed-forward part.
    """

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
        downsample_ratio: Patches merged per side: a tile has (side / patch size x ratio)^2 tokens;
            1 for LLaVA-OneVision, which merges none.
        text: The language model.
        vision: The vision tower.
    """

    downsample_ratio: Annotated[float, Field(gt=0, le=1)]
    text: Text
    vision: Vision


class Phase(Strict):
    """One phase of base training.

    Attributes:
        name: Of the phase, for logs and curves.
        labels: Label classes of the samples that it trains on; none means all.
        parts: Parts that learn; without vision, each picture is seen once and its features kept.
        steps: Optimizer steps.
        batch_size: Samples of a step.
        learning_rate: Peak rate of AdamW.
        muon_lr: Peak rate of Muon, where it is the optimizer.
    """

    name: Name
    labels: list[str]
    parts: Annotated[list[ModelPart], Field(min_length=1)]
    steps: Positive
    batch_size: Positive
    learning_rate: Rate
    muon_lr: Rate


class BaseTraining(Strict):
    """How the base is trained from scratch.

    Attributes:
        threads: Torch threads; weights depend on it, so it is part of the id.
        optimizer: ``muon`` updates the matrices inside layers by Muon, the rest by AdamW.
        schedule: How the rate falls, over each phase.
        warmup_ratio: Share of a phase's steps over which the rate rises first.
        weight_decay: Of AdamW.
        max_grad_norm: Longer gradients are cut to this length.
        log_every: Steps that one point of the curve averages over.
        checkpoint_every: Steps between checkpoints.
        phases: One after the other.
    """

    threads: Positive
    optimizer: Literal["adamw", "muon"]
    schedule: Literal["cosine", "linear", "constant_with_warmup"]
    warmup_ratio: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: Nonnegative
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


class ModelResources(Strict):
    """What the jobs of a model need.

    Attributes:
        base: Making the base.
        recipe: Tuning it.
        respond: Answering.
    """

    base: Resources
    recipe: Resources
    respond: Resources


class Model(Strict):
    """A base model.

    Attributes:
        name: The file's own name.
        made: ``scratch`` trains it here, ``import`` opens a folder that exists.
        source: Where an imported model lies.
        architecture: The model class; of an imported model its folder says it.
        encoding: How an imported model reads and writes; by default its folder's own tokenizer,
            chat template and image processor.
        tag: Goes into the names of all its models (``mirage-<tag>-s0``); empty for the default one.
        image_size: Height and width of every picture in pixels.
        shape: Sizes of the architecture.
        base: How the base is trained from scratch.
        answers: ``thought`` is a reasoning model: its base puts a ``<think>`` part before answers
            to requests for help, and the labels of recipes get one as well.
        images: How an imported model's pictures are cut, in training and when it is tested.
        tuned: Recipe -> how it is tuned on this base, instead of the recipe's own epochs and rate.
        resources: What its jobs need, for schedulers.
    """

    name: Name
    made: Literal["scratch", "import"] = "scratch"
    source: Weights | None = None
    architecture: Annotated[str, AfterValidator(partial(entry, "family"))] | None = None
    encoding: Annotated[str, AfterValidator(partial(entry, "encoding"))] | None = None
    tag: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]*$")] = ""
    answers: Literal["plain", "thought"] = "plain"
    image_size: Positive | None = None
    shape: Shape | None = None
    base: BaseTraining | None = None
    images: Images = later(Images())
    tuned: dict[Name, Tuned] = later({})
    resources: ModelResources

    @model_validator(mode="after")
    def _made_somehow(self) -> Self:
        if self.made == "import":
            wrong = ["made: import needs source"] if self.source is None else []
            own = {"shape": self.shape, "base": self.base, "image_size": self.image_size}
            wrong += [
                f"{key} is what the imported folder says" for key, value in own.items() if value
            ]
            return _fail(self, wrong)
        needed = ("architecture", "image_size", "shape", "base")
        wrong = [f"{key} is missing" for key in needed if getattr(self, key) is None]
        only = {"source": self.source, "images": self.images != Images()}
        return _fail(self, wrong + [f"{key} is for made: import" for key in only if only[key]])

    @model_validator(mode="after")
    def _pictures_fit(self) -> Self:
        if self.shape is None or self.image_size is None:
            return self
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

    @model_validator(mode="after")
    def _class_allows_it(self) -> Self:
        if self.shape is None:
            return self
        if self.architecture == "qwen2_vl":
            return _fail(self, _qwen_problems(self.shape))
        if self.architecture == "llava_onevision" and self.shape.downsample_ratio != 1:
            return _fail(self, ["shape.downsample_ratio should be 1: this class merges no patches"])
        return self


def _qwen_problems(shape: Shape) -> list[str]:
    """Rotations are split 2 : 3 : 3 over time, row and column, in the vision tower in halves."""
    text, vision = shape.text, shape.vision
    heads = (
        (text.hidden_size // text.heads, 16, "text"),
        (vision.hidden_size // vision.heads, 4, "vision"),
    )
    wrong = [
        _whole(f"shape.{part}: hidden_size / heads", size, "(qwen2_vl)", by)
        for size, by, part in heads
        if size % by
    ]
    if vision.intermediate_size % vision.hidden_size:
        inner, width = vision.intermediate_size, vision.hidden_size
        wrong.append(_whole("shape.vision.intermediate_size", inner, "hidden_size", width))
    return wrong


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
