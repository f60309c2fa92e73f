"""One training run on transformers' Trainer, with batches, resume and progress of our own.

Trainer or a lean loop? A step takes the same, and so does the import: transformers' model classes
import nearly all that Trainer does (4.2 s of processor time with it and without). So the well-kept
trainer is used, and the loop is not here. All products are in fp32, on every machine: factors that
are rounded to bfloat16 by name gain nothing where the processor has no instructions for it, and a
switch that some processors ignore would mean another model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import accelerate.utils.other
import torch
from torch.utils.data import DataLoader, Dataset
from transformers.trainer import TRAINER_STATE_NAME, Trainer
from transformers.trainer_callback import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
)
from transformers.training_args import TrainingArguments

from mirage.tune import checkpoint, model_folder
from mirage.tune.batching import best_width, collate, passes, sizes
from mirage.tune.criterion import Shares, Until
from mirage.tune.data import Encoded
from mirage.tune.objective import Objective
from mirage.tune.optim import build_optimizer
from mirage.tune.progress import Progress

SHARED = (
    "weight_decay",
    "max_grad_norm",
    "log_every",
    "checkpoint_every",
)
"""Settings that bases and recipes name alike and a run takes as they are."""

Inputs = dict[str, Any]
Curve = list[dict[str, float]]
Checks = dict[int, Shares]
"""Step -> what the criterion's check found there."""


@dataclass(frozen=True)
class Run:
    """What one training run does, apart from the model and the data.

    Attributes:
        name: For people and for the curve.
        batches: Samples of every global batch, in order: one optimizer step each.
        optimizer: ``adamw`` or ``muon``.
        log_every: Steps that one point of the curve averages over.
        checkpoint_every: Steps between checkpoints, a multiple of ``log_every``.
        warmup: Steps over which the rate rises; a share of all of them if below 1.
        deepspeed: ZeRO stage if several ranks train together under DeepSpeed, else None.
        until: Where the run ends before its batches do; None to take them all.
    """

    name: str
    batches: list[list[int]]
    optimizer: str
    learning_rate: float
    muon_lr: float
    schedule: str
    warmup: float
    weight_decay: float
    max_grad_norm: float
    log_every: int
    checkpoint_every: int
    seed: int
    deepspeed: int | None = None
    until: Until | None = None


@dataclass(frozen=True)
class Course:
    """How a run went.

    Attributes:
        curve: One row per ``log_every`` steps: step, loss, learning_rate, grad_norm.
        steps: Optimizer steps in all.
        checks: What the checks found; empty without a criterion.
        fits: Whether the criterion was met; None without one.
    """

    curve: Curve
    steps: int
    checks: Checks
    fits: bool | None


def train(
    objective: Objective, data: Encoded, run: Run, folder: Path, log: Callable[[str], None]
) -> Course:
    """Trains to the end of a run, from its last whole checkpoint if there is one.

    Args:
        objective: Model and pictures; the model's weights are changed in place.
        data: The training set.
        run: What to do.
        folder: Where checkpoints live.
        log: Takes lines for people.
    """
    return to_the_end(RunTrainer(objective, data, run, folder, log), log)


def to_the_end(trainer: RunTrainer, log: Callable[[str], None]) -> Course:
    """Trains from the last whole checkpoint, if there is one, to the end of the run."""
    run, folder, objective = trainer.run, trainer.folder, trainer.objective
    last = checkpoint.newest(folder) if trainer.is_world_process_zero() else None
    last = trainer.agree(last)
    if last is not None:
        trainer.batches.start = checkpoint.step(last)
        log(f"{run.name}: goes on from step {checkpoint.step(last)} of {len(run.batches)}")
    state = None if last is None else TrainerState.load_from_json(str(last / TRAINER_STATE_NAME))
    if last is not None and state is not None and _fits(run, state):
        model_folder.load_weights(objective.model, last / model_folder.WEIGHTS)
    else:
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
        state = trainer.state
    names = ("step", "loss", "learning_rate", "grad_norm")
    curve = [{name: row[name] for name in names} for row in state.log_history if "loss" in row]
    return Course(curve, state.global_step, _checks(state), _fits(run, state))


def _fits(run: Run, state: TrainerState) -> bool | None:
    return None if run.until is None else run.until.met(list(_checks(state).values()))


def _checks(state: TrainerState) -> Checks:
    found: list[dict[str, Any]] = state.log_history
    return {row["step"]: row["fits"] for row in found if "fits" in row}


