"""Bases that are imported: a folder of references to a model folder that exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mirage.contracts import DataError
from mirage.tune.families.base import Family
from mirage.tune.model_folder import open_model
from mirage.tune.stock.base import FILES
from mirage.tune.task import Log, Task, write_record

WEIGHTS = ("config.json", "generation_config.json", "model.safetensors.index.json")


def make_base(task: Task, log: Log) -> None:
    """Links a model folder's files, after opening it; an entry of the group ``base``.

    Weights are never copied: a real model has gigabytes, and a store many studies.

    Raises:
        DataError: The folder does not open, or is not the one that the plan saw.
    """
    source, out = Path(task.settings["model"]["path"]), Path(task.out)
    family: Family = task.entry("family")()
    encoding = task.entry("encoding")().open(source)
    model = open_model(source, family)
    size = model.get_input_embeddings().weight.shape[0]
    longest = max(encoding.answer("a", str(source)))
    if longest >= size:
        raise DataError(f"{source}: token {longest} is beyond the model's {size} embeddings.")
    names = [*WEIGHTS, *FILES, *sorted(path.name for path in source.glob("*.safetensors"))]
    for name in names:
        if (source / name).is_file():
            link = out / name
            link.unlink(missing_ok=True)
            link.symlink_to((source / name).resolve())
    counts: dict[str, Any] = {"parameters/all": sum(p.numel() for p in model.parameters())}
    write_record(out, counts, {})
    log(f"{source}: {counts['parameters/all']:,} parameters, referenced")
