"""Recipes on models of billions of parameters; the entry ``large`` of the group ``tuning``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mirage.context import ConfigError
from mirage.tune.data import load
from mirage.tune.encoding import limited
from mirage.tune.families.base import Family
from mirage.tune.large.adapters import adapted, add_adapters, merged
from mirage.tune.large.attention import attend_by_sample
from mirage.tune.large.rhythm import ENDED, Rhythm, listening
from mirage.tune.large.tables import picture_table
from mirage.tune.large.trainer import LargeRun, LargeTrainer
from mirage.tune.large.weights import Expected, export, gather
from mirage.tune.large.world import device, ranks
from mirage.tune.launcher import check_launch
from mirage.tune.model_folder import freeze, open_model
from mirage.tune.objective import Objective
from mirage.tune.recipe import plan_batches
from mirage.tune.task import Log, Task, TrainedModel
from mirage.tune.trainer import SHARED, to_the_end

DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}


def tune_large(task: Task, log: Log) -> TrainedModel:
    """Tunes a base on a recipe's samples; every rank calls it.

    Raises:
        ConfigError: The recipe stops at a criterion, or the job was started more than once.
        DataError: The data, the pictures or the base cannot be used, or the weights that would be
            written are not those that were trained; says where.
    """
    settings = task.settings
    recipe, how, seed = settings["recipe"]["tune"], settings["tune"], int(settings["seed"])
    large: Mapping[str, Any] = how["large"]
    if recipe["until"] is not None:
        raise ConfigError(
            f"recipe {settings['recipe']['name']} stops at a criterion, which tune.large cannot "
            "check while it trains. Give it epochs: recipe.tune.until=null recipe.tune.epochs=3"
        )
    if how["engine"] == "trainer":
        check_launch(ranks=1)
    family: Family = task.entry("family")()
    encoding = limited(task.entry("encoding"), settings.get("images"))().open(Path(task.base))
    model = open_model(Path(task.base), family, DTYPES[large["dtype"]], device())
    folders = [Path(folder) for folder in task.data]
    data = load(folders, task.images, encoding, decode=large["features"] == "memory")
    counts = freeze(model, recipe["parts"], family)
    frozen = "vision" not in recipe["parts"]
    lora = large["adapter"] == "lora"
    layers = adapted(model, family, recipe["parts"], large["lora"]) if lora else []
    learns = {f"{layer}.weight" for layer in layers} if lora else _learns(model)
    expected = Expected(model, learns)
    place = (Path(task.base), Path(task.work))
    table, kept = picture_table(large, *place, model, family, data, encoding, frozen, log)
    metrics: dict[str, float] = {}
    finish: Callable[[Mapping[str, torch.Tensor]], dict[str, torch.Tensor]] = dict
    if lora:
        counts["trainable"] = add_adapters(model, layers, large["lora"], seed)
        metrics = {"parameters/lora": counts["trainable"]}
        finish = partial(merged, settings=large["lora"])
    if large["packing"]:
        attend_by_sample(model)
    if large["activation_checkpointing"]:
        model.activation_checkpointing_enable({"use_reentrant": False})
    objective = Objective(model, family, data, task.entry("loss"), kept, table)
    run = LargeRun(
        name=settings["recipe"]["name"],
        batches=plan_batches(data, recipe, how["batch_size"], seed),
        optimizer="adamw",
        learning_rate=recipe["learning_rate"],
        muon_lr=0.0,
        seed=seed,
        schedule=how["schedule"],
        warmup=how["warmup_ratio"],
        **{name: how[name] for name in SHARED},
        deepspeed=how["zero_stage"] if how["engine"] == "deepspeed" else None,
        large=large,
    )
    log(_opening(run, counts, large))
    with listening() as asked:
        rhythm = Rhythm(60 * large["checkpoint_minutes"], asked)
        trainer = LargeTrainer(objective, data, run, Path(task.work) / "recipe", log, rhythm)
        course = to_the_end(trainer, log)
    if rhythm.stopped:
        log(f"{run.name}: asked to stop (SIGTERM); the next try goes on from step {course.steps}.")
        sys.exit(ENDED)
    weights = finish(gather(model))
    save = partial(export, model, weights, expected)
    return TrainedModel(
        encoding, model, counts, {run.name: course.curve}, course, save=save, metrics=metrics
    )


def _learns(model: Any) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def _opening(run: LargeRun, counts: Mapping[str, int], large: Mapping[str, Any]) -> str:
    kind = "LoRA" if large["adapter"] == "lora" else "full"
    sharded = "one process" if run.deepspeed is None else f"{ranks()} ranks, ZeRO-{run.deepspeed}"
    return (
        f"{run.name}: {kind} tuning of {counts['trainable']:,} parameters in {large['dtype']}, "
        f"{sharded}, {len(run.batches)} steps"
    )
