"""The tiny vision-language models: real model classes, built from settings and a seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from mirage.tune.families import family


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
