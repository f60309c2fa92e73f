"""Bases that exist already: folders of links to a user's model, copies of released ones."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch

from mirage.contracts import DataError
from mirage.files import canonical, file_sha256, sha256
from mirage.tune.families.base import Family
from mirage.tune.model_folder import open_model
from mirage.tune.stock.base import FILES
from mirage.tune.task import Log, Task, write_record

SETTINGS = ("config.json", "generation_config.json", "model.safetensors.index.json")


def link_base(task: Task, log: Log) -> None:
    """Links a model folder's files, after opening it; an entry of the group ``base``.

    Weights are never copied: a real model has gigabytes, and a store many studies.

    Raises:
        DataError: The folder does not open, or is not the one that the plan saw.
    """
    source, out = _opened(task, log)
    for path in model_files(source):
        link = out / path.name
        link.unlink(missing_ok=True)
        link.symlink_to(path.resolve())


def copy_base(task: Task, log: Log) -> None:
    """Copies a released base, a few megabytes, so that a store does not hang on a checkout.

    An entry of the group ``base``.

    Raises:
        DataError: The folder does not open, or is not the one that the plan saw.
    """
    source, out = _opened(task, log)
    for path in model_files(source):
        shutil.copyfile(path, out / path.name)
    made = sorted([path.name, file_sha256(path)] for path in model_files(out))
    if sha256(canonical(made).encode()) != task.settings["model"]["digest"]:
        raise DataError(f"{source} changed since it was planned. Plan again with: snakemake")


def _opened(task: Task, log: Log) -> tuple[Path, Path]:
    """Opens the model as it will be used, and returns where it lies and where it goes."""
    source, out = Path(task.external[task.settings["model"]["digest"]]), Path(task.out)
    family: Family = task.entry("family")()
    encoding = task.entry("encoding")().open(source)
    model = open_model(source, family, torch.bfloat16)  # nothing is computed: half the memory
    size = model.get_input_embeddings().weight.shape[0]
    longest = max(encoding.answer("a", str(source)))
    if longest >= size:
        raise DataError(f"{source}: token {longest} is beyond the model's {size} embeddings.")
    counts: dict[str, Any] = {"parameters/all": sum(p.numel() for p in model.parameters())}
    write_record(out, counts, {})
    log(f"{source}: {counts['parameters/all']:,} parameters, used as they are")
    return source, out


def model_files(folder: Path) -> list[Path]:
    """Returns what of a folder is the model: configuration, processor, tokenizer, weights."""
    names = [*SETTINGS, *FILES, *sorted(path.name for path in folder.glob("*.safetensors"))]
    return [folder / name for name in names if (folder / name).is_file()]
