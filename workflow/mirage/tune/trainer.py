"""One training run on transformers' Trainer, with batches, resume and progress of our own.

Trainer or a lean loop? On the same batches of the recipe ``mirage`` (60 steps of 64, vision frozen,
one thread, two runs each on two cores shared with other work) a bare loop took 0.314 and 0.276 s a
step, Trainer 0.289 and 0.314, and 1 s more to set up; whole processes 25.2 and 20.9 s against 22.1
and 23.3 s. That is within the noise, so the well-kept trainer is used, and the loop is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import accelerate.utils.other
import torch
from torch.utils.data import DataLoader, Dataset
from transformers.trainer import Trainer
from transformers.trainer_callback import PrinterCallback, TrainerCallback
from transformers.training_args import TrainingArguments

from mirage.tune import checkpoint, model_folder
from mirage.tune.batching import best_width, collate, sizes
from mirage.tune.data import Encoded
from mirage.tune.objective import Objective
from mirage.tune.optim import build_optimizer
from mirage.tune.progress import Progress

SHARED = (
    "schedule",
    "warmup_ratio",
    "weight_decay",
    "max_grad_norm",
    "log_every",
    "checkpoint_every",
)
"""Settings that bases and recipes name alike and a run takes as they are."""

Inputs = dict[str, Any]
Curve = list[dict[str, float]]


@dataclass(frozen=True)
class Run:
    """What one training run does, apart from the model and the data.

    Attributes:
        name: For people and for the curve.
        batches: Samples of every global batch, in order: one optimizer step each.
        optimizer: ``adamw`` or ``muon``.
        log_every: Steps that one point of the curve averages over.
        checkpoint_every: Steps between checkpoints, a multiple of ``log_every``.
        deepspeed: ZeRO stage if several ranks train together under DeepSpeed, else None.
    """

    name: str
    batches: list[list[int]]
    optimizer: str
    learning_rate: float
    muon_lr: float
    schedule: str
    warmup_ratio: float
    weight_decay: float
    max_grad_norm: float
    log_every: int
    checkpoint_every: int
    seed: int
    deepspeed: int | None = None


def train(
    objective: Objective, data: Encoded, run: Run, folder: Path, log: Callable[[str], None]
) -> Curve:
    """Trains to the end of a run, from its last whole checkpoint if there is one.

    Args:
        objective: Model and pictures; the model's weights are changed in place.
        data: The training set.
        run: What to do.
        folder: Where checkpoints live.
        log: Takes lines for people.

    Returns:
        One row per ``log_every`` steps: step, loss, learning_rate, grad_norm.
    """
    trainer = _Trainer(objective, data, run, folder, log)
    last = checkpoint.newest(folder) if trainer.is_world_process_zero() else None
    last = trainer.agree(last)
    if last is not None:
        trainer.batches.start = checkpoint.step(last)
        log(f"{run.name}: goes on from step {checkpoint.step(last)} of {len(run.batches)}")
    trainer.train(resume_from_checkpoint=None if last is None else str(last))
    names = ("step", "loss", "learning_rate", "grad_norm")
    return [
        {name: row[name] for name in names} for row in trainer.state.log_history if "loss" in row
    ]


@contextmanager
def matmul_precision(precision: str) -> Iterator[str]:
    """Sets how fp32 matrix products are computed, for as long as it is open.

    Args:
        precision: ``fp32``, or ``bf16``: factors rounded to bfloat16 inside the product; weights
            and sums stay fp32. On CPUs with AMX that is several times faster; others ignore it.

    Yields:
        The attention to use: the fused one runs its many small products through the same switch
        and loses more than the large ones win.
    """
    switch: Any = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = switch.fp32_precision
    switch.fp32_precision = "bf16" if precision == "bf16" else "ieee"
    try:
        yield "eager" if precision == "bf16" else "sdpa"
    finally:
        switch.fp32_precision = before


class _Batches(Dataset[Inputs]):
    """A plan of batches as something to iterate over, from the step ``start``."""

    def __init__(self, data: Encoded, run: Run, args: TrainingArguments) -> None:
        self.data, self.run, self.pad = data, run, data.pad
        self.rank, self.ranks = args.process_index, args.world_size
        self.width = best_width(data.lengths, run.batches)
        self.start = 0
        self.rejected: Encoded | None = None

    def __len__(self) -> int:
        return len(self.run.batches)

    def __getitem__(self, step: int) -> Inputs:
        samples = self.run.batches[self.start + step]
        inputs = vars(collate(self.data, samples, self.width, self.pad, self.rank, self.ranks))
        if self.rejected is None:
            return inputs
        width = best_width(self.rejected.lengths, self.run.batches)
        other = collate(self.rejected, samples, width, self.pad, self.rank, self.ranks)
        return {**inputs, "rejected": vars(other)}


class _Trainer(Trainer):
    def __init__(
        self,
        objective: Objective,
        data: Encoded,
        run: Run,
        folder: Path,
        log: Callable[[str], None],
    ) -> None:
        # accelerate imports DeepSpeed (3 s) only to ask whether the model is one of its engines.
        accelerate.utils.other.is_deepspeed_available = lambda: run.deepspeed is not None
        args = _arguments(run, folder)
        self.run, self.folder = run, folder
        self.objective: Objective = objective
        self.batches = _Batches(data, run, args)
        self.batches.rejected = data.rejected if objective.reads_rejected else None
        super().__init__(model=objective, args=args, train_dataset=self.batches)
        self.model_accepts_loss_kwargs = False
        self.remove_callback(PrinterCallback)
        if self.is_world_process_zero():
            shown = Progress(run.name, sizes(data.lengths, run.batches, self.batches.width), log)
            self.add_callback(_Report(shown, self))
        self.last_loss = torch.zeros(())

    def get_train_dataloader(self) -> DataLoader[Inputs]:
        """Batches come ready-made, split by rank: nothing is left to shuffle or to shard."""
        return DataLoader(self.batches, batch_size=None)

    def create_optimizer(self, model: torch.nn.Module | None = None) -> torch.optim.Optimizer:
        """Ours. (One handed to Trainer's constructor is replaced under DeepSpeed, silently.)"""
        run = self.run
        if self.optimizer is None:
            self.optimizer = build_optimizer(
                self.objective, run.optimizer, run.learning_rate, run.weight_decay, run.muon_lr
            )
        return self.optimizer

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: Inputs,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """The objective is its own loss."""
        loss: torch.Tensor = model(**inputs)
        self.last_loss = loss.detach()
        return loss

    def agree(self, path: Path | None) -> Path | None:
        """Gives all ranks what the first one found."""
        box = [path]
        if self.args.world_size > 1:
            torch.distributed.broadcast_object_list(box)
        return box[0]

    def _save(self, output_dir: str | None = None, state_dict: Inputs | None = None) -> None:
        folder = self.folder if output_dir is None else Path(output_dir)
        if self.args.should_save:
            folder.mkdir(parents=True, exist_ok=True)
            model_folder.save_weights(self.objective.model, folder / model_folder.WEIGHTS)

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: torch.nn.Module | None = None
    ) -> None:
        model_folder.load_weights(
            self.objective.model, Path(resume_from_checkpoint) / model_folder.WEIGHTS
        )

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        if self.args.world_size > 1:
            torch.distributed.barrier()
        if self.args.should_save:
            checkpoint.seal(self.folder / f"checkpoint-{self.state.global_step}")


