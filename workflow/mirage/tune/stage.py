"""What a tune job does: train a base in its phases, or a recipe on a base, and write the folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging

from mirage.context import JobContext
from mirage.contracts import DataError
from mirage.tune import batching, model_folder, nano, processing
from mirage.tune.data import Encoded, load, shared_vocabulary
from mirage.tune.families import PARTS
from mirage.tune.families.base import NanoProcessor
from mirage.tune.objective import Objective
from mirage.tune.trainer import Curve, Run, matrix_products, train

Log = Callable[[str], None]

SHARED = (
    "schedule",
    "warmup_ratio",
    "weight_decay",
    "max_grad_norm",
    "log_every",
    "checkpoint_every",
)
"""Settings that bases and recipes name alike and a run takes as they are."""


@dataclass(frozen=True)
class Task:
    """A tune job as plain values, so that it can be handed to other processes.

    Attributes:
        kind: ``base`` or ``recipe``.
        settings: The job's settings.
        base: Folder of the base that a recipe starts from; empty for a base.
        data: Folders of the training samples, several where a base learns a recipe's samples too.
        images: Folder of the pictures.
        work: Where checkpoints live.
        out: Where the model goes.
    """

    kind: str
    settings: dict[str, Any]
    base: str
    data: list[str]
    images: str
    work: str
    out: str


def run(ctx: JobContext) -> None:
    """Runs a tune job in this process, or in several under DeepSpeed."""
    task = Task(
        kind=ctx.job.kind,
        settings=dict(ctx.settings),
        base=str(ctx.parent("base")) if ctx.job.kind == "recipe" else "",
        data=[str(folder) for folder in ctx.parents("data")],
        images=str(ctx.parent("images")),
        work=str(ctx.work),
        out=str(ctx.out),
    )
    if task.kind == "recipe" and task.settings["tune"]["engine"] == "deepspeed":
        from mirage.tune import ranks

        ranks.launch(task)
        return
    perform(task, ctx.log)


def perform(task: Task, log: Log, write: bool = True) -> None:
    """Trains what a task asks for and writes the model folder.

    Args:
        task: The job.
        log: Takes lines for people.
        write: Whether this process writes the folder; with several ranks only one does.
    """
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(int(task.settings["threads"]))
    make = _base if task.kind == "base" else _recipe
    processor, model, counts, curve = make(task, log)
    if write:
        _write(Path(task.out), processor, model, counts, curve, task.settings)


Made = tuple[NanoProcessor, Any, dict[str, int], dict[str, Curve]]


def _base(task: Task, log: Log) -> Made:
    """Trains a model from scratch: first to name what single pictures show, then everything."""
    settings, folders = task.settings["model"], [Path(folder) for folder in task.data]
    how = settings["base"]
    processor = processing.build_processor(shared_vocabulary(folders), settings)
    encoded = load(folders, Path(task.images), processor)
    special = processing.special_ids(processor)
    seed = int(task.settings["seed"])
    model = nano.build_model(settings, len(processor.tokenizer), special, seed)
    counts = model_folder.freeze(model, PARTS)
    curves = {}
    with matrix_products(how["matrix_products"]) as attention:
        model.set_attn_implementation(attention)
        objective = Objective(model, encoded.pixels, encoded.tiles, keep_features=False)
        for phase in how["phases"]:
            run_ = _phase(phase, how, encoded, seed)
            folder = Path(task.work) / run_.name
            curves[run_.name] = train(objective, encoded, run_, folder, log)
    return processor, model, counts, curves


def _phase(phase: Mapping[str, Any], how: Mapping[str, Any], data: Encoded, seed: int) -> Run:
    """Returns one phase of base training, on the samples of its label classes alone."""
    rows = [i for i, label in enumerate(data.labels) if label in phase["labels"]]
    rows = rows if phase["labels"] else list(range(len(data.labels)))
    if not rows:
        raise DataError(
            f"model.base.phases: no training sample has one of the labels {phase['labels']}; "
            f"the data has {sorted(set(data.labels))}."
        )
    plan = batching.plan_steps(len(rows), phase["batch_size"], seed, phase["steps"])
    return Run(
        name=phase["name"],
        batches=[[rows[i] for i in batch] for batch in plan],
        optimizer=how["optimizer"],
        learning_rate=phase["learning_rate"],
        muon_rate=phase["muon_rate"],
        seed=seed,
        **{name: how[name] for name in SHARED},
    )


def _recipe(task: Task, log: Log) -> Made:
    """Tunes the parts that a recipe names, on a finished base."""
    settings = task.settings
    recipe, how, seed = settings["recipe"]["tune"], settings["tune"], int(settings["seed"])
    processor = processing.load_processor(task.base)
    model = model_folder.open_model(Path(task.base))
    folders = [Path(folder) for folder in task.data]
    data = load(folders, Path(task.images), processor)
    counts = model_folder.freeze(model, recipe["parts"])
    deepspeed = how["engine"] == "deepspeed"
    run_ = Run(
        name=settings["recipe"]["name"],
        batches=_recipe_batches(data, recipe, how["batch_size"], seed),
        optimizer="adamw",
        learning_rate=recipe["learning_rate"],
        muon_rate=0.0,
        seed=seed,
        **{name: how[name] for name in SHARED},
        deepspeed=how["zero_stage"] if deepspeed else None,
        per_sample=recipe["loss"] == "samples",
    )
    with matrix_products(how["matrix_products"]) as attention:
        model.set_attn_implementation(attention)
        keep = "vision" not in recipe["parts"]
        objective = Objective(model, data.pixels, data.tiles, keep)
        curve = train(objective, data, run_, Path(task.work) / "recipe", log)
    return processor, model, counts, {run_.name: curve}


def _recipe_batches(
    data: Encoded, recipe: Mapping[str, Any], batch_size: int, seed: int
) -> list[list[int]]:
    """Returns the batches of a recipe's epochs, or of its number of learnt tokens."""
    tokens = recipe["supervised_tokens"]
    if tokens is not None:
        return batching.plan_tokens(data.answers, batch_size, seed, tokens)
    return batching.plan_epochs(len(data.ids), batch_size, seed, recipe["epochs"])


