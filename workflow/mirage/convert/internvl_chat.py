"""InternVL's original form (``internvl_chat``) becomes the form of transformers (``internvl``).

Checkpoints such as InternVL2.5-8B come with modelling code of their own, which never runs here.
Their weights are the native class's under other names: the vision tower's joint query, key and
value are taken apart, and so is InternLM2's, which lies grouped by heads of keys and values. Files
are read and written one by one, so memory holds the largest of them alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import safetensors.torch
import torch
from safetensors import safe_open
from transformers import InternVLConfig
from transformers.models.internvl.modeling_internvl import InternVLForConditionalGeneration

from mirage.context import ConfigError
from mirage.convert.tokenizer import IMAGE_TOKEN, write_tokenizer
from mirage.tune.stock.base import read_json

Say = Callable[[str], None]
INDEX: Final = "model.safetensors.index.json"

VISION: Final = {
    "embeddings.class_embedding": "embeddings.cls_token",
    "embeddings.position_embedding": "embeddings.position_embeddings",
    "embeddings.patch_embedding.": "embeddings.patch_embeddings.projection.",
    "encoder.layers.": "encoder.layer.",
    ".ls1": ".lambda_1",
    ".ls2": ".lambda_2",
    ".attn.proj.": ".attention.projection_layer.",
    ".attn.": ".attention.",
    ".norm1.": ".layernorm_before.",
    ".norm2.": ".layernorm_after.",
}
"""Of the vision tower: part of a name -> what it is called in transformers, in this order."""

INTERNLM2: Final = {
    "tok_embeddings.": "embed_tokens.",
    ".attention.wo.": ".self_attn.o_proj.",
    ".attention.wqkv.": ".self_attn.wqkv.",
    ".feed_forward.w1.": ".mlp.gate_proj.",
    ".feed_forward.w2.": ".mlp.down_proj.",
    ".feed_forward.w3.": ".mlp.up_proj.",
    ".attention_norm.": ".input_layernorm.",
    ".ffn_norm.": ".post_attention_layernorm.",
}
"""Of the language model InternLM2, which is a Llama under other names."""

PROJECTOR: Final = {"mlp1.0.": "layer_norm.", "mlp1.1.": "linear_1.", "mlp1.3.": "linear_2."}

LANGUAGE: Final = {
    "InternLM2ForCausalLM": "llama",
    "LlamaForCausalLM": "llama",
    "Qwen2ForCausalLM": "qwen2",
}
"""Class of the language model -> its ``model_type`` in transformers."""

TEXT_KEYS: Final = (
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "hidden_act", "max_position_embeddings", "rms_norm_eps",
    "initializer_range", "bos_token_id", "eos_token_id", "pad_token_id",
)  # fmt: skip
VISION_KEYS: Final = (
    "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act",
    "layer_norm_eps", "patch_size", "num_channels", "norm_type", "initializer_range",
)  # fmt: skip

Weights = dict[str, torch.Tensor]


def convert(source: Path, target: Path, *, tokenizer: Path | None, say: Say) -> None:
    """Writes a folder that stock classes open, from one in InternVL's original form.

    Args:
        source: The original folder, with ``config.json`` and safetensors.
        target: A folder that does not exist or is empty.
        tokenizer: A folder with the same tokenizer as ``tokenizer.json``, if the source has only
            ``tokenizer.model`` and sentencepiece is not at hand.
        say: Told how far it got.

    Raises:
        ConfigError: The source is of another form, a tensor is missing or left over, or the target
            holds files.
    """
    if target.exists() and any(target.iterdir()):
        raise ConfigError(f"{target} is not empty. Name a new folder.")
    try:
        plain = read_json(source / "config.json")
    except (OSError, ValueError) as broken:
        raise ConfigError(f"{source / 'config.json'} cannot be read ({broken}).") from None
    _check_form(plain, source)
    shards = sorted(source.glob("*.safetensors"))
    if not shards:
        raise ConfigError(
            f"{source} holds no *.safetensors; weights in other formats are not read."
        )
    target.mkdir(parents=True, exist_ok=True)
    ids = write_tokenizer(source, target, tokenizer)
    config = InternVLConfig(**config_of(plain, ids[IMAGE_TOKEN]))
    config.architectures = ["InternVLForConditionalGeneration"]
    wanted = _wanted(config)
    written: dict[str, str] = {}
    size = 0
    for number, shard in enumerate(shards, 1):
        say(f"{shard.name} ({number} of {len(shards)})")
        weights = dict(_renamed(shard, plain))
        _check_shapes(weights, wanted, shard)
        safetensors.torch.save_file(weights, target / shard.name, metadata={"format": "pt"})
        (target / shard.name).chmod(0o644)
        written |= dict.fromkeys(weights, shard.name)
        size += sum(tensor.numel() * tensor.element_size() for tensor in weights.values())
    if missing := sorted(wanted.keys() - written.keys()):
        raise ConfigError(f"{source} lacks {len(missing)} tensors of the class: {missing[:3]} ...")
    if len(shards) > 1 or shards[0].name != "model.safetensors":
        index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(written.items()))}
        _write(target / INDEX, index)
    config.dtype = plain.get("torch_dtype", "bfloat16")
    config.save_pretrained(target)
    _write(target / "generation_config.json", _generation(source, ids))
    _write(target / "preprocessor_config.json", _image_processor(plain))
    tokens = {"processor_class": "InternVLProcessor", "image_seq_length": image_tokens(plain)}
    _write(target / "processor_config.json", tokens)
    for name in ("LICENSE", "README.md"):
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)


def config_of(plain: Mapping[str, Any], image_token: int) -> dict[str, Any]:
    """Returns the settings of the native class.

    Args:
        plain: The original ``config.json``.
        image_token: Id of the token that stands for a part of a picture.
    """
    text, vision = plain["llm_config"], plain["vision_config"]
    kind = LANGUAGE[text["architectures"][0]]
    rope: dict[str, Any] = {"rope_type": "default"}
    if scaling := text.get("rope_scaling"):
        rope = {"rope_type": scaling.get("type", scaling.get("rope_type"))}
        rope["factor"] = scaling["factor"]
    side = plain.get("force_image_size") or vision["image_size"]
    return {
        "text_config": {
            "model_type": kind,
            **{key: text[key] for key in TEXT_KEYS if key in text},
            "rope_parameters": rope | {"rope_theta": float(text.get("rope_theta", 10000))},
            "tie_word_embeddings": False,
            **({"attention_bias": bool(text.get("bias", True))} if kind == "llama" else {}),
        },
        "vision_config": {
            **{key: vision[key] for key in VISION_KEYS if key in vision},
            "image_size": [side, side],
            "attention_bias": bool(vision.get("qkv_bias", False)),
            "use_qk_norm": bool(vision.get("qk_normalization", True)),
        },
        "image_token_id": image_token,
        "image_seq_length": image_tokens(plain),
        "downsample_ratio": plain.get("downsample_ratio", 0.5),
        "vision_feature_layer": plain.get("select_layer", -1),
        "tie_word_embeddings": False,
    }


def image_tokens(plain: Mapping[str, Any]) -> int:
    """Returns the tokens of a tile: (side / patch x downsampling)^2, 256 for the 8B model."""
    vision = plain["vision_config"]
    side = plain.get("force_image_size") or vision["image_size"]
    return int((side // vision["patch_size"] * plain.get("downsample_ratio", 0.5)) ** 2)


def ungrouped(joint: torch.Tensor, heads: int, kv_heads: int) -> tuple[torch.Tensor, ...]:
    """Takes InternLM2's joint projection apart.

    Its rows lie by head of keys and values: the queries that share the head, then key, then value.

    Args:
        joint: ((heads + 2 x kv_heads) x width, hidden size), or the bias without the last axis.
        heads: Attention heads.
        kv_heads: Heads of keys and values.

    Returns:
        Projections of queries, keys and values.
    """
    shared = heads // kv_heads
    width = joint.shape[0] // (heads + 2 * kv_heads)
    rest = joint.shape[1:]
    groups = joint.reshape(kv_heads, shared + 2, width, *rest)
    parts = (groups[:, :shared], groups[:, shared : shared + 1], groups[:, shared + 1 :])
    return tuple(part.reshape(-1, *rest).contiguous() for part in parts)


def _renamed(shard: Path, plain: Mapping[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    """Yields names and tensors of the native class, for each tensor of an original file."""
    text = plain["llm_config"]
    heads = text["num_attention_heads"]
    kv_heads = text.get("num_key_value_heads") or heads
    with safe_open(shard, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118 - no mapping
            new, tensor = _name(name, shard), file.get_tensor(name)
            if ".self_attn.wqkv." in new:
                parts = ungrouped(tensor, heads, kv_heads)
                for letter, part in zip("qkv", parts, strict=True):
                    yield new.replace(".wqkv.", f".{letter}_proj."), part
            elif ".attention.qkv." in new:
                for letter, part in zip("qkv", tensor.chunk(3), strict=True):
                    yield new.replace(".qkv.", f".{letter}_proj."), part.contiguous()
            else:
                yield new, tensor


def _name(name: str, shard: Path) -> str:
    """Returns the native name of an original tensor."""
    part, _, rest = name.partition(".")
    if part == "vision_model":
        return f"model.vision_tower.{_replaced(rest, VISION)}"
    if part == "mlp1":
        return f"model.multi_modal_projector.{_replaced(name, PROJECTOR)}"
    if part == "language_model":
        if rest in ("output.weight", "lm_head.weight"):
            return "lm_head.weight"
        return f"model.language_model.{_replaced(rest.removeprefix('model.'), INTERNLM2)}"
    raise ConfigError(f"{shard}: no tensor of InternVL is called {name!r}; nothing was converted.")


def _replaced(name: str, words: Mapping[str, str]) -> str:
    for old, new in words.items():
        name = name.replace(old, new)
    return name


def _wanted(config: InternVLConfig) -> dict[str, torch.Size]:
    """Returns name -> shape of every tensor of the native class; no memory is taken."""
    with torch.device("meta"):
        model: Any = InternVLForConditionalGeneration(config)
    return {name: tensor.shape for name, tensor in model.state_dict().items()}


def _check_shapes(weights: Weights, wanted: Mapping[str, torch.Size], shard: Path) -> None:
    for name, tensor in weights.items():
        if name not in wanted:
            raise ConfigError(f"{shard}: {name} is left over: the class has no such tensor.")
        if tensor.shape != wanted[name]:
            shapes = f"{list(tensor.shape)}, not {list(wanted[name])}"
            raise ConfigError(f"{shard}: {name} has the shape {shapes} of the configuration.")


def _check_form(plain: Mapping[str, Any], source: Path) -> None:
    """Refuses what the native class computes otherwise."""
    kind = plain.get("model_type")
    text, vision = plain.get("llm_config"), plain.get("vision_config")
    if kind != "internvl_chat" or not isinstance(text, dict) or not isinstance(vision, dict):
        raise ConfigError(f"{source} is of type {kind!r}; only internvl_chat is converted.")
    language = (text.get("architectures") or [""])[0]
    wrong = []
    if language not in LANGUAGE:
        wrong.append(f"its language model is {language!r}; there are {', '.join(LANGUAGE)}")
    if plain.get("ps_version", "v1") != "v2":
        wrong.append("pixels are shuffled in the first version (ps_version)")
    if plain.get("select_layer", -1) != -1:
        wrong.append("features are not those of the last layer (select_layer)")
    if plain.get("use_llm_lora") or plain.get("use_backbone_lora"):
        wrong.append("it holds adapters that are not merged")
    if wrong:
        raise ConfigError(f"{source} cannot be converted: {'; '.join(wrong)}.")


def _generation(source: Path, ids: Mapping[str, int]) -> dict[str, Any]:
    """Returns generation settings: an answer ends with its turn."""
    known = (ids.get(token) for token in ("<|im_end|>", "</s>", "<|endoftext|>"))
    ends = [each for each in known if each is not None]
    if not ends:
        raise ConfigError(f"{source}: its tokenizer has no token that ends an answer.")
    return {"eos_token_id": ends, "pad_token_id": ends[-1]}


def _image_processor(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the original code does to pictures: tiles of a grid, ImageNet's colours."""
    side = plain.get("force_image_size") or plain["vision_config"]["image_size"]
    return {
        "image_processor_type": "GotOcr2ImageProcessor",
        "processor_class": "InternVLProcessor",
        "size": {"height": side, "width": side},
        "crop_to_patches": bool(plain.get("dynamic_image_size", False)),
        "min_patches": plain.get("min_dynamic_patch", 1),
        "max_patches": plain.get("max_dynamic_patch", 12),
        "resample": 3,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
        "do_convert_rgb": True,
    }


def _write(path: Path, plain: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
