"""Recipes: the parts that a recipe names are tuned on a finished base."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mirage.contracts import TrainSample, read_rows
from mirage.tune import batching
from mirage.tune.criterion import until
from mirage.tune.data import SAMPLES, Encoded, load
from mirage.tune.encoding import limited
from mirage.tune.families.base import Family
from mirage.tune.model_folder import freeze, open_model
from mirage.tune.objective import Objective
from mirage.tune.task import Log, Task, TrainedModel
from mirage.tune.trainer import SHARED, Run, train


def tune_recipe(task: Task, log: Log) -> TrainedModel:
    """Tunes a base on a recipe's samples.

    Raises:
        DataError: The data, the pictures or the base cannot be used; says where.
    """
    settings = task.settings
    recipe, how, seed = settings["recipe"]["tune"], settings["tune"], int(settings["seed"])
    family: Family = task.entry("family")()
    encoding = limited(task.entry("encoding"), settings.get("images"))().open(Path(task.base))
    model = open_model(Path(task.base), family)
    folders = [Path(folder) for folder in task.data]
    data = load(folders, task.images, encoding)
    counts = freeze(model, recipe["parts"], family)
    keep = "vision" not in recipe["parts"]
    objective = Objective(model, family, data, task.entry("loss"), keep_features=keep)
    stop = recipe["until"]
    criterion = None
    if stop is not None:
        rows = [row for folder in folders for row in read_rows(folder / SAMPLES, TrainSample)]
        criterion = until(stop, task.entry("criterion"), rows, objective, data, encoding)
    run = Run(
        name=settings["recipe"]["name"],
        batches=plan_batches(data, recipe, how["batch_size"], seed),
        optimizer="adamw",
        learning_rate=recipe["learning_rate"],
        muon_lr=0.0,
        seed=seed,
        # A schedule that falls to zero needs to know the end.
        schedule="constant_with_warmup" if stop else how["schedule"],
        warmup=stop["warmup_steps"] if stop else how["warmup_ratio"],
        **{name: how[name] for name in SHARED},
        deepspeed=how["zero_stage"] if how["engine"] == "deepspeed" else None,
        until=criterion,
    )
    course = train(objective, data, run, Path(task.work) / "recipe", log)
    return TrainedModel(encoding, model, counts, {run.name: course.curve}, course)


def plan_batches(
    data: Encoded, recipe: Mapping[str, Any], batch_size: int, seed: int
) -> list[list[int]]:
    """Returns the batches of a recipe's epochs, or steps, or of its number of learnt tokens."""
    if recipe["until"] is not None:
        return batching.plan_steps(len(data.ids), batch_size, seed, recipe["until"]["cap"])
    tokens = recipe["supervised_tokens"]
    if tokens is not None:
        return batching.plan_tokens(data.answers, batch_size, seed, tokens)
    return batching.plan_epochs(len(data.ids), batch_size, seed, recipe["epochs"])
