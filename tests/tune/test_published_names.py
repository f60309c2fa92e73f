"""Files as the hub has them, written by earlier versions, are the same models."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import stand_ins
from mirage.plan import entries
from mirage.plan.imported_model import inspect_folder
from mirage.tune import model_folder

QUESTION = "What do these show?"


@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("name", list(stand_ins.PUBLISHED))
def test_the_hubs_names_are_read(name: str, tied: bool, tmp_path: Path) -> None:
    new = stand_ins.write(name, tmp_path / "new", tied=tied)
    old = stand_ins.as_published(stand_ins.write(name, tmp_path / "old", tied=tied))
    changed = bool(stand_ins.PUBLISHED[name])
    prefix = "model.language_model."
    assert (
        any(key.startswith(prefix) for key in load_file(old / "model.safetensors")) is not changed
    )
    assert inspect_folder(old).problems == () and inspect_folder(old).architecture == name
    family = entries.load(entries.TABLES["family"][name])()
    kind = entries.load(entries.TABLES["encoding"][f"stock_{name}"])()
    models = [model_folder.open_model(folder, family) for folder in (new, old)]
    first, second = (model.state_dict() for model in models)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
    for model in models:
        assert (model.lm_head.weight is model.get_input_embeddings().weight) is tied
    ids = torch.arange(10, 30)[None]
    with torch.inference_mode():
        assert torch.equal(*(model.eval()(input_ids=ids).logits for model in models))
    picture = Image.new("RGB", (60, 40), (200, 20, 20))
    prompts = []
    for encoding in (kind.open(new), kind.open(old)):
        slots = encoding.slots([encoding.tiles(60, 40, "")] * 2, "")
        prompts.append((encoding.prompt(QUESTION, slots, "", True), encoding.pixels([picture])))
    assert prompts[0][0] == prompts[1][0] and torch.equal(prompts[0][1], prompts[1][1])
