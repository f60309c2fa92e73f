"""One process of a tune job: train, and write the model folder."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers.utils import logging

from mirage.tune.recipe import tune_recipe
from mirage.tune.task import Log, Task, TrainedModel, write


def perform(task: Task, log: Log, first: bool = True) -> None:
    """Trains what a task asks for and writes the model folder.

    Args:
        task: The job.
        log: Takes lines for people.
        first: Whether this process writes the folder; with several ranks only one does.
    """
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(int(task.settings["threads"]))
    # What models of billions of parameters need is an entry, so that it is no code of the others.
    group = "base" if task.kind == "base" else "tuning"
    make = task.entry(group) if group in task.entries else tune_recipe
    made: TrainedModel | None = make(task, log)
    if torch.distributed.is_initialized():
        torch.distributed.barrier()  # nobody leaves while another still waits for what it has
    if first and made is not None:
        write(Path(task.out), made)
