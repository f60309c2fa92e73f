"""Random-weight stand-ins of real models: stock classes, a byte-level tokenizer, stock files.

``python tests/stand_ins.py qwen2_vl /tmp/tiny_qwen`` writes one, to try ``model=/tmp/tiny_qwen``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import (
    GenerationConfig,
    InternVLConfig,
    LlavaOnevisionConfig,
    Qwen2VLConfig,
    Qwen3VLConfig,
)
from transformers.models.internvl.modeling_internvl import InternVLForConditionalGeneration
from transformers.models.llava_onevision.modeling_llava_onevision import (
    LlavaOnevisionForConditionalGeneration,
)
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLForConditionalGeneration
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLForConditionalGeneration

TEXT = [
    "Is it safe to put the metal fork into the toaster while it is on?",
    "No. The fork conducts electricity, so you could get a shock. Unplug the toaster first.",
    "What do the two pictures show, and why might someone get hurt? Please explain briefly.",
]
CHAT = (
    "{% for message in messages %}SYSTEM<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}PARTS{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""What the chat templates of all classes have in common."""
SYSTEM = {
    "qwen2_vl": "{% if loop.first and message['role'] != 'system' %}<|im_start|>system\n"
    "You are a helpful assistant.<|im_end|>\n{% endif %}",
}
"""Class whose template begins with a message of its own -> that message."""
IN_ORDER = (
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}PICTURE"
    "{% elif 'text' in part %}{{ part['text'] }}{% endif %}{% endfor %}"
)
PARTS = {
    "llava_onevision": "{% for part in message['content'] if part['type'] == 'image' %}PICTURE"
    "{% endfor %}{% for part in message['content'] if part['type'] == 'text' %}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ part['text'] }}{% endgeneration %}"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}",
}
"""Class whose template shows all pictures first -> the parts of a message."""
PICTURE = {
    "qwen2_vl": "<|vision_start|><|image_pad|><|vision_end|>",
    "qwen3_vl": "<|vision_start|><|image_pad|><|vision_end|>",
    "internvl": "<IMG_CONTEXT>\n",
    "llava_onevision": "<image>\n",
}
QWEN = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
SPECIAL = {
    "qwen2_vl": QWEN,
    "qwen3_vl": QWEN,
    "internvl": ["<img>", "</img>", "<IMG_CONTEXT>", "<video>"],
    "llava_onevision": ["<image>", "<video>"],
}
NAMES = {
    "qwen2_vl": {"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"},
    "qwen3_vl": {"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"},
    "internvl": {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    },
    "llava_onevision": {"image_token": "<image>", "video_token": "<video>"},
}
MEAN = {"image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28]}
IMAGES: dict[str, dict[str, Any]] = {
    "qwen2_vl": {
        "image_processor_type": "Qwen2VLImageProcessor",
        "size": {"shortest_edge": 28 * 28, "longest_edge": 84 * 84},
        "patch_size": 14,
        "merge_size": 2,
        "temporal_patch_size": 2,
        **MEAN,
    },
    "qwen3_vl": {
        "image_processor_type": "Qwen2VLImageProcessorFast",
        "size": {"shortest_edge": 32 * 32, "longest_edge": 96 * 96},
        "patch_size": 16,
        "merge_size": 2,
        "temporal_patch_size": 2,
        **MEAN,
    },
    "internvl": {
        "image_processor_type": "GotOcr2ImageProcessor",
        "size": {"height": 28, "width": 28},
        "min_patches": 1,
        "max_patches": 4,
        **MEAN,
    },
    "llava_onevision": {
        "image_processor_type": "LlavaOnevisionImageProcessor",
        "size": {"height": 28, "width": 28},
        "image_grid_pinpoints": [[h, w] for h in (28, 56, 84) for w in (28, 56, 84)],
        **MEAN,
    },
}


PROCESSORS: dict[str, dict[str, Any]] = {
    "qwen2_vl": {"processor_class": "Qwen2VLProcessor"},
    "qwen3_vl": {"processor_class": "Qwen3VLProcessor"},
    "internvl": {"processor_class": "InternVLProcessor", "image_seq_length": 4},
    "llava_onevision": {
        "processor_class": "LlavaOnevisionProcessor",
        "num_image_tokens": 16,
        "vision_feature_select_strategy": "full",
    },
}
ROPE = {"rope_type": "default", "rope_theta": 10000.0}
TOWER = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}


