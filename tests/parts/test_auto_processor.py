"""Stock processors open folders of this suite, where torchvision is: in the environment of vLLM."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import stand_ins
from mirage.plan import entries

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-vllm/bin/python"
QUESTION = "what is in the first and second ?"
NANO = ("internvl", "qwen2_vl", "llava_onevision")


def nano(name: str, folder: Path) -> Path:
    """A folder as the stage tune writes it, with the weights left out."""
    squares: Any = importlib.import_module("squares")
    settings = squares.model_settings(name)
    encoding = squares.build_encoding(settings)
    model = squares.build_model(settings, 0)
    folder.mkdir()
    model.config.save_pretrained(folder)
    encoding.save(folder)
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    draw = np.random.default_rng(0)
    paths = [tmp_path / f"{i}.png" for i in range(2)]
    for path in paths:
        Image.fromarray(draw.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
    return [str(path) for path in paths]


def opened(folders: list[str], pictures: list[str]) -> dict[str, Any]:
    if not PYTHON.is_file():
        pytest.skip(f"{PYTHON} is missing. Make it with: make env-vllm")
    asked = json.dumps({"folders": folders, "pictures": pictures, "question": QUESTION})
    script = Path(__file__).parent / "open_with_auto_classes.py"
    quiet = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "PYTHONPATH": ""}
    done = subprocess.run(
        [PYTHON, script, asked], check=False, capture_output=True, text=True, env=os.environ | quiet
    )
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return made


def test_auto_processor_opens_nano_and_imported_folders(
    tmp_path: Path, pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tests/tune"))
    folders = {f"nano_{name}": nano(name, tmp_path / f"nano_{name}") for name in NANO}
    released = tmp_path / "nano_released"
    shutil.copytree(ROOT / "bases/nano_internvl/s0", released)
    folders |= {"nano_internvl/released": released}
    stock = list(stand_ins.MODELS)
    folders |= {f"stock_{name}": stand_ins.write(name, tmp_path / name) for name in stock}
    made = opened([str(folder) for folder in folders.values()], pictures)
    for name, folder in folders.items():
        kind, _, _ = name.partition("/")
        encoding = entries.load(entries.TABLES["encoding"][kind])().open(folder)
        shown = [Image.open(path).convert("RGB") for path in pictures]
        slots = encoding.slots([encoding.tiles(32, 32, "")] * 2, "")
        ids = encoding.prompt(QUESTION, slots, "", strict=False)
        theirs = made[str(folder)]
        assert theirs["class"].lower().removesuffix("processor") in kind.replace("_", "")
        assert theirs["ids"] == ids, name
        if kind.startswith("nano_"):  # nothing is resized, so nothing may differ
            pixels = encoding.pixels(shown).flatten().numpy()
            assert np.allclose(theirs["pixels"], pixels, atol=1e-6), name
