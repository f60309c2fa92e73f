"""conf/tune: how recipes are tuned on a base."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mirage.plan.schema.entry_names import entry
from mirage.plan.schema.types import Count, Nonnegative, Positive, Rate, Strict, later


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


class Lora(Strict):
    """Low-rank adapters (Hu et al., LoRA, 2021), merged into the weights that are written.

    Attributes:
        rank: Columns of the two factors.
        alpha: The product counts ``alpha / rank`` times.
        dropout: Share of an adapter's inputs that is left out in training.
        targets: Linear layers that get one, by the last part of their names, among those of the
            parts that a recipe trains; ``all`` takes all of them but the head.
    """

    rank: Positive = 16
    alpha: Rate = 32.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    targets: Literal["all"] | Annotated[list[str], Field(min_length=1)] = "all"


class Large(Strict):
    """What models of billions of parameters need beside the rest.

    Attributes:
        dtype: Of the weights; ``bfloat16`` keeps what the optimizer updates in fp32 beside them.
        activation_checkpointing: Whether activations are computed again for the gradients, layer by
            layer, instead of being kept.
        micro_batch: Samples that pass the model at once on each device; gradients add up over the
            passes of a global batch.
        packing: Whether samples share rows, without seeing each other; a pass is then one row.
        row_tokens: Most tokens of such a row; null: as many as ``micro_batch`` of the longest
            samples.
        features: Where pictures come from. Of a frozen vision tower its features are computed once:
            ``files`` maps them from the job's work folder, ``memory`` holds them in the host's;
            ``on_the_fly`` sends pictures through the tower whenever they are shown. Where the tower
            learns, pictures are decoded on the fly, or held by ``memory``.
        loaders: Processes of each rank that read pictures ahead; no part of any id.
        longest_first: Whether the longest passes are tried before the first step, and dropped:
            memory then runs out in the first minute or never.
        checkpoint_minutes: Minutes between checkpoints, beside ``checkpoint_every``; no part of any
            id.
        adapter: ``lora`` trains adapters alone, ``none`` the weights themselves.
        lora: The adapters' sizes.
        wait_minutes: Minutes that ranks wait for one that says nothing, after which the job ends
            and is tried again; longer than a checkpoint takes to write. No part of any id.
    """

    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    activation_checkpointing: bool = True
    micro_batch: Positive = 1
    packing: bool = False
    row_tokens: Positive | None = None
    features: Literal["files", "memory", "on_the_fly"] = "files"
    loaders: Count = 2
    longest_first: bool = True
    checkpoint_minutes: Rate = 10.0
    adapter: Literal["none", "lora"] = "none"
    lora: Lora = Lora()
    wait_minutes: Rate = later(15.0)


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
        zero_stage: What the deepspeed engine shards: optimizer state (1), gradients too (2),
            weights too (3, which needs ``large``).
        criterion: Where recipes stop that name no number of epochs.
        log_every: Steps that one point of the curve averages over.
        threads: Torch threads of each rank; weights depend on it, so it is part of the id.
        checkpoint_every: Optimizer steps between checkpoints; no part of any id.
        large: Of models of billions of parameters; null trains as nano models are trained.
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
    zero_stage: Literal[1, 2, 3] = 2
    large: Large | None = later(None)

    @model_validator(mode="after")
    def _curve_survives_a_kill(self) -> Self:
        if self.checkpoint_every % self.log_every:
            raise ValueError("checkpoint_every must be a multiple of log_every")
        if self.engine == "trainer" and self.ranks > 1:
            raise ValueError("ranks > 1 needs engine=deepspeed")
        if self.zero_stage == 3 and self.large is None:
            raise ValueError("zero_stage 3 needs large, as in: tune=zero3")
        return self
