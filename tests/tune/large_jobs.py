"""Tune jobs with the block ``tune.large``, for the tests of what large models need."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import squares

from mirage.context import JobContext
from mirage.plan import entries

PLAIN = {
    "dtype": "float32",
    "activation_checkpointing": False,
    "micro_batch": 2,
    "packing": False,
    "longest_first": False,
    "checkpoint_minutes": 10.0,
    "adapter": "none",
}
LORA = {"rank": 4, "alpha": 8.0, "dropout": 0.0, "targets": "all"}


def block(**changed: Any) -> dict[str, Any]:
    lora = LORA | changed.pop("lora", {})
    return PLAIN | changed | {"lora": lora}


def large_job(
    world: squares.World, base: Path, name: str, large: dict[str, Any], **changed: Any
) -> JobContext:
    short = {"epochs": 2, "learning_rate": 2e-3, "log_every": 1, "checkpoint_every": 100}
    job = squares.recipe_job(world, base, name, **short | changed)
    job.settings["tune"]["large"] = large
    return as_large(job)


def as_large(job: JobContext) -> JobContext:
    chosen = job.job.entries | {"tuning": entries.resolve("tuning", "large")}
    return dataclasses.replace(job, job=dataclasses.replace(job.job, entries=chosen))


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "curve.jsonl").read_text().splitlines()]


def furthest(one: list[float], other: list[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
