"""Floating-point operations that a training step needs, counted part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from mirage.tune.data import Encoded
from mirage.tune.families.base import Family

_HEAD = "lm_head"


@dataclass(frozen=True)
class Part:
    """The matrices of one part of a model, each multiplied by every token that passes.

    Attributes:
        weights: Their numbers; embeddings are looked up and multiply nothing.
        trained: Those of them that learn.
        passed: Whether gradients pass through it: it learns, or something before it does.
    """

    weights: int
    trained: int
    passed: bool

    def per_token(self) -> float:
        """Returns ``2 N + 2 N [passed] + 2 T``: forward, gradients of values, of weights."""
        return 2 * self.weights * (1 + self.passed) + 2 * self.trained


@dataclass(frozen=True)
class Attention:
    """The products of queries, keys and values, which cost the square of what attends together.

    Attributes:
        size: Layers x heads x size of a head.
        causal: Whether a token sees only those before it: half of the products.
        passed: As of ``Part``.
    """

    size: int
    causal: bool
    passed: bool

    def together(self, tokens: float) -> float:
        """Returns the operations for tokens that attend to each other: 4 n² of each size.

        Half of it where causal; twice as much again where gradients pass.
        """
        return 4 * tokens**2 * self.size * (0.5 if self.causal else 1.0) * (1 + 2 * self.passed)


@dataclass(frozen=True)
class Counted:
    """What decides a step's operations.

    For a step with t tokens in the language model, l of them learnt from, p picture tokens, and v
    patches in the tower, the samples having s tokens each and the patches attending in groups of g:

        F = t·(2 N_l (1 + b_l) + 2 T_l) + l·(the same of the head) + p·(of the projector)
            + v·(of the tower) + 2 D_l Σ s² (1 + 2 b_l) + 4 D_v Σ g² (1 + 2 b_v)

    N: weights of the matrices of a part, T: those of them that are trained, b: 1 where gradients
    pass through the part (it is trained, or one before it is), else 0, D: layers x heads x size of
    a head. So a part that is trained costs 6 N a token, a frozen one that gradients pass 4 N, a
    frozen one in front of all that learns 2 N, and one whose outputs come from a file nothing. With
    LoRA N holds both the frozen matrices and the adapters, T the adapters alone. This is the count
    of Kaplan et al. (2020) and Chowdhery et al. (2022, appendix B), with frozen parts told apart
    and attention counted as causal and within samples. What activation checkpointing computes a
    second time does not count: it is no progress. Norms, activations and softmax are left out, as
    there.

    Attributes:
        language: Matrices of the language model.
        head: The matrix that gives logits; it multiplies the tokens that are learnt from.
        projector: Matrices between tower and language model.
        vision: Those of the tower; without weights where its outputs come from a file.
        attention: Of the language model.
        seeing: Of the tower.
        patches: Patches of a row of pictures.
        features: Picture tokens of a row.
        joint: Whether a picture's rows attend to each other in the tower.
    """

    language: Part
    head: Part
    projector: Part
    vision: Part
    attention: Attention
    seeing: Attention
    patches: int
    features: int
    joint: bool

    def step(self, data: Encoded, batch: Sequence[int]) -> float:
        """Returns the operations of one step, over all ranks.

        Args:
            data: The training set.
            batch: Samples of the step.
        """
        lengths = data.lengths[list(batch)].astype(np.float64)
        rows = sum(len(data.pictures[sample]) for sample in batch)
        pictures = [int(n) if self.joint else 1 for s in batch for n in data.slots[s]]
        times = [1 if self.joint else int(n) for s in batch for n in data.slots[s]]
        total = lengths.sum() * self.language.per_token()
        total += float(data.answers[list(batch)].sum()) * self.head.per_token()
        total += rows * self.features * self.projector.per_token()
        total += rows * self.patches * self.vision.per_token()
        total += sum(self.attention.together(length) for length in lengths)
        if self.vision.weights:
            groups = zip(pictures, times, strict=True)
            total += sum(k * self.seeing.together(n * self.patches) for n, k in groups)
        return float(total)


def count(model: Any, family: Family, kept: bool) -> Counted:
    """Returns what decides the operations of a model's training steps.

    Args:
        model: The model, its parts frozen or not; with adapters, where there are some.
        family: Its class.
        kept: Whether the tower's outputs come from a file.
    """
    weights = {part: [0, 0] for part in (*family.parts, "head")}
    learns: dict[str, bool] = dict.fromkeys(weights, False)
    for name, module in model.named_modules():
        if not isinstance(module, nn.Linear | nn.Conv2d | nn.Conv3d):
            continue
        part = "head" if _HEAD in name else _part(f"{name}.", family)
        weights[part][0] += module.weight.numel()
        weights[part][1] += module.weight.numel() * module.weight.requires_grad
    for name, parameter in model.named_parameters():
        part = "head" if _HEAD in name else _part(name, family)
        learns[part] |= parameter.requires_grad
    passed, before = {}, False
    for part in ("vision", "projector", "language_model", "head"):
        passed[part] = before = before or learns[part]
    parts = {part: Part(n, trained, passed[part]) for part, (n, trained) in weights.items()}
    text, tower = model.config.text_config, model.config.vision_config
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    joint = hasattr(tower, "spatial_merge_size")
    patches, features = _tokens(model.config)
    return Counted(
        language=parts["language_model"],
        head=parts["head"],
        projector=parts["projector"],
        vision=Part(0, 0, False) if kept else parts["vision"],
        attention=Attention(
            text.num_hidden_layers * text.num_attention_heads * head,
            True,
            passed["language_model"],
        ),
        seeing=Attention(_depth(tower) * _width(tower), False, passed["vision"]),
        patches=patches,
        features=features,
        joint=joint,
    )


def _part(name: str, family: Family) -> str:
    """Returns the part of a parameter, also where adapters put a prefix before its name."""
    found = (part for part, starts in family.parts.items() if any(s in name for s in starts))
    return next(found)


def _tokens(config: Any) -> tuple[int, int]:
    """Returns the patches of a row of pictures, and the tokens that the projector makes of it."""
    tower = config.vision_config
    if hasattr(tower, "spatial_merge_size"):
        return tower.spatial_merge_size**2, 1
    size, patch = (v if isinstance(v, int) else v[0] for v in (tower.image_size, tower.patch_size))
    patches = (size // patch) ** 2
    ratio = getattr(config, "downsample_ratio", 1.0)
    # InternVL's tower has a token of its own beside the patches, which the projector never sees.
    extra = 1 if hasattr(config, "downsample_ratio") else 0
    return patches + extra, round(patches * ratio**2)


def _depth(tower: Any) -> int:
    return int(tower.depth if hasattr(tower, "depth") else tower.num_hidden_layers)


def _width(tower: Any) -> int:
    return int(tower.embed_dim if hasattr(tower, "embed_dim") else tower.hidden_size)
