"""A tiny folder in InternVL's original form: its names and shapes, weights drawn by number.

``python tests/convert/internvl_chat_stand_in.py /tmp/tiny`` writes one, to try the conversion.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import safetensors.numpy
import sentencepiece

HIDDEN, HEADS, KV_HEADS, INNER, LAYERS = 128, 4, 2, 48, 2
SEEN, SEEN_INNER, PATCH, SIDE = 16, 24, 4, 16
PIECES = 300
MARKS = ("<ref>", "</ref>", "<img>", "</img>", "<IMG_CONTEXT>", "<quad>", "</quad>")
SPARE = {"[UNUSED_TOKEN_145]": "<|im_end|>", "[UNUSED_TOKEN_146]": "<|im_start|>"}
"""Pieces of the sentencepiece model -> what the folder calls them."""
TURN_END = 3
"""Id of the first of them: they stand behind three control pieces."""
SENTENCES = [
    "Is it safe to put the metal fork into the toaster while it is on?",
    "No. The fork conducts electricity, so you could get a shock. Unplug the toaster first.",
    "What do the two pictures show, and why might someone get hurt? Please explain briefly.",
    "Water boils at one hundred degrees; 3 x 14 = 42. Crème brûlée, naïve café.",
]
CONFIG = {
    "model_type": "internvl_chat",
    "architectures": ["InternVLChatModel"],
    "auto_map": {"AutoModel": "modeling_internvl_chat.InternVLChatModel"},
    "downsample_ratio": 0.5,
    "dynamic_image_size": True,
    "force_image_size": SIDE,
    "min_dynamic_patch": 1,
    "max_dynamic_patch": 6,
    "ps_version": "v2",
    "select_layer": -1,
    "template": "internvl2_5",
    "torch_dtype": "float32",
    "use_thumbnail": True,
    "llm_config": {
        "architectures": ["InternLM2ForCausalLM"],
        "model_type": "internlm2",
        "vocab_size": PIECES + len(MARKS),
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "hidden_act": "silu",
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5,
        "rope_theta": 1000000,
        "rope_scaling": {"type": "dynamic", "factor": 2.0},
        "bias": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 2,
    },
    "vision_config": {
        "architectures": ["InternVisionModel"],
        "model_type": "intern_vit_6b",
        "hidden_size": SEEN,
        "intermediate_size": SEEN_INNER,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": SIDE,
        "patch_size": PATCH,
        "qkv_bias": True,
        "qk_normalization": False,
        "norm_type": "layer_norm",
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-6,
        "use_flash_attn": False,
    },
}


def write(folder: Path) -> Path:
    """Writes configuration, weights in two files, and a sentencepiece tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=1), encoding="utf-8")
    weights = original_weights()
    names = sorted(weights)
    half = len(names) // 2
    for number, part in enumerate((names[:half], names[half:]), 1):
        path = folder / f"model-0000{number}-of-00002.safetensors"
        safetensors.numpy.save_file({name: weights[name] for name in part}, path)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 4),
        model_writer=model,
        vocab_size=PIECES,
        model_type="bpe",
        byte_fallback=True,
        add_dummy_prefix=False,
        character_coverage=0.98,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        user_defined_symbols=list(SPARE),
        minloglevel=2,
        num_threads=1,
    )
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    added = {mark: PIECES + number for number, mark in enumerate(MARKS)}
    (folder / "added_tokens.json").write_text(json.dumps(added), encoding="utf-8")
    named = {0: "<unk>", 1: "<s>", 2: "</s>", **dict(enumerate(SPARE.values(), TURN_END))}
    named |= {number: mark for mark, number in added.items()}
    decoder = {str(n): {"content": token, "special": True} for n, token in named.items()}
    settings = {"tokenizer_class": "InternLM2Tokenizer", "added_tokens_decoder": decoder}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def shapes() -> dict[str, tuple[int, ...]]:
    """Returns original name -> shape of all weights."""
    width = HIDDEN // HEADS
    tokens = (SIDE // PATCH) ** 2 + 1
    found: dict[str, tuple[int, ...]] = {
        "vision_model.embeddings.class_embedding": (1, 1, SEEN),
        "vision_model.embeddings.position_embedding": (1, tokens, SEEN),
        "vision_model.embeddings.patch_embedding.weight": (SEEN, 3, PATCH, PATCH),
        "vision_model.embeddings.patch_embedding.bias": (SEEN,),
        "language_model.model.tok_embeddings.weight": (PIECES + len(MARKS), HIDDEN),
        "language_model.model.norm.weight": (HIDDEN,),
        "language_model.output.weight": (PIECES + len(MARKS), HIDDEN),
        "mlp1.0.weight": (4 * SEEN,),
        "mlp1.0.bias": (4 * SEEN,),
        "mlp1.1.weight": (HIDDEN, 4 * SEEN),
        "mlp1.1.bias": (HIDDEN,),
        "mlp1.3.weight": (HIDDEN, HIDDEN),
        "mlp1.3.bias": (HIDDEN,),
    }
    for layer in range(LAYERS):
        of = f"vision_model.encoder.layers.{layer}."
        found |= {of + "ls1": (SEEN,), of + "ls2": (SEEN,)}
        for name, rows, columns in (
            ("attn.qkv", 3 * SEEN, SEEN),
            ("attn.proj", SEEN, SEEN),
            ("mlp.fc1", SEEN_INNER, SEEN),
            ("mlp.fc2", SEEN, SEEN_INNER),
        ):
            found |= {f"{of}{name}.weight": (rows, columns), f"{of}{name}.bias": (rows,)}
        for name in ("norm1", "norm2"):
            found |= {f"{of}{name}.weight": (SEEN,), f"{of}{name}.bias": (SEEN,)}
        of = f"language_model.model.layers.{layer}."
        found |= {
            of + "attention.wqkv.weight": ((HEADS + 2 * KV_HEADS) * width, HIDDEN),
            of + "attention.wo.weight": (HIDDEN, HIDDEN),
            of + "feed_forward.w1.weight": (INNER, HIDDEN),
            of + "feed_forward.w2.weight": (HIDDEN, INNER),
            of + "feed_forward.w3.weight": (INNER, HIDDEN),
            of + "attention_norm.weight": (HIDDEN,),
            of + "ffn_norm.weight": (HIDDEN,),
        }
    return found


def original_weights() -> dict[str, np.ndarray]:
    """Returns original name -> weights, the same on every machine."""
    return {
        name: drawn(number, shape, near=1.0 if "norm" in name or "mlp1.0.w" in name else 0.0)
        for number, (name, shape) in enumerate(sorted(shapes().items()))
    }


def drawn(number: int, shape: Sequence[int], near: float = 0.0) -> np.ndarray:
    """Returns numbers around a value, from a generator that no version of a library changes."""
    bits = np.random.PCG64(number).random_raw(int(np.prod(shape)))
    unit = (bits >> np.uint64(11)).astype(np.float64) / 2.0**53 - 0.5
    return (near + 0.6 * unit).astype(np.float32).reshape(shape)


def inputs() -> tuple[list[int], np.ndarray]:
    """Returns ids of a prompt with two pictures of one tile, and their pixels."""
    picture = PIECES + MARKS.index("<IMG_CONTEXT>")
    start, end = PIECES + MARKS.index("<img>"), PIECES + MARKS.index("</img>")
    shown = [start, *[picture] * (SIDE // PATCH // 2) ** 2, end]
    ids = [1, PIECES, 260, 270, *shown, 280, *shown, 5, 6, 290, 265, PIECES + 1, 271, PIECES]
    return ids, drawn(999, (2, 3, SIDE, SIDE)) * 4


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
