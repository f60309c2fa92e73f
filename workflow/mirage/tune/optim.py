"""The optimizers: AdamW for recipes, Muon with AdamW for bases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.optim import AdamW, Muon, Optimizer

from mirage.tune.families.base import INNER


def build_optimizer(
    model: torch.nn.Module, kind: str, learning_rate: float, weight_decay: float, muon_lr: float
) -> Optimizer:
    """Returns the optimizer over all parameters that learn.

    Args:
        model: Parameters are named as in transformers' model classes, with any prefix.
        kind: ``adamw``, or ``muon``: Muon for the matrices inside the layers, AdamW for the rest.
        learning_rate: Peak rate of AdamW.
        weight_decay: On matrices only; norms, biases and scales have none.
        muon_lr: Peak rate of Muon.
    """
    learns = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    inner = [p for name, p in learns if kind == "muon" and is_inner(name, p)]
    known = set(map(id, inner))
    rest = [p for _, p in learns if id(p) not in known]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in rest if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in rest if p.ndim <= 1], "weight_decay": 0.0},
    ]
    adamw = AdamW([g for g in groups if g["params"]], lr=learning_rate, fused=True)
    if kind == "adamw":
        return adamw
    return Pair(Muon(inner, lr=muon_lr, weight_decay=weight_decay, momentum=0.95), adamw)


def is_inner(name: str, parameter: torch.Tensor) -> bool:
    """Tells whether Muon may update a parameter: a matrix that is no embedding."""
    part = any(prefix in f".{name}" for prefix in INNER)
    return part and parameter.ndim == 2 and "embed" not in name


class Pair(Optimizer):
    """Two optimizers that a trainer and a schedule see as one."""

    def __init__(self, first: Optimizer, second: Optimizer) -> None:
        self.first, self.second = first, second
        super().__init__([*first.param_groups, *second.param_groups], {})

    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Updates all parameters."""
        if closure is not None:
            raise ValueError("Pair.step takes no closure.")
        self.first.step()
        self.second.step()

    def state_dict(self) -> dict[str, Any]:
        """Returns both states."""
        return {"first": self.first.state_dict(), "second": self.second.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Reads what ``state_dict`` gave."""
        self.first.load_state_dict(state_dict["first"])
        self.second.load_state_dict(state_dict["second"])
        self.param_groups = [*self.first.param_groups, *self.second.param_groups]
