"""Weights on their way to a folder: brought together, written, read again and compared."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from mirage.contracts import DataError
from mirage.tune.large.world import rank
from mirage.tune.model_folder import WEIGHTS, save_settings, tied_weights, write_tensors


class Expected:
    """What a model's folder must hold in the end, seen before anything is changed.

    Attributes:
        shapes: Name -> shape of every tensor that is written; of two tied ones only the source.
        frozen: Name -> digest of those that must come out as they went in.
    """

    def __init__(self, model: Any, learns: Collection[str]) -> None:
        """Looks at a model.

        Args:
            model: The model as it was opened.
            learns: Names of the tensors that may change.
        """
        tied = tied_weights(model)
        tensors = {name: t for name, t in model.state_dict().items() if name not in tied}
        self.shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        self.frozen = {n: digest(t) for n, t in tensors.items() if n not in learns}

    def problems(self, weights: Mapping[str, Tensor]) -> list[str]:
        """Returns what is wrong with trained weights, at most a line of each kind."""
        shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
        frozen = {name: digest(weights[name]) for name in self.frozen if name in weights}
        found = {
            "missing": self.shapes.keys() - shapes.keys(),
            "left over": shapes.keys() - self.shapes.keys(),
            "of another shape": {n for n, s in shapes.items() if self.shapes.get(n, s) != s},
            "not finite": {n for n, t in weights.items() if not bool(torch.isfinite(t).all())},
            "frozen but changed": {n for n, d in frozen.items() if d != self.frozen[n]},
        }
        return [f"{len(names)} {what}, as {min(names)}" for what, names in found.items() if names]


def gather(model: Any) -> dict[str, Tensor]:
    """Returns a model's whole weights in the host's memory; call it on every rank.

    Under ZeRO-3 each rank holds a part of every tensor: they are put together one by one, and only
    the first rank keeps them. The others get nothing.
    """
    found: dict[str, Tensor] = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        if not hasattr(tensor, "ds_id"):
            whole = tensor
            if rank() == 0:
                found[name] = whole.detach().cpu().contiguous()
            continue
        import deepspeed

        with deepspeed.zero.GatheredParameters([tensor]):
            if rank() == 0:
                found[name] = tensor.detach().cpu().clone()
    return found


def export(model: Any, weights: Mapping[str, Tensor], expected: Expected, folder: Path) -> None:
    """Writes a model folder and reads it again; what is not as it was trained is not published.

    Args:
        model: The model, for its settings.
        weights: Its whole weights, adapters merged.
        expected: What was seen when it was opened.
        folder: Where it goes.

    Raises:
        DataError: The weights are broken, or the file does not hold them.
    """
    kept = {name: weights[name] for name in weights if name in expected.shapes}
    extra = {name: weights[name] for name in weights.keys() - kept.keys() if not _tied(model, name)}
    problems = expected.problems(kept | extra)
    if not problems:
        save_settings(model, folder)
        write_tensors(kept, folder / WEIGHTS)
        problems = differences(folder / WEIGHTS, kept)
    if problems:
        raise DataError(
            f"{folder / WEIGHTS} would not hold the model that was trained: {'; '.join(problems)}. "
            "Nothing is published; the last checkpoint is kept. Try again with: snakemake"
        )


def differences(path: Path, weights: Mapping[str, Tensor]) -> list[str]:
    """Returns how a file differs from weights in memory, at most a line of each kind."""
    with safe_open(path, "pt") as file:
        names = set(file.keys())
        both = sorted(names & weights.keys())
        unequal = [name for name in both if not _same(file.get_tensor(name), weights[name])]
    found = {
        "not written": weights.keys() - names,
        "written but unknown": names - weights.keys(),
        "written otherwise": unequal,
    }
    return [f"{len(some)} {what}, as {min(some)}" for what, some in found.items() if some]


def digest(tensor: Tensor) -> str:
    """Returns the sha256 of a tensor's bytes."""
    flat = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
    return hashlib.sha256(flat.numpy().data).hexdigest()


def _same(a: Tensor, b: Tensor) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)


def _tied(model: Any, name: str) -> bool:
    return name in model.all_tied_weights_keys
