"""Two CPU ranks under ZeRO: what one process learns, brought together, without hanging.

Ranks that wait for each other in vain end after a while (``test_large_watchdog``): a hang is a
failure, not a wait.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import squares
import torch
import yaml
from large_jobs import block, furthest, large_job, losses
from safetensors.torch import load_file

from mirage import tune
from mirage.context import JobContext
from mirage.plan.schema.tune import Large
from mirage.tune import batching, checkpoint
from mirage.tune.task import Task

pytestmark = pytest.mark.real

RANKS = {"engine": "deepspeed", "ranks": 2}
PAIRS = {"epochs": 1, "batch_size": 2}
"""Batches of two: each rank has one sample, one of them a picture's and the other text alone."""


@pytest.fixture(scope="module")
def alone(world: squares.World, base: Path) -> JobContext:
    job = large_job(world, base, "mirage-alone", block(micro_batch=1), **PAIRS)
    tune.run(job)
    return job


def trained(world: squares.World, base: Path, stage: int) -> JobContext:
    large = block(micro_batch=1, longest_first=True, activation_checkpointing=True)
    job = large_job(world, base, f"mirage-zero{stage}", large, zero_stage=stage, **RANKS, **PAIRS)
    tune.run(job)
    return job


def stopped(job: JobContext) -> int:
    """Runs a job's ranks from a process that is asked to stop once it has a checkpoint."""
    path = job.work / "asked.json"
    path.write_text(json.dumps(asdict(Task.of(job))))
    script = Path(__file__).with_name("asked_job.py")
    with subprocess.Popen([sys.executable, str(script), str(path)]) as running:
        while not list((job.work / "recipe").glob(f"*/{checkpoint.SEAL}")):
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        return running.wait()


def test_some_ranks_have_text_alone_where_others_have_pictures(
    world: squares.World, base: Path
) -> None:
    encoded = squares.load([world.data], world.images, squares.load_processor(base))
    batches = batching.plan_epochs(len(encoded.ids), 2, 0, 1)
    shown = [[bool(encoded.pictures[sample]) for sample in batch] for batch in batches]
    assert [True, False] in shown or [False, True] in shown


@pytest.mark.parametrize("stage", [2, 3])
def test_ranks_learn_what_one_process_learns(
    world: squares.World, base: Path, alone: JobContext, stage: int
) -> None:
    job = trained(world, base, stage)
    assert len(losses(job.out)) >= 20
    assert furthest(losses(alone.out), losses(job.out)) < 1e-4
    assert {p.name for p in job.out.iterdir()} == {p.name for p in alone.out.iterdir()}
    before, single, sharded = (
        load_file(folder / "model.safetensors") for folder in (base, alone.out, job.out)
    )
    assert before.keys() == single.keys() == sharded.keys()
    for name, tensor in sharded.items():
        if "vision_tower" in name:
            assert torch.equal(tensor, before[name])
        else:
            assert torch.allclose(tensor, single[name], atol=2e-4)
    assert not torch.equal(
        sharded["model.language_model.norm.weight"], before["model.language_model.norm.weight"]
    )


def as_written(name: str, **changed: Any) -> dict[str, Any]:
    """The block ``large`` of an option in conf/tune, its rows as short as these samples."""
    settings = yaml.safe_load((squares.CONF / f"tune/{name}.yaml").read_text())["large"]
    assert settings["packing"] and settings["activation_checkpointing"]
    return Large(**(settings | {"row_tokens": 120} | changed)).model_dump()


@pytest.fixture(scope="module")
def unpacked(world: squares.World, base: Path) -> JobContext:
    job = large_job(world, base, "mirage-unpacked", block(micro_batch=1))
    tune.run(job)
    return job


@pytest.mark.parametrize("name", ["zero2", "zero3"])
def test_packed_ranks_learn_what_one_process_learns_row_by_row(
    world: squares.World,
    base: Path,
    unpacked: JobContext,
    name: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    how = RANKS | {"zero_stage": int(name[-1])}
    job = large_job(world, base, f"mirage-packed-{name}", as_written(name, dtype="float32"), **how)
    tune.run(job)
    assert len(losses(job.out)) >= 10
    assert furthest(losses(unpacked.out), losses(job.out)) < 1e-4
    assert "FutureWarning" not in capfd.readouterr().err  # some for each layer and step
    assert list((job.work / "features").glob("*.safetensors"))
    single, packed = (load_file(made.out / "model.safetensors") for made in (unpacked, job))
    for tensor, other in zip(single.values(), packed.values(), strict=True):
        assert torch.allclose(tensor, other, atol=2e-4)


def test_the_settings_of_zero2_go_on_from_a_checkpoint(
    world: squares.World, base: Path, unpacked: JobContext
) -> None:
    large = as_written("zero2")
    assert large["dtype"] == "bfloat16" and large["loaders"]
    job = large_job(world, base, "mirage-as-written", large, checkpoint_every=4, **RANKS)
    tune.run(job)
    followed, weights = losses(job.out), (job.out / "model.safetensors").read_bytes()
    assert 0 < furthest(losses(unpacked.out), followed) < 0.05
    last = checkpoint.newest(job.work / "recipe")
    assert last is not None
    # Killed before its last checkpoint, it goes on from the one before, to the same weights.
    (last / checkpoint.SEAL).unlink()
    (job.out / "model.safetensors").unlink()
    tune.run(job)
    assert (job.out / "model.safetensors").read_bytes() == weights
    assert losses(job.out) == followed


def test_sharded_adapters_in_bfloat16_go_on_from_a_checkpoint(world: squares.World) -> None:
    # LLaVA-OneVision's newline is a weight outside every layer: it has to be brought together too.
    made = squares.base_job(world, "base-llava-ranks", "llava_onevision")
    tune.run(made)
    large = block(dtype="bfloat16", adapter="lora", activation_checkpointing=True, micro_batch=4)
    how = RANKS | {"zero_stage": 3, "checkpoint_every": 4, "batch_size": 8, "epochs": 4}
    job = large_job(world, made.out, "mirage-adapters", large, **how)
    tune.run(job)
    weights = (job.out / "model.safetensors").read_bytes()
    changed, before = (
        load_file(job.out / "model.safetensors"),
        load_file(made.out / "model.safetensors"),
    )
    assert {t.dtype for t in changed.values()} == {torch.bfloat16}
    moved = {name for name in before if not torch.equal(before[name].bfloat16(), changed[name])}
    assert moved and all("proj" in name or "linear" in name for name in moved)
    again = large_job(world, made.out, "mirage-adapters-stopped", large, **how)
    again.settings["recipe"]["name"] = job.settings["recipe"]["name"]
    assert stopped(again) == 128 + signal.SIGTERM
    assert not any(again.out.iterdir())
    last = checkpoint.newest(again.work / "recipe")
    assert last is not None and 4 <= checkpoint.step(last) < len(losses(job.out))
    tune.run(again)
    assert (again.out / "model.safetensors").read_bytes() == weights
    assert losses(again.out) == losses(job.out)
