"""Bases trained from scratch: first to name what single pictures show, then everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from mirage.contracts import DataError
from mirage.tune import batching
from mirage.tune.data import Encoded, load
from mirage.tune.families.base import PARTS
from mirage.tune.model_folder import freeze, round_weights
from mirage.tune.nano.base import NanoClass
from mirage.tune.objective import Objective
from mirage.tune.task import Log, Task, TrainedModel
from mirage.tune.trainer import SHARED, Run, train

VOCABULARY = "vocabulary.txt"


def make_base(task: Task, log: Log) -> TrainedModel:
    """Trains a model from scratch; an entry of the group ``base``.

    Raises:
        DataError: The data or the pictures cannot be used; says where.
    """
    settings, folders = task.settings["model"], [Path(folder) for folder in task.data]
    how, seed = settings["base"], int(task.settings["seed"])
    kind: NanoClass = task.entry("encoding")()
    encoding = kind.build(shared_vocabulary(folders), settings)
    data = load(folders, task.images, encoding)
    words = len(encoding.processor.tokenizer)
    model = build_model(kind, settings, words, encoding.special_ids(), seed)
    curves = {}
    for phase in how["phases"]:
        freeze(model, phase["parts"], kind.family)
        keep = "vision" not in phase["parts"]
        objective = Objective(model, kind.family, data, task.entry("loss"), keep_features=keep)
        run = _phase(phase, how, data, seed)
        curves[run.name] = train(objective, data, run, Path(task.work) / run.name, log).curve
    round_weights(model)
    return TrainedModel(encoding, model, freeze(model, PARTS, kind.family), curves)


def build_model(
    kind: NanoClass,
    model: Mapping[str, Any],
    vocab_size: int,
    special: Mapping[str, int],
    seed: int,
) -> Any:
    """Returns a freshly initialised model; the weights depend on settings and seed alone.

    Args:
        kind: The nano class.
        model: Settings of the group ``model`` (``conf/model``).
        vocab_size: Tokens in the vocabulary, special tokens among them.
        special: Token ids by name (``WordEncoding.special_ids``).
        seed: Seed of the weights.
    """
    config = kind.config(model, vocab_size, special)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        built = kind.family.kind(config)
        kind.settle(built)
    built.generation_config.pad_token_id = special["pad"]
    built.generation_config.eos_token_id = special["eos"]
    return built


def read_vocabulary(folder: Path) -> list[str]:
    """Returns the words of a data set's vocabulary file, one a line.

    Raises:
        DataError: The file is missing or empty.
    """
    path = folder / VOCABULARY
    if not path.is_file():
        raise DataError(f"{path} does not exist. Build the data set again with: snakemake")
    words = path.read_text(encoding="utf-8").split("\n")
    words = words[:-1] if words[-1] == "" else words
    if not words:
        raise DataError(f"{path} is empty. Build the data set again with: snakemake")
    return words


def shared_vocabulary(folders: Sequence[Path]) -> list[str]:
    """Returns the vocabulary of several data sets.

    Raises:
        DataError: As ``read_vocabulary``, or two of them differ.
    """
    words = read_vocabulary(folders[0])
    for folder in folders[1:]:
        if read_vocabulary(folder) != words:
            raise DataError(
                f"{folder / VOCABULARY} differs from {folders[0] / VOCABULARY}: the data sets come "
                "from two worlds. Remove both folders and run snakemake again."
            )
    return words


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
        muon_lr=phase["muon_lr"],
        schedule=how["schedule"],
        warmup=how["warmup_ratio"],
        seed=seed,
        **{name: how[name] for name in SHARED},
    )
