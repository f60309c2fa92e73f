"""Attention within each sample of a packed row, without a mask.

transformers tells packed samples apart by their positions and makes a mask of (row x row), with
which attention costs the square of the row, in time and in memory. Here each sample's tokens attend
to themselves by a call of their own: that costs the squares of the samples, and torch's fused
causal kernels, which take no mask, serve it on any device.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.modeling_utils import AttentionInterface

NAME: Final = "mirage_by_sample"


def attend(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    spans: list[int] | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    """Causal attention of each sample of one row; an ``AttentionInterface`` of transformers.

    Args:
        module: The attention layer.
        query: (1, heads, tokens, size of a head).
        key: (1, key-value heads, tokens, size of a head).
        value: As ``key``.
        attention_mask: A mask that stands for itself; without ``spans`` alone.
        spans: Tokens of each sample, in their order.
        more: What the layer hands to scaled dot products.

    Returns:
        (1, tokens, heads, size of a head), and no weights.

    Raises:
        ValueError: Neither spans nor a mask say which tokens belong together.
    """
    if spans is None:
        if attention_mask is None and query.shape[2] > 1:
            raise ValueError(f"{NAME} needs the spans of the samples of a row, or a mask.")
        return sdpa_attention_forward(module, query, key, value, attention_mask, **more)
    parts = zip(*(torch.split(each, spans, dim=2) for each in (query, key, value)), strict=True)
    seen = [sdpa_attention_forward(module, q, k, v, None, **more)[0] for q, k, v in parts]
    return torch.cat(seen, dim=1), None


def attend_by_sample(model: Any) -> None:
    """Has a model's language model attend within samples; ``objective`` gives the spans."""
    AttentionInterface.register(NAME, attend)
    model.model.language_model.set_attn_implementation(NAME)
