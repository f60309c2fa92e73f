"""Which of several processes this one is, and what it computes on."""

from __future__ import annotations

import os

import torch


def rank() -> int:
    """Returns the number of this process, 0 for the first or only one."""
    return int(os.environ.get("RANK", "0"))


def ranks() -> int:
    """Returns how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def device() -> torch.device:
    """Returns this process's own GPU, or the processor where there is none."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")