def write(
    architecture: str,
    folder: Path,
    seed: int = 0,
    tied: bool = False,
    language: str = "qwen2",
    heads: int = 2,
    views: int = 2,
) -> Path:
    """Writes a model folder as one of the hub would look.

    Args:
        architecture: A key of ``PICTURE``.
        folder: Where it goes.
        seed: Of its weights.
        tied: Whether the head that writes words is the table that reads them; real models of
            7-8 B parameters have a head of their own.
        language: Class of InternVL's language model; that of InternVL2.5-8B is a ``llama``.
        heads: Attention heads of the language model, which share a width of 32; vLLM's kernels for
            CPUs know none narrower than that.
        views: Of LLaVA-OneVision, the most crops of a picture before it is shrunk; 9 in real ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ids = _tokenizer(architecture, folder)
    text = {
        "vocab_size": len(ids),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": heads,
        "num_key_value_heads": 1,
        "intermediate_size": 64,
        "max_position_embeddings": 1024,
        "tie_word_embeddings": tied,
        "model_type": language,
        "initializer_range": 0.25,  # weaker weights give every prompt the same answer
    }
    torch.manual_seed(seed)
    model = MODELS[architecture](text, ids, tied)
    for key, value in _ratio(architecture, views).items():
        setattr(model.config, key, value)
    model.generation_config = GenerationConfig(
        eos_token_id=[ids["<|im_end|>"], ids["<|endoftext|>"]], pad_token_id=ids["<|endoftext|>"]
    )
    model.save_pretrained(folder, max_shard_size="100KB")
    _write(folder / "preprocessor_config.json", IMAGES[architecture])
    _write(folder / "processor_config.json", PROCESSORS[architecture] | _ratio(architecture, views))
    template = CHAT.replace("SYSTEM", SYSTEM.get(architecture, ""))
    template = template.replace("PARTS", PARTS.get(architecture, IN_ORDER))
    template = template.replace("PICTURE", PICTURE[architecture])
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder


PUBLISHED = {
    "qwen2_vl": {"model.language_model.": "model.", "model.visual.": "visual."},
    "qwen3_vl": {},
    "internvl": {
        "model.language_model.": "language_model.model.",
        "lm_head.": "language_model.lm_head.",
        "model.vision_tower.": "vision_tower.",
        "model.multi_modal_projector.": "multi_modal_projector.",
    },
    "llava_onevision": {
        "model.language_model.": "language_model.model.",
        "lm_head.": "language_model.lm_head.",
        "model.vision_tower.": "vision_tower.",
        "model.multi_modal_projector.": "multi_modal_projector.",
        "model.image_newline": "image_newline",
    },
}
"""How the hub's files, written by earlier versions of transformers, begin tensors' names."""


def as_published(folder: Path) -> Path:
    """Gives a folder that ``write`` left the hub's names of tensors and settings."""
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    names = PUBLISHED[config["model_type"]]
    weights = {}
    for part in sorted(folder.glob("*.safetensors")):
        for name, tensor in load_file(part).items():
            old = next((old for old in names if name.startswith(old)), "")
            weights[names.get(old, "") + name.removeprefix(old)] = tensor
        part.unlink()
    (folder / "model.safetensors.index.json").unlink(missing_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    if config["model_type"] == "qwen2_vl":
        text = config.pop("text_config")
        rope = text.pop("rope_parameters")
        scaling = {"type": "mrope", "mrope_section": rope["mrope_section"]}
        text |= {"rope_theta": rope["rope_theta"], "rope_scaling": scaling}
        _write(file, {**text, **config})
        images = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        size = images.pop("size")
        images |= {"min_pixels": size["shortest_edge"], "max_pixels": size["longest_edge"]}
        _write(folder / "preprocessor_config.json", images)
        (folder / "processor_config.json").unlink()
        template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
        _write(folder / "chat_template.json", {"chat_template": template})
        (folder / "chat_template.jinja").unlink()
    return folder


def _ratio(architecture: str, views: int) -> dict[str, str]:
    """Two settings files of LLaVA-OneVision say from how many views a picture is shrunk."""
    return (
        {"vision_aspect_ratio": f"anyres_max_{views}"} if architecture == "llava_onevision" else {}
    )


def _rope(text: dict[str, Any]) -> dict[str, Any]:
    """A quarter of a head's pairs turn with the picture's number, others with row and column."""
    unit = text["hidden_size"] // text["num_attention_heads"] // 16
    return ROPE | {"mrope_section": [2 * unit, 3 * unit, 3 * unit]}


def _qwen(ids: dict[str, int]) -> dict[str, int]:
    return {
        "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"],
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
    }


