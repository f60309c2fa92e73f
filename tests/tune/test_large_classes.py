"""Stock models of every class: tuned, written, opened again with stock classes, the same logits."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import squares
import torch
from large_jobs import as_large, block
from PIL import Image
from transformers import AutoModelForImageTextToText

import stand_ins
from mirage.context import JobContext
from mirage.contracts import TrainSample, write_rows
from mirage.files import file_sha256
from mirage.pictures import Elsewhere
from mirage.plan import entries
from mirage.tune.batching import collate
from mirage.tune.data import load
from mirage.tune.large.recipe import tune_large
from mirage.tune.losses import mean_over_tokens
from mirage.tune.objective import Objective
from mirage.tune.task import Task, TrainedModel

CLASSES = ["qwen2_vl", "internvl", "llava_onevision", "qwen3_vl"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples with two pictures, one and none."""
    root = tmp_path_factory.mktemp("shown")
    for name, size in (("a", (60, 40)), ("b", (28, 84))):
        Image.effect_noise(size, 80).convert("RGB").save(root / f"{name}.png")
    said = [
        (("a.png", "b.png"), "A fork."),
        (("b.png",), "Only a plate, nothing else."),
        ((), "Hm."),
    ]
    rows = [
        TrainSample(f"train/{i}", "train", "", "", "What is shown?", images, {}, answer, "own")
        for i, (images, answer) in enumerate(said)
    ]
    write_rows(root / "samples.jsonl", rows)
    names = {name: file_sha256(root / name) for name in ("a.png", "b.png")}
    (root / "pictures.json").write_text(json.dumps(Elsewhere(root, names).to_json()))
    return root


def job_of(architecture: str, shown: Path, store: Path, large: dict[str, Any]) -> JobContext:
    base = stand_ins.write(architecture, store / "hub")
    world = squares.World(store)
    job = squares.recipe_job(
        world, base, "mirage-stock", epochs=3, learning_rate=1e-3, batch_size=3, log_every=1
    )
    job.settings["tune"]["large"] = large
    chosen = job.job.entries | {
        group: entries.resolve(group, name)
        for group, name in {"encoding": f"stock_{architecture}", "family": architecture}.items()
    }
    parents = {"base": [str(base)], "data": [str(shown)], "images": [str(shown)]}
    plain = dataclasses.replace(job.job, entries=chosen, parents=parents)
    return as_large(dataclasses.replace(job, job=plain))


def logits(model: Any, made: TrainedModel, job: JobContext, shown: Path) -> torch.Tensor:
    """What a model says where the answers of all samples are learnt."""
    data = load([shown], shown, made.encoding)
    family = Task.of(job).entry("family")()
    said: list[torch.Tensor] = []

    def note(chosen: Any, rejected: Any) -> torch.Tensor:
        said.append(chosen.logits)
        return mean_over_tokens(chosen, rejected)

    pixels = dataclasses.replace(data, pixels=data.pixels.to(model.dtype))
    objective = Objective(model.eval(), family, pixels, note, keep_features=False)
    with torch.no_grad():
        objective(**vars(collate(data, range(3), int(data.lengths.max()) * 2, data.pad)))
    return said[0]


@pytest.mark.parametrize("architecture", CLASSES)
@pytest.mark.parametrize("kind", ["full", "lora"])
def test_written_and_opened_again_it_says_the_same(
    architecture: str, kind: str, shown: Path, tmp_path: Path
) -> None:
    adapter = "lora" if kind == "lora" else "none"
    dtype = "float32" if kind == "lora" else "bfloat16"
    large = block(dtype=dtype, adapter=adapter, micro_batch=1, activation_checkpointing=True)
    job = job_of(architecture, shown, tmp_path, large)
    made = tune_large(Task.of(job), print)
    live = logits(made.model, made, job, shown)
    assert made.save is not None
    made.save(job.out)
    stock = AutoModelForImageTextToText.from_pretrained(
        job.out, dtype="auto", trust_remote_code=False, use_safetensors=True
    )
    assert stock.dtype == (torch.float32 if kind == "lora" else torch.bfloat16)
    assert (
        type(stock).__name__ in json.loads((job.out / "config.json").read_text())["architectures"]
    )
    again = logits(stock, made, job, shown)
    # Merging adds the adapters up in another order; weights themselves are the same bits.
    assert torch.allclose(live, again, atol=1e-4) if kind == "lora" else torch.equal(live, again)
    before = AutoModelForImageTextToText.from_pretrained(tmp_path / "hub", dtype=stock.dtype)
    assert not torch.allclose(live, logits(before, made, job, shown), atol=1e-2)


def test_pictures_are_cut_as_the_job_says(shown: Path, tmp_path: Path) -> None:
    tokens = []
    for name, images in (("all", None), ("one", {"tiles": 1, "share": True})):
        job = job_of("internvl", shown, tmp_path / name, block())
        if images is not None:
            job.settings["images"] = images
        made = tune_large(Task.of(job), print)
        tokens.append(int(load([shown], shown, made.encoding).lengths.sum()))
    assert tokens[0] > tokens[1]
