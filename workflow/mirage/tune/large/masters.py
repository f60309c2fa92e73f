"""Weights in bfloat16 that learn in fp32: what DeepSpeed's bf16 engine does, in one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.optim import Optimizer


class Masters(Optimizer):
    """An optimizer that updates fp32 copies of the weights and rounds them into the model.

    A step of AdamW is far smaller than what bfloat16 can tell apart near a weight: without the
    copies most updates would be lost. Gradients add up over the passes in fp32 too.

    Attributes:
        optimizer: The one that updates the copies; its groups are this one's.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        """Takes over an optimizer that has not made a step, and replaces what it updates."""
        self.optimizer = optimizer
        self._pairs: list[tuple[torch.nn.Parameter, torch.nn.Parameter]] = []
        for group in optimizer.param_groups:
            for weight in group["params"]:
                weight.grad_dtype = torch.float32
                copy = weight.detach().to(torch.float32, copy=True)
                self._pairs.append((weight, torch.nn.Parameter(copy)))
            group["params"] = [copy for _, copy in self._pairs[-len(group["params"]) :]]
        super().__init__(optimizer.param_groups, {})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Updates the copies by the gradients of the weights, then the weights."""
        if closure is not None:
            raise ValueError("Masters.step takes no closure.")
        for weight, copy in self._pairs:
            copy.grad = weight.grad
        self.optimizer.step()
        for weight, copy in self._pairs:
            weight.copy_(copy)
            copy.grad = None

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drops the gradients of the weights."""
        del set_to_none
        for weight, _ in self._pairs:
            weight.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Returns the optimizer's state and the copies."""
        copies = [copy.detach() for _, copy in self._pairs]
        return {"optimizer": self.optimizer.state_dict(), "copies": copies}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Reads what ``state_dict`` gave."""
        self.optimizer.load_state_dict(state_dict["optimizer"])
        for (_, copy), saved in zip(self._pairs, state_dict["copies"], strict=True):
            copy.data.copy_(saved)
        self.param_groups = self.optimizer.param_groups
