"""Model folders: opened, written, loaded into a model, and which of its parameters learn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from mirage.contracts import DataError
from mirage.tune.families.base import PARTS, Family

WEIGHTS = "model.safetensors"


def open_model(
    folder: Path,
    family: Family,
    dtype: torch.dtype = torch.float32,
    device: torch.device | None = None,
) -> Any:
    """Returns the model of a folder, as ``AutoModelForImageTextToText`` would, only sooner.

    Code that lies in the folder never runs, and no weights but safetensors are read.

    Args:
        folder: The folder.
        family: Its class.
        dtype: Of the weights.
        device: Where they are read to at once; the processor's memory if not given.

    Raises:
        DataError: The folder holds no model of that class.
    """
    try:
        name = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
        if name != family.name:
            raise ValueError(f"it is a {name}, not a {family.name}")
        place = {} if device is None else {"device_map": {"": device}}
        return family.kind.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, trust_remote_code=False, **place
        )
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as broken:
        raise DataError(
            f"{folder} is no model folder that transformers can open ({broken}). "
            "Remove it and run snakemake again."
        ) from None


def save_model(model: Any, folder: Path) -> None:
    """Writes the files that ``save_pretrained`` would write, without its import of DeepSpeed."""
    save_settings(model, folder)
    save_weights(model, folder / WEIGHTS)


def save_settings(model: Any, folder: Path) -> None:
    """Writes what a model folder holds beside weights and encoding."""
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)


def save_weights(model: Any, path: Path) -> None:
    """Writes the weights as safetensors; of two tied tensors only the source is written."""
    tied = tied_weights(model)
    weights = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in model.state_dict().items()
        if name not in tied
    }
    write_tensors(weights, path)


def write_tensors(weights: Mapping[str, torch.Tensor], path: Path) -> None:
    """Writes tensors as safetensors that everyone may read."""
    safetensors.torch.save_file(dict(weights), path, metadata={"format": "pt"})
    path.chmod(0o644)  # safetensors leaves it to its owner alone; stores are shared


def round_weights(model: Any) -> None:
    """Rounds every weight to bfloat16, in place; it stays fp32.

    A base is released in half the bytes without losing anything, and one trained here starts its
    recipes from weights of the same kind.
    """
    with torch.no_grad():
        for tensor in model.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(tensor.bfloat16())


def release_weights(source: Path, target: Path) -> None:
    """Writes weights that were rounded to bfloat16 in that type; equal weights give equal bytes.

    Raises:
        DataError: They were not rounded.
    """
    weights = safetensors.torch.load_file(source)
    short = {n: t.bfloat16() if t.is_floating_point() else t for n, t in weights.items()}
    if not all(torch.equal(short[name].to(t.dtype), t) for name, t in weights.items()):
        raise DataError(
            f"{source} holds weights that bfloat16 cannot. Remove {source.parent}, make the base "
            "again with: snakemake --config study=bases_from_scratch"
        )
    safetensors.torch.save_file(short, target, metadata={"format": "pt"})
    target.chmod(0o644)


def load_weights(model: Any, path: Path) -> None:
    """Reads what ``save_weights`` wrote into a model of the same shape.

    Raises:
        DataError: A tensor of the model is missing, though it is tied to no other, or one is left
            over, or has another shape.
    """
    weights = safetensors.torch.load_file(path)
    try:
        missing, unexpected = model.load_state_dict(weights, strict=False)
    except RuntimeError:  # torch's name for a tensor of another shape
        missing, unexpected = [], list(weights)
    if set(missing) - tied_weights(model) or unexpected:
        raise DataError(f"{path} holds the weights of another model. Remove {path.parent}.")


def tied_weights(model: Any) -> set[str]:
    """Returns the tensors that are another one under a second name: heads tied to embeddings.

    The model's class names candidates; only those that share their storage count, since a
    configuration may untie them.
    """
    tensors = model.state_dict()
    pairs = model.all_tied_weights_keys.items()
    return {
        copy
        for copy, source in pairs
        if copy in tensors and tensors[copy].data_ptr() == tensors[source].data_ptr()
    }


def freeze(model: Any, parts: Sequence[str], family: Family) -> dict[str, int]:
    """Lets only the named parts learn.

    Returns:
        Parameters of each part and, under ``trainable``, of those that learn.

    Raises:
        DataError: An unknown part, or a parameter that belongs to no part.
    """
    if unknown := sorted(set(parts) - set(PARTS)):
        raise DataError(f"recipe.tune.parts: unknown {unknown}; allowed are {sorted(PARTS)}.")
    prefixes = family.parts
    counts = dict.fromkeys(PARTS, 0)
    for name, parameter in model.named_parameters():
        part = next((p for p, starts in prefixes.items() if name.startswith(starts)), None)
        if part is None:
            raise DataError(f"parameter {name} belongs to none of {sorted(PARTS)}.")
        parameter.requires_grad_(part in parts)
        counts[part] += parameter.numel()
    return counts | {"trainable": sum(counts[part] for part in parts)}
