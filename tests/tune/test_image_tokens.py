"""Prompts of imported models: tokens of pictures expected and produced, and the template's text.

After a wanted change: MIRAGE_GOLDEN=write python -m pytest tests/tune/test_image_tokens.py
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import stand_ins
from mirage.contracts import TrainSample, write_rows
from mirage.plan import entries
from mirage.plan.schema.pretrained import PICTURES
from mirage.tune import data, model_folder
from mirage.tune.encoding import limited
from stock_processors import stock_inputs, stock_processor, stock_text

SIZES = [(120, 50), (28, 28), (33, 90)]
QUESTION = "What do these show?"
GOLDEN = Path(__file__).parents[1] / "golden/prompts"
CUT: dict[str, dict[str, dict[str, Any]]] = {
    "internvl": {
        "train": {"tiles": 6, "share": True, "label": "Image-{n}: "},
        "test": {"tiles": 4, "label": "Image-{n}: "},
    },
    "qwen2_vl": {
        "train": {"min_pixels": 784, "max_pixels": 1568},
        "test": {"min_pixels": 3136, "max_pixels": 7056},
    },
    "qwen3_vl": {
        "train": {"min_pixels": 1024, "max_pixels": 2048},
        "test": {"min_pixels": 4096, "max_pixels": 9216},
    },
    "llava_onevision": {"train": {}, "test": {}},
}
"""Class -> side -> settings."""


@pytest.fixture(scope="module", params=CUT)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stand_ins.write(request.param, tmp_path_factory.mktemp("hub") / request.param)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples of none to three pictures; a picture stands in several of them."""
    root = tmp_path_factory.mktemp("own")
    draw = np.random.default_rng(0)
    (root / "own").mkdir()
    for i, (width, height) in enumerate(SIZES):
        pixels = draw.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / f"own/{i}.png")
    rows = [
        TrainSample(
            f"train/{n}",
            "train",
            "",
            "",
            QUESTION,
            tuple(f"own/{i}.png" for i in range(n)),
            {},
            "No.",
            "",
        )
        for n in range(4)
    ]
    write_rows(root / "samples.jsonl", rows)
    return root


def opened(folder: Path, side: str | None) -> Any:
    kind = entries.load(entries.TABLES["encoding"][f"stock_{folder.name}"])
    return limited(kind, CUT[folder.name][side] if side else None)().open(folder)


@pytest.mark.parametrize("side", ["train", "test", None])
def test_as_many_tokens_as_features(folder: Path, own: Path, side: str | None) -> None:
    family = entries.load(entries.TABLES["family"][folder.name])()
    encoding, model = opened(folder, side), model_folder.open_model(folder, family)
    encoded = data.load([own], own, encoding)
    token = model.config.image_token_id
    with torch.no_grad():
        for row, ids in enumerate(encoded.ids):
            expected = int((ids == token).sum())
            tiles, alone = encoded.slots[row], [len(encoded.slots[row]) == 1] * row
            if not row:
                assert expected == 0
                continue
            pixels = encoded.pixels[encoded.pictures[row]]
            features = family.see(model, pixels, tiles)
            kept = family.project(model, family.keep(model, pixels, tiles))
            assert torch.allclose(features, kept, atol=1e-5)
            assert len(family.fill(model, features, tiles, alone)) == expected > 0


def test_training_and_test_differ(folder: Path, own: Path) -> None:
    sides = [data.load([own], own, opened(folder, side)) for side in ("train", "test")]
    counts = [[len(ids) for ids in each.ids] for each in sides]
    if folder.name == "llava_onevision":  # cannot be told otherwise
        assert counts[0] == counts[1]
        return
    assert counts[0][0] == counts[1][0]
    assert counts[0][3] != counts[1][3]


