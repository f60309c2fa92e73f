"""InternVL's original form becomes the form of transformers, and computes the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import sentencepiece
import torch
from transformers import AutoModelForImageTextToText

import internvl_chat_stand_in as original
from mirage.cli import model as command
from mirage.context import ConfigError
from mirage.convert.internvl_chat import convert, ungrouped
from mirage.plan.imported_model import inspect_folder
from mirage.tune.stock.internvl import StockInternVL

GOLDEN = Path(__file__).parent.parent / "golden" / "convert" / "internvl_chat_logits.json"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return original.write(tmp_path_factory.mktemp("convert") / "original")


@pytest.fixture(scope="module")
def converted(source: Path) -> Path:
    target = source.with_name("converted")
    convert(source, target, tokenizer=None, say=lambda line: None)
    return target


def test_logits_are_those_of_the_original_code(converted: Path) -> None:
    model = AutoModelForImageTextToText.from_pretrained(
        converted, dtype=torch.float32, attn_implementation="eager"
    )
    ids, pixels = original.inputs()
    with torch.no_grad():
        found = model(input_ids=torch.tensor([ids]), pixel_values=torch.from_numpy(pixels)).logits
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    known = torch.tensor(golden["logits"])
    assert known.std() > 0.5  # weights that say something
    torch.testing.assert_close(found[0, golden["rows"]], known, atol=2e-4, rtol=0)


def test_the_folder_can_be_imported(converted: Path) -> None:
    assert inspect_folder(converted).problems == ()
    assert inspect_folder(converted).encoding == "stock_internvl"
    encoding = StockInternVL().open(converted)
    ids = encoding.prompt("Is it safe?", encoding.slots([1, 3], "here"), "here", strict=True)
    names = encoding.tokenizer.convert_ids_to_tokens(ids)
    tokens = original.CONFIG["force_image_size"] // 4 // 2
    assert ids[0] == 1  # the original tokenizer begins with it
    assert names.count("<IMG_CONTEXT>") == (1 + 3) * tokens**2
    text = encoding.tokenizer.decode([i for i in ids if i != ids[names.index("<IMG_CONTEXT>")]])
    assert text == (
        "<s><|im_start|>user\n<img></img>\n<img></img>\nIs it safe?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Is it safe?",
        " two  spaces ",
        "Crème brûlée 🙂 \t tab",
        "2 x 3 = 6.\n\nNew line",
        "日本",
        "",
    ],
)
def test_the_tokenizer_is_the_original_one(source: Path, converted: Path, text: str) -> None:
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(source / "tokenizer.model"))
    tokenizer = StockInternVL().open(converted).tokenizer
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert ids == pieces.encode(text)
    assert tokenizer.decode(ids) == text
    marked = tokenizer(f"{text}<|im_end|>{text}", add_special_tokens=False)["input_ids"]
    assert marked == [*ids, original.TURN_END, *ids]
    assert tokenizer.convert_ids_to_tokens(original.TURN_END) == "<|im_end|>"


def test_queries_keys_and_values_lie_by_heads_of_keys_and_values() -> None:
    heads, kv_heads, width = 4, 2, 3
    rows = [f"q{h}.{d}" for h in range(2) for d in range(width)]  # the first group's two queries
    order = [*rows, "k0", "k0", "k0", "v0", "v0", "v0"]
    joint = torch.arange(2 * len(order) * 5).reshape(2 * len(order), 5)
    queries, keys, values = ungrouped(joint, heads, kv_heads)
    assert torch.equal(queries[:6], joint[:6])
    assert torch.equal(queries[6:], joint[12:18])
    assert torch.equal(keys, torch.cat([joint[6:9], joint[18:21]]))
    assert torch.equal(values, torch.cat([joint[9:12], joint[21:24]]))


def _shard(folder: Path) -> Path:
    return sorted(folder.glob("*.safetensors"))[0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda w: w.pop("language_model.output.weight"), "lacks 1 tensors of the class"),
        (lambda w: w.update({"language_model.model.x.weight": np.ones(2)}), "is left over"),
        (lambda w: w.update({"extra.weight": np.ones(2)}), "no tensor of InternVL is called"),
        (lambda w: w.update({"mlp1.0.bias": np.ones(3)}), "has the shape"),
    ],
)
def test_no_tensor_is_missing_or_left_over(tmp_path: Path, change: object, told: str) -> None:
    folder = original.write(tmp_path / "broken")
    weights = original.original_weights()
    change(weights)  # type: ignore[operator]
    for old in folder.glob("*.safetensors"):
        old.unlink()
    safetensors.numpy.save_file(weights, folder / "model.safetensors")
    with pytest.raises(ConfigError, match=told):
        convert(folder, tmp_path / "out", tokenizer=None, say=lambda line: None)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("ps_version", "v1", "ps_version"),
        ("select_layer", -4, "select_layer"),
        ("use_llm_lora", 16, "adapters"),
        ("model_type", "minicpmv", "only internvl_chat"),
    ],
)
def test_other_forms_are_refused(tmp_path: Path, key: str, value: object, told: str) -> None:
    folder = original.write(tmp_path / "other")
    plain = original.CONFIG | {key: value}
    (folder / "config.json").write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(ConfigError, match=told):
        convert(folder, tmp_path / "out", tokenizer=None, say=lambda line: None)


def test_a_tokenizer_of_another_folder_is_taken(
    source: Path, converted: Path, tmp_path: Path
) -> None:
    bare = original.write(tmp_path / "bare")
    (bare / "tokenizer.model").unlink()
    with pytest.raises(ConfigError, match="--tokenizer FOLDER"):
        convert(bare, tmp_path / "out", tokenizer=None, say=lambda line: None)
    convert(bare, tmp_path / "whole", tokenizer=converted, say=lambda line: None)
    again = (tmp_path / "whole" / "tokenizer.json").read_text(encoding="utf-8")
    assert again == (converted / "tokenizer.json").read_text(encoding="utf-8")


def test_the_command(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    command.add_options(parser)
    target = tmp_path / "out"
    assert command.run(parser.parse_args(["convert", str(source), str(target)])) == 0
    assert f"mirage model check {target}" in capsys.readouterr().out
    assert command.run(parser.parse_args(["convert", str(source), str(target)])) == 1
    assert "is not empty" in capsys.readouterr().err