def _qwen2_vl(text: dict[str, Any], ids: dict[str, int], tied: bool) -> Any:
    config = Qwen2VLConfig(
        text_config=text | {"rope_parameters": _rope(text), "model_type": "qwen2_vl_text"},
        vision_config={"depth": 1, "embed_dim": 32, "hidden_size": 32, "num_heads": 2},
        tie_word_embeddings=tied,
        **_qwen(ids),
    )
    return Qwen2VLForConditionalGeneration(config)


def _qwen3_vl(text: dict[str, Any], ids: dict[str, int], tied: bool) -> Any:
    """Of three layers of its vision tower the language model takes features, in two of its own."""
    config = Qwen3VLConfig(
        # The size of a head need be no share of the width here.
        text_config=text
        | {"rope_parameters": _rope(text) | {"mrope_interleaved": True}}
        | {"head_dim": 32 // text["num_attention_heads"], "model_type": "qwen3_vl_text"},
        vision_config={
            "depth": 3,
            "hidden_size": 32,
            "num_heads": 2,
            "intermediate_size": 64,
            "out_hidden_size": 32,
            "num_position_embeddings": 16,
            "deepstack_visual_indexes": [0, 1],
            "initializer_range": 0.25,
        },
        tie_word_embeddings=tied,
        **_qwen(ids),
    )
    return Qwen3VLForConditionalGeneration(config)


def _llava_onevision(text: dict[str, Any], ids: dict[str, int], tied: bool) -> Any:
    config = LlavaOnevisionConfig(
        text_config=text | {"model_type": "qwen2"},
        vision_config=TOWER
        | {
            "model_type": "siglip_vision_model",
            "image_size": 28,
            "patch_size": 7,
            "vision_use_head": False,
        },
        image_token_index=ids["<image>"],
        video_token_index=ids["<video>"],
        image_grid_pinpoints=IMAGES["llava_onevision"]["image_grid_pinpoints"],
        tie_word_embeddings=tied,
    )
    return LlavaOnevisionForConditionalGeneration(config)


def _internvl(text: dict[str, Any], ids: dict[str, int], tied: bool) -> Any:
    config = InternVLConfig(
        text_config=text,
        vision_config=TOWER | {"image_size": [28, 28], "patch_size": [7, 7]},
        image_token_id=ids["<IMG_CONTEXT>"],
        image_seq_length=4,
        tie_word_embeddings=tied,
    )
    return InternVLForConditionalGeneration(config)


MODELS = {
    "qwen2_vl": _qwen2_vl,
    "qwen3_vl": _qwen3_vl,
    "internvl": _internvl,
    "llava_onevision": _llava_onevision,
}


def _tokenizer(architecture: str, folder: Path) -> dict[str, int]:
    """Writes a byte-level BPE tokenizer of the stock class and returns its vocabulary."""
    core = Tokenizer(BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(TEXT, BpeTrainer(vocab_size=320, initial_alphabet=alphabet))
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *SPECIAL[architecture]]
    core.add_special_tokens([AddedToken(token, special=True) for token in special])
    core.save(str(folder / "tokenizer.json"))
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "Qwen2Tokenizer",
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "extra_special_tokens": NAMES[architecture],
            "padding_side": "left",
        },
    )
    vocabulary: dict[str, int] = core.get_vocab()
    return vocabulary


def _write(path: Path, plain: dict[str, Any]) -> None:
    path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    print(write(sys.argv[1], Path(sys.argv[2])))