def test_internvl_shares_the_tiles_of_a_prompt(
    tmp_path: Path, own: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = stand_ins.write("internvl", tmp_path / "internvl")
    train, test = (opened(folder, side) for side in ("train", "test"))
    wide = [train.tiles(84, 28, "", company) for company in (1, 2, 3)]
    assert wide == [4, 4, 3]  # three tiles and a thumbnail; at most 6, 3 and 2 of them
    assert [train.tiles(56, 56, "", company) for company in (1, 2, 3, 6)] == [5, 1, 1, 1]
    assert [test.company(n) for n in (0, 1, 2, 3)] == [1] * 4
    assert test.tiles(56, 56, "") == 5
    encoded = data.load([own], own, train)
    assert [len(rows) for rows in encoded.pictures] == [
        sum(train.tiles(*SIZES[i], "", n) for i in range(n)) for n in range(4)
    ]


@pytest.mark.parametrize("name", ["qwen2_vl", "qwen3_vl", "internvl", "llava_onevision"])
def test_limited_prompts_and_pixels_are_the_stock_processors(
    name: str, own: Path, tmp_path: Path
) -> None:
    folder = stand_ins.write(name, tmp_path / name)
    budget = {"internvl": {"tiles": 3}, "llava_onevision": {}}.get(name, CUT[name]["test"])
    encoding = limited(entries.load(entries.TABLES["encoding"][f"stock_{name}"]), budget)()
    encoding = encoding.open(folder)
    plain = opened(folder, None)
    if name == "internvl":
        plain.images.max_patches = 3
    if name.startswith("qwen"):
        plain.images.size = {
            "shortest_edge": budget["min_pixels"],
            "longest_edge": budget["max_pixels"],
        }
    processor = stock_processor(folder, plain)
    encoded = data.load([own], own, encoding)
    for n in range(4):
        files = [own / f"own/{i}.png" for i in range(n)]
        made = stock_inputs(processor, QUESTION, files, "No.")
        assert encoded.ids[n].tolist() == made["input_ids"][0].tolist()
        if n and name != "llava_onevision":
            ours = encoded.pixels[encoded.pictures[n]].flatten()
            assert torch.equal(ours, made["pixel_values"].flatten())


def test_prompts_of_none_to_three_pictures(folder: Path) -> None:
    """As the folder's template has them, each run of picture tokens as one with its length."""
    encoding, path = opened(folder, None), GOLDEN / f"{folder.name}.json"
    token = encoding.tokenizer.convert_ids_to_tokens(encoding._image)
    texts = []
    for n in range(4):
        tiles = [encoding.tiles(*size, "") for size in SIZES[:n]]
        slots = encoding.slots(tiles, "")
        text = encoding.tokenizer.decode(encoding.prompt(QUESTION, slots, "", strict=True))
        text = re.sub(
            rf"({re.escape(token)})+", lambda run: f"[{run[0].count(token)} x {token}]", text
        )
        texts.append(text)
    if os.environ.get("MIRAGE_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(texts, indent=1) + "\n", encoding="utf-8")
    assert texts == json.loads(path.read_text(encoding="utf-8"))
    assert texts[0] == stock_text(stock_processor(folder, encoding), QUESTION, 0)


def test_labels_stand_before_each_of_several_pictures(folder: Path) -> None:
    if folder.name == "llava_onevision":  # its template would put them behind all pictures
        assert not PICTURES[folder.name]
        return
    kind = entries.load(entries.TABLES["encoding"][f"stock_{folder.name}"])
    encoding = limited(kind, {"label": "Image-{n}: "})().open(folder)
    texts = []
    for n in range(3):
        slots = encoding.slots([encoding.tiles(28, 28, "")] * n, "")
        texts.append(encoding.tokenizer.decode(encoding.prompt(QUESTION, slots, "", strict=True)))
    assert "Image-" not in texts[0] + texts[1]
    first, second = texts[2].index("Image-1: "), texts[2].index("Image-2: ")
    assert first < second < texts[2].index(QUESTION)
