"""The training run of a large model: what differs from a nano one, on the same trainer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch.utils.data import DataLoader
from transformers.trainer_callback import TrainerCallback

from mirage.contracts import DataError
from mirage.tune import checkpoint
from mirage.tune.data import Encoded
from mirage.tune.large.host_table import HostTable
from mirage.tune.large.masters import Masters
from mirage.tune.large.meter import MEASURED, Meter, planned
from mirage.tune.large.packing import PackedPasses
from mirage.tune.large.passes import Passes, one_each
from mirage.tune.large.rhythm import Rhythm
from mirage.tune.large.trial import try_out
from mirage.tune.large.world import bound_waiting, patience
from mirage.tune.model_folder import WEIGHTS, write_tensors
from mirage.tune.objective import Objective
from mirage.tune.optim import build_optimizer
from mirage.tune.trainer import Inputs, Run, RunTrainer, zero_settings

_RATE = "Lower the rate under tuned in conf/model, or try other numbers: tune.large.dtype=float32"


@dataclass(frozen=True)
class LargeRun(Run):
    """What a run of a large model does.

    Attributes:
        large: The block ``tune.large``.
        callbacks: Further ones, of all ranks.
    """

    large: Mapping[str, Any] = field(default_factory=dict)
    callbacks: Sequence[TrainerCallback] = ()


class LargeTrainer(RunTrainer):
    """Transformers' Trainer with micro-batches, bfloat16 and checkpoints of what learns."""

    run: LargeRun
    batches: Passes
    measured = MEASURED

    def __init__(
        self,
        objective: Objective,
        data: Encoded,
        run: LargeRun,
        folder: Path,
        log: Callable[[str], None],
        rhythm: Rhythm,
    ) -> None:
        """Prepares a run.

        Args:
            objective: Model and pictures; the model's weights are changed in place.
            data: The training set.
            run: What to do.
            folder: Where checkpoints live.
            log: Takes lines for people.
            rhythm: When they are written.
        """
        self.brief = run.large["dtype"] == "bfloat16"
        self.wait = patience(run.large)
        self._norms: torch.Tensor | float = 0.0
        super().__init__(objective, data, run, folder, log)
        work = planned(objective, data, run.batches, self.batches.sizes)
        self.meter = Meter(work, self.batches.ranks, str(objective.model.dtype))
        self.add_callback(_BoundWaiting(self.wait))
        self.add_callback(rhythm)
        for callback in run.callbacks:
            self.add_callback(callback)
        if run.large["longest_first"]:
            self.add_callback(_LongestFirst(self))

    def cut(self, data: Encoded) -> Passes:
        """Returns the run's batches, cut into micro-batches."""
        large, rejected = self.run.large, None
        longest = int(data.lengths.max())
        if self.objective.reads_rejected and data.rejected is not None:
            rejected = data.rejected
            longest = max(longest, int(rejected.lengths.max()))
        micro = int(large["micro_batch"])
        if large["packing"]:
            limit = large["row_tokens"] or micro * longest
            passes: Passes = PackedPasses(data, self.run, rejected, limit)
        else:
            passes = Passes(data, self.run, rejected, one_each(micro))
        if not isinstance(self.objective.table, torch.Tensor | HostTable):
            passes.table = self.objective.table
        return passes

    def get_train_dataloader(self) -> DataLoader[Inputs]:
        """Passes come from processes of their own, which read pictures ahead of their turn.

        A loader draws a number when it starts: from a generator of its own, so that a run that goes
        on draws no other dropout than one that was never broken.
        """
        loaders = int(self.run.large["loaders"])
        return DataLoader(
            self.batches,
            batch_size=None,
            num_workers=loaders,
            prefetch_factor=4 if loaders else None,
            generator=torch.Generator(),
        )

    def get_batch_samples(self, *what: Any, **more: Any) -> Any:
        """Fetches the passes of a step; what that takes is time spent waiting for data."""
        self.meter.begin(self.state.global_step)
        with self.meter.waiting():
            return super().get_batch_samples(*what, **more)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Adds speed and memory to a point of the curve.

        Raises:
            DataError: Loss or gradient is not finite; no checkpoint holds such weights.
        """
        if not math.isfinite(logs.get("loss", 0.0)):
            raise DataError(
                f"{self.run.name}: the loss of step {self.state.global_step} is {logs['loss']}; "
                f"nothing after it would mean anything. {_RATE}"
            )
        self._check_norms()
        measured = self.meter.read(self.state.global_step) if "loss" in logs else {}
        super().log(logs | measured, start_time)

    def _get_grad_norm(
        self, model: torch.nn.Module, grad_norm: torch.Tensor | float | None = None
    ) -> torch.Tensor | float | None:
        """Adds up norms, where they lie: no step waits for the device to tell its own."""
        trainer: Any = super()
        norm: torch.Tensor | float | None = trainer._get_grad_norm(model, grad_norm=grad_norm)
        if norm is not None:
            self._norms = self._norms + norm
        return norm

    def _check_norms(self) -> None:
        """Ends a run whose weights are spoilt though the loss, taken before the step, is finite.

        DeepSpeed has a check of its own, and makes no step of such gradients in bfloat16.

        Raises:
            DataError: A gradient so far was not finite.
        """
        if self.run.deepspeed is None and not math.isfinite(float(self._norms)):
            raise DataError(
                f"{self.run.name}: by step {self.state.global_step} a gradient is not finite; "
                f"nothing after it would mean anything. {_RATE}"
            )

    def shown_loss(self) -> float:
        """Returns the loss of the last point: passes are unlike, and one alone says little."""
        losses = [row["loss"] for row in self.state.log_history if "loss" in row]
        return float(losses[-1]) if losses else super().shown_loss()

    def words(self) -> str:
        """Returns what the line of progress says beside loss and rate."""
        return self.meter.words()

    def options(self) -> dict[str, Any]:
        """Returns Trainer's arguments.

        Only DeepSpeed is told of bfloat16: in one process Trainer would cast on the fly, which
        keeps weights in fp32.
        """
        more: dict[str, Any] = {"ddp_timeout": self.wait, "logging_nan_inf_filter": False}
        if self.run.deepspeed is not None:
            more |= {"bf16": self.brief, "deepspeed": self._zero(self.run.deepspeed)}
        return super().options() | more

    def create_optimizer(self, model: torch.nn.Module | None = None) -> torch.optim.Optimizer:
        """Returns AdamW over what learns, on fp32 copies where the weights are shorter."""
        run = self.run
        if self.optimizer is None:
            plain = build_optimizer(
                self.objective, run.optimizer, run.learning_rate, run.weight_decay, run.muon_lr
            )
            own = self.brief and run.deepspeed is None
            self.optimizer = Masters(plain) if own else plain
        return self.optimizer

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Writes what learns into a checkpoint; DeepSpeed writes its own, shard by shard."""
        del _internal_call
        folder = self.folder if output_dir is None else Path(output_dir)
        if self.args.should_save:
            folder.mkdir(parents=True, exist_ok=True)
            if self.run.deepspeed is None:
                write_tensors(self._learning(), folder / WEIGHTS)

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: torch.nn.Module | None = None
    ) -> None:
        """Reads what ``save_model`` wrote.

        Raises:
            DataError: It holds the weights of another model.
        """
        path = Path(resume_from_checkpoint) / WEIGHTS
        own, saved = self._learning(), load_file(path)
        if own.keys() != saved.keys():
            raise DataError(f"{path} holds the weights of another model. Remove {path.parent}.")
        for name, tensor in own.items():
            tensor.copy_(saved[name])

    def _prepare_input(self, data: Any) -> Any:
        """Moves inputs to the device; Trainer would round shares of a loss to bfloat16 as well."""
        if isinstance(data, torch.Tensor):
            return data.to(self.args.device, non_blocking=True)
        return super()._prepare_input(data)

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        """Keeps two checkpoints at most, while one is written too, and nobody goes on before.

        One may be due where no point of the curve was, so gradients are checked here too.
        """
        self._check_norms()
        if self.args.should_save:
            checkpoint.make_room(self.folder)
        super()._save_checkpoint(model, trial)
        if self.args.world_size > 1:
            torch.distributed.barrier()

    def _learning(self) -> dict[str, torch.Tensor]:
        named = self.objective.model.named_parameters()
        return {name: p.detach().contiguous() for name, p in named if p.requires_grad}

    def _zero(self, stage: int) -> dict[str, Any]:
        """Returns DeepSpeed's configuration.

        Gradients add up in fp32. Tiny tensors stay whole on every GPU under ZeRO-3, which saves
        small messages; on processors, where models are tiny, that would shard nothing.
        """
        on_gpus = torch.cuda.is_available()
        zero = {"stage": stage, "overlap_comm": on_gpus}
        if stage == 3 and not on_gpus:
            zero["stage3_param_persistence_threshold"] = 0
        settings = zero_settings(self.run, stage)
        settings |= {
            "gradient_accumulation_steps": self.batches.passes,
            "zero_optimization": zero,
            "data_types": {"grad_accum_dtype": "fp32"},
        }
        return settings | ({"bf16": {"enabled": True}} if self.brief else {})


class _LongestFirst(TrainerCallback):
    def __init__(self, trainer: LargeTrainer) -> None:
        self.trainer = trainer

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Tries the longest passes (arguments, state and control are Trainer's)."""
        batches = self.trainer.batches
        # As many on every rank, since they add gradients up together.
        try_out(self.trainer, [batches.at(*place) for place in batches.longest()])


class _BoundWaiting(TrainerCallback):
    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Bounds the waiting in groups that DeepSpeed made, which have bounds of their own."""
        bound_waiting(self.seconds)
