"""What a model folder is, read off its JSON files and the head of its weights: nothing is imported.

Only safetensors are read, no pickles, and code that lies in the folder never runs.
"""

from __future__ import annotations

import json
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mirage.context import ConfigError
from mirage.plan.absent import AbsentError
from mirage.plan.entries import TABLES

REFUSED: Final = {
    "minicpmv": "MiniCPM-V 2.6 runs code of its own from the folder, which breaks under current "
    "transformers; take one of the classes that transformers has",
    "internvl_chat": "this is InternVL's original form with code of its own; convert it to the "
    "form of transformers, whose folders end in -hf",
}
"""Well-known model types that cannot be opened, and why."""

REFUSED_NAMES: Final = {"minicpm_v_2_6": "minicpmv", "minicpmv_2_6": "minicpmv"}
"""What one would call their options in conf/model -> their type."""

HEAD_BYTES: Final = 100 * 2**20
"""The longest head of a safetensors file that the format allows."""


@dataclass(frozen=True)
class ModelFolder:
    """A model folder.

    Attributes:
        path: Where it lies.
        architecture: Its class: a row of the group ``family``.
        encoding: A row of the group ``encoding``.
        files: Every file that is referenced, by name.
        problems: What is wrong with it, one sentence each; empty if it can be used.
    """

    path: Path
    architecture: str
    encoding: str
    files: tuple[str, ...]
    problems: tuple[str, ...]


def inspect_folder(path: Path) -> ModelFolder:
    """Reads what a model folder says of itself; it is not opened."""
    problems: list[str] = []
    config = _json(path / "config.json", problems)
    kind = str(config.get("model_type", ""))
    known = TABLES["family"]
    if config and kind not in known:
        reason = REFUSED.get(kind, f"there are {', '.join(known)}")
        problems.append(f"{path} is a model of type {kind!r}, which is not supported: {reason}.")
    settings = [path / name for name in ("config.json", "tokenizer_config.json")]
    settings += [path / name for name in ("processor_config.json", "preprocessor_config.json")]
    for file in settings:
        if file.is_file() and "auto_map" in _json(file, []):
            text = f"{file} names code of its own (auto_map), which never runs here."
            problems.append(f"{text} Take a folder that transformers opens without it.")
    weights = _weights(path, problems)
    tokenizer = _json(path / "tokenizer.json", problems)
    model = tokenizer.get("model")
    words = isinstance(model, dict) and model.get("type") == "WordLevel"
    encoding = f"{'nano' if words else 'stock'}_{kind}"
    if config and tokenizer:
        problems += _tokens(path, config, tokenizer, weights)
    names = [p.name for p in sorted(path.glob("*")) if p.suffix in (".json", ".jinja", ".txt")]
    shards = sorted(p.name for p in path.glob("*.safetensors"))
    return ModelFolder(path, kind, encoding, (*names, *shards), tuple(problems))


def use_folder(path: Path) -> ModelFolder:
    """Returns a model folder that can be used.

    Raises:
        ConfigError: It cannot be; the text names everything that is wrong.
    """
    if not path.is_dir():
        raise AbsentError(f"There is no model folder {path}. Give one as model=path/to/folder.")
    folder = inspect_folder(path)
    if folder.problems:
        raise ConfigError(" ".join(folder.problems) + f" See: mirage model check {path}")
    return folder


def hub_folder(name: str, revision: str | None = None) -> Path | None:
    """Returns where the local cache holds a hub model; nothing is ever fetched.

    Args:
        name: The model on the hub.
        revision: The commit; without one, that which the cache calls ``main``: what was fetched
            last without naming a commit.

    Returns:
        The folder, whose name is the commit; None if the cache does not have it.
    """
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache/huggingface"))
    root = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    cached = root / f"models--{name.replace('/', '--')}"
    try:
        commit = revision or (cached / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    folder = cached / "snapshots" / commit
    return folder if _COMMIT.fullmatch(commit) and folder.is_dir() else None


_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


def _weights(path: Path, problems: list[str]) -> dict[str, list[int]]:
    """Returns tensor -> shape over all safetensors files, each checked for being whole."""
    files = sorted(path.glob("*.safetensors"))
    index = path / "model.safetensors.index.json"
    if index.is_file():
        named = _json(index, problems).get("weight_map")
        wanted = {str(name) for name in named.values()} if isinstance(named, dict) else set()
        absent = sorted(wanted - {file.name for file in files})
        problems += [f"{path / name} is missing, though {index} names it." for name in absent]
    if not files:
        problems.append(f"{path} holds no *.safetensors; weights in other formats are not read.")
    shapes: dict[str, list[int]] = {}
    for file in files:
        try:
            shapes |= _head(file)
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as broken:
            problems.append(f"{file} is no whole safetensors file ({broken}). Fetch it again.")
    return shapes


def _head(file: Path) -> dict[str, list[int]]:
    size = file.stat().st_size
    with file.open("rb") as opened:
        (length,) = struct.unpack("<Q", opened.read(8).ljust(8, b"\0"))
        if not 2 <= length <= min(HEAD_BYTES, size - 8):
            raise ValueError("its head is cut off")
        head = json.loads(opened.read(length))
    tensors = {name: about for name, about in head.items() if name != "__metadata__"}
    end = max((about["data_offsets"][1] for about in tensors.values()), default=0)
    if size != 8 + length + end:
        raise ValueError(f"{size} bytes, its head says {8 + length + end}")
    return {name: list(about["shape"]) for name, about in tensors.items()}


def _tokens(
    path: Path, config: dict[str, Any], tokenizer: dict[str, Any], weights: dict[str, list[int]]
) -> list[str]:
    """Returns what is wrong between tokenizer, configuration and embeddings."""
    added = [token for token in tokenizer.get("added_tokens", []) if isinstance(token, dict)]
    special = {token.get("id") for token in added}
    model = tokenizer.get("model")
    vocab = model.get("vocab") if isinstance(model, dict) else None
    size = max([len(vocab) if vocab else 0, *(int(i) + 1 for i in special if i is not None)])
    problems = []
    image = config.get("image_token_id", config.get("image_token_index"))
    if image not in special:
        problems.append(f"{path}: tokenizer.json lacks the picture token {image} of config.json.")
    rows = [s[0] for name, s in weights.items() if name.endswith("embed_tokens.weight") and s]
    if rows and size > rows[0]:
        text = f"{path}: the tokenizer has {size} tokens, the embeddings only {rows[0]}."
        problems.append(text + " They belong to different models.")
    return problems


def _json(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(plain, dict):
            return plain
        problems.append(f"{path} holds no JSON object.")
    except FileNotFoundError:
        problems.append(f"{path} does not exist.")
    except (OSError, ValueError, RecursionError) as broken:
        problems.append(f"{path} cannot be read ({broken}).")
    return {}


def check_command(path: Path) -> str:
    """Returns the command that checks a model folder and remembers its digest."""
    return f"mirage model check {path}"