def _write(
    out: Path,
    processor: NanoProcessor,
    model: Any,
    counts: Mapping[str, int],
    curves: Mapping[str, Curve],
    settings: Mapping[str, Any],
) -> None:
    """Writes the model folder, the curve and the record for the tracking store."""
    model_folder.save_model(model, out)
    processing.save_processor(processor, model.config.model_type, out)
    rows = [{"phase": name, **row} for name, curve in curves.items() for row in curve]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (out / "curve.jsonl").write_text(text, encoding="utf-8")
    record = {
        "params": _flat(settings),
        "metrics": {
            **{f"parameters/{part}": count for part, count in counts.items()},
            **{f"loss/{name}": curve[-1]["loss"] for name, curve in curves.items() if curve},
        },
        "curves": {
            f"{value}/{name}": [[row["step"], row[value]] for row in curve]
            for name, curve in curves.items()
            for value in ("loss", "learning_rate")
        },
    }
    text = json.dumps(record, indent=1, sort_keys=True)
    (out / "record.json").write_text(text + "\n", encoding="utf-8")


def _flat(plain: Any, name: str = "") -> dict[str, str | int | float]:
    """Returns nested settings under dotted names."""
    if isinstance(plain, Mapping):
        return {k: v for key in plain for k, v in _flat(plain[key], f"{name}.{key}").items()}
    if isinstance(plain, list):
        indexed = dict(enumerate(plain))
        simple = all(isinstance(item, str) for item in plain)
        return {name[1:]: " ".join(plain)} if simple else _flat(indexed, name)
    return {name[1:]: plain if isinstance(plain, int | float) else str(plain)}
