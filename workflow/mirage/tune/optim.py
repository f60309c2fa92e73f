"""The optimizers: AdamW for recipes, Muon with AdamW for bases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.optim import AdamW, Optimizer

from mirage.tune.families.base import INNER

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration (Jordan et al., Muon, 2024), as in torch.optim.Muon."""


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


class Muon(Optimizer):
    """Muon (Jordan et al., 2024) with Nesterov momentum, in fp32, matrices of one shape together.

    torch.optim.Muon iterates in bfloat16, matrix by matrix: on a processor without instructions for
    bfloat16 that took 1.0 s a step for the default model's matrices, twice as long as all else.
    """

    def __init__(
        self, params: list[torch.nn.Parameter], lr: float, weight_decay: float, momentum: float
    ) -> None:
        """Takes matrices alone; ``weight_decay`` is decoupled."""
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Updates all matrices by what their momentum becomes with singular values near 1."""
        if closure is not None:
            raise ValueError("Muon.step takes no closure.")
        for group in self.param_groups:
            alike: dict[torch.Size, list[torch.Tensor]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is not None:
                    alike[matrix.shape].append(matrix)
            for shape, matrices in alike.items():
                updates = torch.stack([self._momentum(m, group["momentum"]) for m in matrices])
                rate = group["lr"] * max(1, shape[0] / shape[1]) ** 0.5
                for matrix, update in zip(matrices, orthogonal(updates), strict=True):
                    matrix.mul_(1 - group["lr"] * group["weight_decay"])
                    matrix.add_(update, alpha=-rate)

    def _momentum(self, matrix: torch.Tensor, momentum: float) -> torch.Tensor:
        assert matrix.grad is not None
        state = self.state[matrix]
        if not state:
            state["momentum"] = torch.zeros_like(matrix)
        state["momentum"].lerp_(matrix.grad, 1 - momentum)
        return matrix.grad.lerp(state["momentum"], momentum)


def orthogonal(matrices: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Returns matrices of the same singular vectors whose singular values lie near 1.

    Args:
        matrices: (count, rows, columns).
        steps: Newton-Schulz iterations; five bring all but tiny values between 0.7 and 1.2.
    """
    a, b, c = _NEWTON_SCHULZ
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


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
