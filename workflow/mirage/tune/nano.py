"""The tiny vision-language models: real model classes, built from settings and a seed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from mirage.contracts import DataError
from mirage.tune.families import PARTS, family, family_of

WEIGHTS = "model.safetensors"
TIED = "lm_head.weight"


def build_model(
    model: Mapping[str, Any], vocab_size: int, special: Mapping[str, int], seed: int
) -> Any:
    """Returns a freshly initialised model; the weights depend on settings and seed alone.

    Args:
        model: Settings of the group ``model`` (``conf/model``).
        vocab_size: Tokens in the vocabulary, special tokens among them.
        special: Token ids by name (``processing.special_ids``).
        seed: Seed of the weights.
    """
    made = family(model["architecture"])
    config = made.config(model, vocab_size, special)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        built = made.kind(config)
        made.settle(built)
    built.generation_config.pad_token_id = special["pad"]
    built.generation_config.eos_token_id = special["eos"]
    return built


def open_model(folder: Path) -> Any:
    """Returns the model of a folder in fp32, as ``AutoModelForImageTextToText`` would, only sooner.

    Raises:
        DataError: The folder holds no model of a known class.
    """
    try:
        name = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
        return family(name).kind.from_pretrained(folder, dtype=torch.float32)
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as broken:
        raise DataError(
            f"{folder} is no model folder that transformers can open ({broken}). "
            "Remove it and run snakemake again."
        ) from None


def save_model(model: Any, folder: Path) -> None:
    """Writes the files that ``save_pretrained`` would write, without its import of DeepSpeed."""
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    save_weights(model, folder / WEIGHTS)


def save_weights(model: Any, path: Path) -> None:
    """Writes the weights as safetensors; the head is the embedding and is not written twice."""
    weights = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in model.state_dict().items()
        if name != TIED
    }
    safetensors.torch.save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)  # safetensors leaves it to its owner alone; stores are shared


def load_weights(model: Any, path: Path) -> None:
    """Reads what ``save_weights`` wrote into a model of the same shape."""
    missing, unexpected = model.load_state_dict(safetensors.torch.load_file(path), strict=False)
    if set(missing) - {TIED} or unexpected:
        raise DataError(f"{path} holds the weights of another model. Remove {path.parent}.")


def freeze(model: Any, parts: Sequence[str]) -> dict[str, int]:
    """Lets only the named parts learn.

    Returns:
        Parameters of each part and, under ``trainable``, of those that learn.

    Raises:
        DataError: An unknown part, or a parameter that belongs to no part.
    """
    if unknown := sorted(set(parts) - set(PARTS)):
        raise DataError(f"recipe.tune.parts: unknown {unknown}; allowed are {sorted(PARTS)}.")
    prefixes = family_of(model).parts
    counts = dict.fromkeys(PARTS, 0)
    for name, parameter in model.named_parameters():
        part = next((p for p, starts in prefixes.items() if name.startswith(starts)), None)
        if part is None:
            raise DataError(f"parameter {name} belongs to none of {sorted(PARTS)}.")
        parameter.requires_grad_(part in parts)
        counts[part] += parameter.numel()
    return counts | {"trainable": sum(counts[part] for part in parts)}