class Batches(Dataset[Inputs]):
    """A plan of batches, pass by pass, as something to iterate over, from the step ``start``.

    Attributes:
        passes: Into how many passes each batch is cut; the same for all.
        sizes: Tokens of every batch.
        start: Steps that lie behind a run which goes on.
        rank: Which process this is.
        ranks: How many share each batch.
    """

    def __init__(self, data: Encoded, run: Run, rejected: Encoded | None) -> None:
        self.data, self.run, self.pad = data, run, data.pad
        self.rank, self.ranks = 0, 1
        self.width = best_width(data.lengths, run.batches)
        self.sizes = sizes(data.lengths, run.batches, self.width)
        # A loss that compares answers needs both of a sample's in the same pass.
        single = rejected is not None or run.deepspeed is not None
        self.passes = 1 if single else passes(self.sizes)
        self.start = 0
        self.rejected = rejected

    def __len__(self) -> int:
        return len(self.run.batches) * self.passes

    def __getitem__(self, place: int) -> Inputs:
        step, part = divmod(place, self.passes)
        samples = self.run.batches[self.start + step]
        share = (self.pad, self.rank, self.ranks, part, self.passes)
        inputs = vars(collate(self.data, samples, self.width, *share))
        if self.rejected is None:
            return inputs
        width = best_width(self.rejected.lengths, self.run.batches)
        other = collate(self.rejected, samples, width, *share)
        return {**inputs, "rejected": vars(other)}


class RunTrainer(Trainer):
    """Transformers' Trainer with our batches, optimizer and checkpoints."""

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
        self.run, self.folder = run, folder
        self.objective: Objective = objective
        self.batches = self.cut(data)
        args = TrainingArguments(**self.options())
        self.batches.rank, self.batches.ranks = args.process_index, args.world_size
        super().__init__(model=objective, args=args, train_dataset=self.batches)
        self.model_accepts_loss_kwargs = False
        self.remove_callback(PrinterCallback)
        if self.is_world_process_zero():
            shown = Progress(run.name, self.batches.sizes, log)
            self.add_callback(_Report(shown, self))
        if run.until is not None:
            self.add_callback(_Stop(run.until, log))
        self.last_loss = torch.zeros(())

    def cut(self, data: Encoded) -> Batches:
        """Returns the run's batches, cut into passes."""
        return Batches(data, self.run, data.rejected if self.objective.reads_rejected else None)

    def options(self) -> dict[str, Any]:
        """Returns Trainer's arguments; everything that it would do beside training is off."""
        return _options(self.run, self.folder, self.batches.passes)

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


class _Stop(TrainerCallback):
    """Checks the criterion; what it finds is kept in Trainer's history, and so in checkpoints."""

    def __init__(self, until: Until, log: Callable[[str], None]) -> None:
        self.until, self.log = until, log

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Ends the run, with a checkpoint, where the last checks all say that the model fits."""
        if state.global_step % self.until.every:
            return
        shares: Any = self.until.check()
        state.log_history.append({"step": state.global_step, "fits": shares})
        found = ", ".join(f"{label} {share:.0f} %" for label, share in shares.items())
        self.log(f"step {state.global_step}: answers in their own class: {found}")
        if self.until.met(list(_checks(state).values())):
            control.should_training_stop = control.should_save = True


class _Report(TrainerCallback):
    def __init__(self, progress: Progress, trainer: RunTrainer) -> None:
        self.progress, self.trainer = progress, trainer

    def on_step_end(self, *now: Any, **_: Any) -> None:
        """Shows where the run stands (arguments, state and control are Trainer's)."""
        self.progress.step(now[1].global_step, lambda: float(self.trainer.last_loss))


def _options(run: Run, folder: Path, parts: int) -> dict[str, Any]:
    return {
        "output_dir": str(folder),
        "max_steps": len(run.batches),
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": parts,
        "learning_rate": run.learning_rate,
        "lr_scheduler_type": run.schedule,
        "warmup_steps": run.warmup,
        "max_grad_norm": run.max_grad_norm,
        "logging_steps": run.log_every,
        "save_steps": run.checkpoint_every,
        "save_total_limit": 2,
        "ignore_data_skip": True,  # the batches themselves start where the checkpoint ends
        "seed": run.seed,
        "use_cpu": not torch.cuda.is_available(),
        "ddp_backend": None if run.deepspeed is None or torch.cuda.is_available() else "gloo",
        "deepspeed": None if run.deepspeed is None else zero_settings(run, run.deepspeed),
        "dataloader_pin_memory": False,
        "remove_unused_columns": False,
        "disable_tqdm": True,
        "report_to": [],
    }


def zero_settings(run: Run, stage: int) -> dict[str, Any]:
    """Returns DeepSpeed's configuration: our optimizer and schedule, sharded."""
    return {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "gradient_clipping": run.max_grad_norm,
        "zero_optimization": {"stage": stage, "overlap_comm": False},
        "zero_allow_untested_optimizer": True,
        "wall_clock_breakdown": False,
    }
