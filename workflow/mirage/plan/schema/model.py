"""conf/model: a base model and how it is made."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, StringConstraints

from mirage.plan.schema.base import Count, Name, Positive, Strict


class BaseTraining(Strict):
    """How the base is trained from scratch.

    Attributes:
        threads: Torch threads; weights depend on it, so it is part of the id.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    threads: Positive


class Model(Strict):
    """A base model.

    Attributes:
        tag: Goes into the names of all its models (``mirage-<tag>-s0``); empty for the default one.
        shape: Sizes of the architecture.
        base: How the base is trained from scratch.
        gpus: GPUs per tune and respond job, for the scheduler; 0 on a CPU.
        memory_mb: Memory per tune and respond job, for the scheduler.
    """

    name: Name
    architecture: str
    tag: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]*$")] = ""
    image_size: Positive
    shape: dict[str, Any]
    base: BaseTraining
    gpus: Count = 0
    memory_mb: Positive = 4000
