"""Which of several processes this one is, and what it computes on."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import torch
from torch.distributed import distributed_c10d

WAIT_MINUTES = 15.0
"""Minutes that ranks wait for one that says nothing, where the settings name none."""


def patience(large: Mapping[str, Any]) -> int:
    """Returns the seconds that ranks wait for each other.

    Args:
        large: The block ``tune.large``.
    """
    return math.ceil(60 * float(large.get("wait_minutes", WAIT_MINUTES)))


def rank() -> int:
    """Returns the number of this process, 0 for the first or only one."""
    return int(os.environ.get("RANK", "0"))


def ranks() -> int:
    """Returns how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def bound_waiting(seconds: float) -> None:
    """Bounds how long ranks wait for each other, in all groups that there are.

    DeepSpeed's groups have torch's default otherwise: ten minutes with GPUs, thirty without.
    """
    if torch.distributed.is_initialized():
        for group in list(distributed_c10d._world.pg_map):
            distributed_c10d._set_pg_timeout(timedelta(seconds=seconds), group)


def device() -> torch.device:
    """Returns this process's own GPU, or the processor where there is none."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")