class _Report(TrainerCallback):
    def __init__(self, progress: Progress, trainer: _Trainer) -> None:
        self.progress, self.trainer = progress, trainer

    def on_step_end(self, *now: Any, **_: Any) -> None:
        """Shows where the run stands (arguments, state and control are Trainer's)."""
        self.progress.step(now[1].global_step, lambda: float(self.trainer.last_loss))


def _arguments(run: Run, folder: Path) -> TrainingArguments:
    """Returns Trainer's arguments; everything that it would do beside training is off."""
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=len(run.batches),
        per_device_train_batch_size=1,
        learning_rate=run.learning_rate,
        lr_scheduler_type=run.schedule,
        warmup_steps=run.warmup_ratio,
        max_grad_norm=run.max_grad_norm,
        logging_steps=run.log_every,
        save_steps=run.checkpoint_every,
        save_total_limit=2,
        ignore_data_skip=True,  # the batches themselves start where the checkpoint ends
        seed=run.seed,
        use_cpu=not torch.cuda.is_available(),
        ddp_backend=None if run.deepspeed is None or torch.cuda.is_available() else "gloo",
        deepspeed=None if run.deepspeed is None else _zero(run, run.deepspeed),
        dataloader_pin_memory=False,
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to=[],
    )


def _zero(run: Run, stage: int) -> dict[str, Any]:
    """Returns DeepSpeed's configuration: our optimizer and schedule, sharded."""
    return {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "gradient_clipping": run.max_grad_norm,
        "zero_optimization": {"stage": stage, "overlap_comm": False},
        "zero_allow_untested_optimizer": True,
        "wall_clock_breakdown": False,
    }
