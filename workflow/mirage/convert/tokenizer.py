"""The tokenizer of an original InternVL folder, as the ``tokenizer.json`` that stock classes read.

InternLM2's comes as a sentencepiece model with further tokens beside it. Some of these take the ids
of spare pieces: the model calls 92542 ``[UNUSED_TOKEN_145]``, its folder ``<|im_end|>``. Pieces and
the order of merges are carried over; nothing is trained.
"""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tokenizers import AddedToken, Tokenizer, decoders, normalizers
from tokenizers.models import BPE

from mirage.context import ConfigError
from mirage.tune.stock.base import read_json

IMAGE_TOKEN: Final = "<IMG_CONTEXT>"
TOKENS: Final = {
    "start_image_token": "<img>",
    "end_image_token": "</img>",
    "context_image_token": IMAGE_TOKEN,
}
"""What the native processor calls InternVL's marks of pictures."""

SPACE: Final = "▁"
"""How sentencepiece writes a space."""

TEMPLATE: Final = """\
{{ bos_token if bos_token else '' }}{% for message in messages %}
{{- '<|im_start|>' + message['role'] + '\\n' }}
{%- if message['content'] is string %}{{ message['content'] }}
{%- else %}
{%- for part in message['content'] %}
{%- if part['type'] == 'image' %}{{ '<IMG_CONTEXT>\\n' }}
{%- elif part['type'] == 'text' %}{{ part['text'] }}
{%- endif %}
{%- endfor %}
{%- endif %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""
"""The chat form of InternVL2.5's tokenizer, with parts that are pictures."""


def write_tokenizer(source: Path, target: Path, other: Path | None) -> dict[str, int]:
    """Writes tokenizer, its settings and the chat template.

    Args:
        source: The original folder.
        target: The new one.
        other: A folder with ``tokenizer.json`` to take instead of the source's own.

    Returns:
        Token -> id.

    Raises:
        ConfigError: There is no tokenizer that can be read, or it lacks the marks of pictures.
    """
    ready = [
        folder for folder in (other, source) if folder and (folder / "tokenizer.json").is_file()
    ]
    if ready:
        shutil.copyfile(ready[0] / "tokenizer.json", target / "tokenizer.json")
    elif (source / "tokenizer.model").is_file():
        from_pieces(source).save(str(target / "tokenizer.json"))
    else:
        raise ConfigError(
            f"{source} holds neither tokenizer.json nor tokenizer.model. Name a folder that has "
            "the same tokenizer: mirage model convert ... --tokenizer FOLDER"
        )
    core = Tokenizer.from_file(str(target / "tokenizer.json"))
    ids: dict[str, int] = core.get_vocab(with_added_tokens=True)
    if missing := {"<|im_start|>", "<|im_end|>", *TOKENS.values()} - ids.keys():
        raise ConfigError(f"{source}: its tokenizer lacks {', '.join(sorted(missing))}.")
    # The native processor wants a mark of videos, though nobody shows one; a new token would lie
    # beyond the model's embeddings.
    video = "<video>" if "<video>" in ids else "<quad>"
    settings: dict[str, Any] = {
        "tokenizer_class": "TokenizersBackend",
        "eos_token": "<|im_end|>",
        "pad_token": "</s>" if "</s>" in ids else "<|endoftext|>",
        "bos_token": "<s>" if "<s>" in ids else None,
        "extra_special_tokens": TOKENS | {"video_token": video},
        "padding_side": "left",
        "clean_up_tokenization_spaces": False,
    }
    text = json.dumps(settings, indent=1) + "\n"
    (target / "tokenizer_config.json").write_text(text, encoding="utf-8")
    (target / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    return ids


def from_pieces(source: Path) -> Tokenizer:
    """Returns the tokenizer of a sentencepiece model of kind BPE, with the folder's further tokens.

    Raises:
        ConfigError: sentencepiece is not installed, or the model is of another kind.
    """
    try:
        pieces: Any = importlib.import_module("sentencepiece.sentencepiece_model_pb2")
    except ImportError:
        raise ConfigError(
            "tokenizer.model is read with sentencepiece, which is not installed here. Install it "
            "with: pip install sentencepiece, or name a folder that has the same tokenizer as "
            "tokenizer.json: mirage model convert ... --tokenizer FOLDER"
        ) from None
    proto: Any = pieces.ModelProto()
    proto.ParseFromString((source / "tokenizer.model").read_bytes())
    rule = proto.normalizer_spec
    # 2 is BPE
    if (
        proto.trainer_spec.model_type != 2
        or rule.precompiled_charsmap
        or rule.remove_extra_whitespaces
    ):
        raise ConfigError(
            f"{source / 'tokenizer.model'} is no BPE model over text as it is. Name a folder that "
            "has the same tokenizer as tokenizer.json: mirage model convert ... --tokenizer FOLDER"
        )
    further = _further(source)
    names = [piece.piece for piece in proto.pieces]
    for token, number in further.items():
        if number < len(names):
            names[number] = token
    vocabulary = {name: number for number, name in enumerate(names)}
    merged = vocabulary.keys() - further.keys()
    scores = {piece.piece: piece.score for piece in proto.pieces if piece.piece in merged}
    unknown = proto.trainer_spec.unk_piece
    core = Tokenizer(
        BPE(
            vocabulary,
            _merges(vocabulary, scores),
            unk_token=unknown,
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    prefix = rule.add_dummy_prefix
    spaces = normalizers.Replace(" ", SPACE)
    core.normalizer = normalizers.Sequence(
        [normalizers.Prepend(SPACE), spaces] if prefix else [spaces]
    )
    strip = [decoders.Strip(" ", left=1)] if prefix else []
    core.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    # 2 and 3 are the unknown and other control pieces
    control = {p.piece: number for number, p in enumerate(proto.pieces) if p.type in (2, 3)}
    _add(core, control | further)
    return core


def _merges(vocabulary: Mapping[str, int], scores: Mapping[str, float]) -> list[tuple[str, str]]:
    """Returns the merges that make each piece, the likeliest piece first."""
    found = [
        (piece, piece[:cut], piece[cut:])
        for piece in scores
        for cut in range(1, len(piece))
        if piece[:cut] in vocabulary and piece[cut:] in vocabulary
    ]
    found.sort(key=lambda m: (-scores[m[0]], vocabulary[m[1]], vocabulary[m[2]]))
    return [(left, right) for _, left, right in found]


def _further(source: Path) -> dict[str, int]:
    """Returns the folder's added tokens and their ids, in the order of these.

    Raises:
        ConfigError: A file that names them is broken.
    """
    added, settings = source / "added_tokens.json", source / "tokenizer_config.json"
    try:
        known = read_json(added) if added.is_file() else {}
        decoder = read_json(settings).get("added_tokens_decoder", {}) if settings.is_file() else {}
        known |= {about["content"]: number for number, about in decoder.items()}
        ids = {str(token): int(number) for token, number in known.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as broken:
        raise ConfigError(
            f"{source}: added_tokens.json or tokenizer_config.json names no tokens ({broken!r})."
        ) from None
    return dict(sorted(ids.items(), key=lambda each: each[1]))


def _add(core: Tokenizer, tokens: Mapping[str, int]) -> None:
    """Adds special tokens, each of which must get its id."""
    for token, number in tokens.items():
        core.add_special_tokens([AddedToken(token, special=True, normalized=False)])
        if core.token_to_id(token) != number:
            raise ConfigError(
                f"The folder gives {token!r} the id {number}, but the tokenizer has "
                f"{core.token_to_id(token)}: a token before it is missing."
            )
