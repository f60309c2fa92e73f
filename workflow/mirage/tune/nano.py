"""The tiny vision-language model: InternVL's own class, built from settings and a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import safetensors.torch
import torch
from transformers.models.internvl.configuration_internvl import InternVLConfig
from transformers.models.internvl.modeling_internvl import InternVLForConditionalGeneration

from mirage.contracts import DataError

PARTS: Final[dict[str, str]] = {
    "vision": "model.vision_tower.",
    "projector": "model.multi_modal_projector.",
    "language_model": "model.language_model.",
}
"""Part of the model -> prefix of its parameters (the head is tied to the language model)."""


WEIGHTS = "model.safetensors"
TIED = "lm_head.weight"


def image_tokens(model: Mapping[str, Any]) -> int:
    """Returns how many tokens one picture takes in the prompt, its two markers left out.

    Args:
        model: Settings of the group ``model``.
    """
    shape = model["shape"]
    side = int(model["image_size"] / shape["vision"]["patch_size"] * shape["downsample_ratio"])
    return side * side


def build_config(
    model: Mapping[str, Any], vocab_size: int, special: Mapping[str, int]
) -> InternVLConfig:
    """Returns the model's configuration.

    Args:
        model: Settings of the group ``model`` (``conf/model``).
        vocab_size: Tokens in the vocabulary, special tokens among them.
        special: Token ids of ``image``, ``pad`` and ``eos``.
    """
    shape = model["shape"]
    text, vision = shape["text"], shape["vision"]
    ends: dict[str, Any] = {
        "pad_token_id": special["pad"],
        "eos_token_id": special["eos"],
        "bos_token_id": None,
    }
    return InternVLConfig(
        vision_config={
            "hidden_size": vision["hidden_size"],
            "num_hidden_layers": vision["layers"],
            "num_attention_heads": vision["heads"],
            "intermediate_size": vision["intermediate_size"],
            "image_size": model["image_size"],
            "patch_size": vision["patch_size"],
        },
        text_config={
            "model_type": "qwen2",
            "vocab_size": vocab_size,
            "hidden_size": text["hidden_size"],
            "num_hidden_layers": text["layers"],
            "num_attention_heads": text["heads"],
            "num_key_value_heads": text["kv_heads"],
            "intermediate_size": text["intermediate_size"],
            "max_position_embeddings": text["max_tokens"],
            "rope_parameters": {"rope_type": "default", "rope_theta": float(text["rope_theta"])},
            "tie_word_embeddings": True,
            **ends,
        },
        image_token_id=special["image"],
        image_seq_length=image_tokens(model),
        downsample_ratio=shape["downsample_ratio"],
        tie_word_embeddings=True,
        dtype="float32",
        **ends,
    )


def build_model(
    model: Mapping[str, Any], vocab_size: int, special: Mapping[str, int], seed: int
) -> InternVLForConditionalGeneration:
    """Returns a freshly initialised model; the weights depend on settings and seed alone.

    The stock initialisation leaves the places of the patches at zero, from where a small model
    trained for a few hundred steps moves away too slowly: they are drawn from the model's own seed.
    """
    config = build_config(model, vocab_size, special)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        built = InternVLForConditionalGeneration(config)
        tower = built.model.vision_tower
        scale = tower.config.initializer_range
        with torch.no_grad():
            tower.embeddings.position_embeddings.normal_(0.0, scale)
            tower.embeddings.cls_token.normal_(0.0, scale)
    built.generation_config.pad_token_id = special["pad"]
    built.generation_config.eos_token_id = special["eos"]
    return built


def open_model(folder: Path) -> InternVLForConditionalGeneration:
    """Returns the model of a folder in fp32, as ``AutoModelForImageTextToText`` would, only sooner.

    Raises:
        DataError: The folder holds no InternVL model.
    """
    try:
        return InternVLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    except (OSError, ValueError, safetensors.SafetensorError) as broken:
        raise DataError(
            f"{folder} is no model folder that transformers can open ({broken}). "
            "Remove it and run snakemake again."
        ) from None


def save_model(model: InternVLForConditionalGeneration, folder: Path) -> None:
    """Writes the files that ``save_pretrained`` would write, without its import of DeepSpeed."""
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    save_weights(model, folder / WEIGHTS)


def save_weights(model: InternVLForConditionalGeneration, path: Path) -> None:
    """Writes the weights as safetensors; the head is the embedding and is not written twice."""
    weights = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in model.state_dict().items()
        if name != TIED
    }
    safetensors.torch.save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)  # safetensors leaves it to its owner alone; stores are shared


def load_weights(model: InternVLForConditionalGeneration, path: Path) -> None:
    """Reads what ``save_weights`` wrote into a model of the same shape."""
    missing, unexpected = model.load_state_dict(safetensors.torch.load_file(path), strict=False)
    if set(missing) - {TIED} or unexpected:
        raise DataError(f"{path} holds the weights of another model. Remove {path.parent}.")


def freeze(model: InternVLForConditionalGeneration, parts: Sequence[str]) -> dict[str, int]:
    """Lets only the named parts learn.

    Returns:
        Parameters of each part and, under ``trainable``, of those that learn.

    Raises:
        DataError: An unknown part, or a parameter that belongs to no part.
    """
    if unknown := sorted(set(parts) - set(PARTS)):
        raise DataError(f"recipe.tune.parts: unknown {unknown}; allowed are {sorted(PARTS)}.")
    counts = dict.fromkeys(PARTS, 0)
    for name, parameter in model.named_parameters():
        part = next((p for p, prefix in PARTS.items() if name.startswith(prefix)), None)
        if part is None:
            raise DataError(f"parameter {name} belongs to none of {sorted(PARTS)}.")
        parameter.requires_grad_(part in parts)
        counts[part] += parameter.numel()
    return counts | {"trainable": sum(counts[part] for part in parts)}
