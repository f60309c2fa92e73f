"""LoRA: adapters of peft on linear layers, and what their weights are without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from mirage.contracts import DataError
from mirage.tune.families.base import Family

_NAME = "default"
_BASE, _DOWN, _UP = ".base_layer.", f".lora_A.{_NAME}.weight", f".lora_B.{_NAME}.weight"


def adapted(
    model: Any, family: Family, parts: Sequence[str], settings: Mapping[str, Any]
) -> list[str]:
    """Returns the layers of a model that get adapters: their weights alone will change.

    Args:
        model: The model.
        family: Its class.
        parts: Parts of the model whose layers get adapters.
        settings: The block ``tune.large.lora``.

    Raises:
        DataError: A target names no linear layer of these parts.
    """
    layers = _layers(model, family, parts)
    if settings["targets"] == "all":
        return layers
    wanted = set(settings["targets"])
    known = {name.rpartition(".")[2] for name in layers}
    if missing := sorted(wanted - known):
        raise DataError(
            f"tune.large.lora.targets: {', '.join(parts)} of {family.name} has no linear layer "
            f"called {', '.join(missing)}; there are {', '.join(sorted(known))}, or: all"
        )
    return [name for name in layers if name.rpartition(".")[2] in wanted]


def add_adapters(model: Any, layers: Sequence[str], settings: Mapping[str, Any], seed: int) -> int:
    """Puts adapters into a model and freezes all else.

    Args:
        model: The model, changed in place.
        layers: Layers that get adapters.
        settings: The block ``tune.large.lora``.
        seed: Of the adapters' first values.

    Returns:
        Parameters of the adapters, which alone learn.
    """
    import torch
    from peft import LoraConfig, inject_adapter_in_model

    config = LoraConfig(
        r=settings["rank"],
        lora_alpha=settings["alpha"],
        lora_dropout=settings["dropout"],
        target_modules=list(layers),
        bias="none",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject_adapter_in_model(config, model, adapter_name=_NAME)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(".lora_" in name)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def merged(weights: Mapping[str, Tensor], settings: Mapping[str, Any]) -> dict[str, Tensor]:
    """Returns the weights that compute what a model with adapters computes, under stock names.

    ``W + alpha / rank * B A`` (Hu et al., 2021, section 4.1), computed in fp32.

    Args:
        weights: Those of a model with adapters.
        settings: The block ``tune.large.lora``.
    """
    scale = settings["alpha"] / settings["rank"]
    plain: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if name.endswith((_DOWN, _UP)):
            continue
        stem, base, last = name.partition(_BASE)
        if base and last == "weight":
            change = weights[stem + _UP].float() @ weights[stem + _DOWN].float()
            plain[f"{stem}.weight"] = (tensor.float() + scale * change).to(tensor.dtype)
        else:
            plain[f"{stem}.{last}" if base else name] = tensor
    return plain


def _layers(model: Any, family: Family, parts: Sequence[str]) -> list[str]:
    """Returns the linear layers of some parts; the head, which writes words, is none of them."""
    layers = []
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and not name.startswith("lm_head"):
            starts = family.parts.items()
            part = next((p for p, begin in starts if f"{name}.".startswith(begin)), None)
            if part in parts:
                layers.append(name)
    return layers
