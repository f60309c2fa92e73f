"""A user's samples for imported models: English, none to three pictures of any size."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import stand_ins
from mirage.contracts import TrainSample, write_rows
from mirage.files import file_sha256
from mirage.pictures import Elsewhere
from mirage.plan import entries
from mirage.tune import data, model_folder
from mirage.tune.data import Encoded
from mirage.tune.encoding import Encoding
from mirage.tune.families.base import Family
from mirage.tune.losses import mean_over_tokens
from mirage.tune.objective import Objective, Table

CLASSES = ("qwen2_vl", "internvl", "llava_onevision", "qwen3_vl")
SIZES = [(60, 40), (28, 28), (33, 90), (120, 50), (28, 56)]
SHOWN = [(0, 1), (2,), (), (3, 0, 2), (1, 1), (4,), (), (2, 4)]


def write(root: Path) -> Path:
    """Writes samples and pictures, and returns their folder."""
    draw = np.random.default_rng(0)
    names = [f"images/{i}.png" for i in range(len(SIZES))]
    (root / "images").mkdir(parents=True)
    for name, (width, height) in zip(names, SIZES, strict=True):
        pixels = draw.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / name)
    rows = [
        TrainSample(
            f"train/{i}",
            "train",
            "",
            "",
            f"What is shown here, and could anyone get hurt? ({i})",
            tuple(names[n] for n in shown),
            {},
            "Nothing dangerous, only a plate. " * (1 + i % 3),
            "own",
        )
        for i, shown in enumerate(SHOWN)
    ]
    write_rows(root / "samples.jsonl", rows)
    elsewhere = Elsewhere(root, {name: file_sha256(root / name) for name in names})
    (root / "pictures.json").write_text(json.dumps(elsewhere.to_json()))
    return root


@dataclass(frozen=True)
class Opened:
    """A stand-in with the samples as it reads them."""

    folder: Path
    model: Any
    family: Family
    encoding: Encoding
    data: Encoded

    def objective(self, keep_features: bool = False, table: Table | None = None) -> Objective:
        loss = mean_over_tokens
        return Objective(self.model, self.family, self.data, loss, keep_features, table)


def open_stand_in(architecture: str, folder: Path, samples: Path, decode: bool = True) -> Opened:
    """Opens the stand-in of a class, written there if it is not yet."""
    if not folder.exists():
        stand_ins.write(architecture, folder)
    family = entries.load(entries.TABLES["family"][architecture])()
    encoding = entries.load(entries.TABLES["encoding"][f"stock_{architecture}"])().open(folder)
    model = model_folder.open_model(folder, family)
    return Opened(folder, model, family, encoding, data.load([samples], samples, encoding, decode))
