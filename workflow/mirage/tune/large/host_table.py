"""What pictures become, in the host's memory: a device that holds a large model has no room."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import torch

from mirage.tune.data import Encoded
from mirage.tune.families.base import Family

_AT_ONCE = 32
"""Pictures that pass the vision tower together."""


class HostTable:
    """Rows in the host's memory; see ``objective.Table``."""

    def __init__(self, rows: torch.Tensor) -> None:
        """Takes the rows, one per tile of a distinct picture."""
        self.rows = rows

    def __len__(self) -> int:
        """Returns how many rows there are."""
        return len(self.rows)

    def __getitem__(self, rows: torch.Tensor) -> torch.Tensor:
        """Returns some rows."""
        return self.rows[rows.to(self.rows.device)]


def host_table(
    model: Any, family: Family, data: Encoded, keep_features: bool, device: torch.device
) -> HostTable:
    """Returns the table of a training set.

    Args:
        model: The model, on ``device``.
        family: Its class.
        data: The training set.
        keep_features: Whether the vision tower is frozen: then each picture passes it here, once.
        device: Where the model computes.
    """
    if not keep_features or not len(data.pixels):
        return HostTable(data.pixels)
    ends, kept = [0, *accumulate(map(int, data.tiles))], []
    for at in range(0, len(data.tiles), _AT_ONCE):
        tiles = data.tiles[at : at + _AT_ONCE]
        pixels = data.pixels[ends[at] : ends[at + len(tiles)]].to(device, model.dtype)
        kept.append(family.keep(model, pixels, tiles).cpu())
    return HostTable(torch.cat(kept))
