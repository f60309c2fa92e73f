"""What a model folder says of itself is checked before anything is planned on it."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mirage.cli import run
from mirage.context import ConfigError
from mirage.plan import external
from mirage.plan.external import external_digest
from mirage.plan.imported_model import inspect_folder, use_folder
from mirage.plan.study.compose import Conf
from mirage.plan.study.imports import name_folders
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import resolve


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def tensors(path: Path, rows: int) -> None:
    about = {"dtype": "F32", "shape": [rows, 1], "data_offsets": [0, 4 * rows]}
    head = json.dumps({"model.language_model.embed_tokens.weight": about}).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"\0" * 4 * rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "Tiny-VL"
    root.mkdir()
    tokens = [{"id": 4, "content": "<|image_pad|>", "special": True}]
    tokenizer = {
        "model": {"type": "BPE", "vocab": dict.fromkeys("abcd", 0)},
        "added_tokens": tokens,
    }
    (root / "config.json").write_text(json.dumps({"model_type": "qwen2_vl", "image_token_id": 4}))
    (root / "tokenizer.json").write_text(json.dumps(tokenizer))
    (root / "tokenizer_config.json").write_text("{}")
    tensors(root / "model.safetensors", 5)
    return root


def change(path: Path, **keys: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def test_a_whole_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect_folder(folder).problems == ()
    assert run(["model", "check", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "qwen2_vl, encoding stock_qwen2_vl, digest" in printed
    change(folder / "tokenizer.json", model={"type": "WordLevel", "vocab": {}})
    assert inspect_folder(folder).encoding == "nano_qwen2_vl"


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda f: change(f / "config.json", model_type="minicpmv"), "MiniCPM-V 2.6 runs code"),
        (lambda f: change(f / "config.json", model_type="internvl_chat"), "convert it"),
        (lambda f: change(f / "config.json", model_type="gpt2"), "there are internvl, qwen2_vl"),
        (lambda f: change(f / "config.json", auto_map={"a": "b.C"}), "never runs here"),
        (lambda f: change(f / "tokenizer_config.json", auto_map={"a": "b.C"}), "never runs here"),
        (lambda f: change(f / "config.json", image_token_id=7), "lacks the picture token 7"),
        (lambda f: (f / "config.json").unlink(), "config.json does not exist"),
        (lambda f: (f / "config.json").write_text("[" * 100_000), "cannot be read"),
        (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json does not exist"),
        (lambda f: cut(f / "model.safetensors"), "no whole safetensors file"),
        (lambda f: (f / "model.safetensors").write_bytes(b"\xff" * 40), "its head is cut off"),
        (lambda f: tensors(f / "model.safetensors", 4), "5 tokens, the embeddings only 4"),
        (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "other formats"),
        (
            lambda f: (f / "model.safetensors.index.json").write_text(
                '{"weight_map": {"a": "model-2.safetensors"}}'
            ),
            "model-2.safetensors is missing",
        ),
    ],
)
def test_folders_that_cannot_be_imported(
    folder: Path, harm: Callable[[Path], object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    harm(folder)
    with pytest.raises(ConfigError, match=said):
        use_folder(folder)
    assert run(["model", "check", str(folder)]) == 1
    assert said in capsys.readouterr().err
    with pytest.raises(PlanError, match=said):
        resolve({"study": "tiny", "model": str(folder)})


def test_a_folder_on_the_command_line(folder: Path) -> None:
    study = resolve({"study": "tiny", "model": str(folder)})
    (model,) = study.models
    assert (model.name, model.tag, model.made) == ("tiny_vl", "tiny_vl", "import")
    assert (model.architecture, model.encoding) == ("qwen2_vl", "stock_qwen2_vl")
    assert model.source is not None and model.source.digest
    before = model.source.digest
    tensors(folder / "model.safetensors", 6)
    again = resolve({"study": "tiny", "model": str(folder)}).models[0].source
    assert again is not None and again.digest != before


def test_two_folders_of_one_name_have_two_names(folder: Path) -> None:
    names, _ = name_folders(Conf(), [str(folder), str(folder / "Tiny-VL"), "tiny", "x/tiny"])
    assert len(set(names)) == 4 and names[2] == "tiny"


def test_a_folder_that_does_not_exist() -> None:
    with pytest.raises(PlanError, match="There is no model folder"):
        resolve({"study": "tiny", "model": "no/such/folder"})


def test_large_weights_are_hashed_by_the_check_command_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external, "AT_ONCE", 10)
    with pytest.raises(PlanError, match="Check it with: mirage model check"):
        resolve({"study": "tiny", "model": str(folder)})
    assert run(["model", "check", str(folder)]) == 0
    (model,) = resolve({"study": "tiny", "model": str(folder)}).models
    monkeypatch.setattr(external, "file_sha256", lambda path: pytest.fail(f"{path} hashed again"))
    files = [folder / name for name in inspect_folder(folder).files]
    assert model.source is not None
    assert external_digest(files, "") == model.source.digest
