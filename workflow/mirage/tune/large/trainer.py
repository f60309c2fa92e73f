"""The training run of a large model: what differs from a nano one, on the same trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers.trainer_callback import TrainerCallback

from mirage.contracts import DataError
from mirage.tune.data import Encoded
from mirage.tune.large.masters import Masters
from mirage.tune.large.passes import Passes, one_each, shared_rows
from mirage.tune.large.rhythm import Rhythm
from mirage.tune.large.trial import try_out
from mirage.tune.model_folder import WEIGHTS, write_tensors
from mirage.tune.objective import Objective
from mirage.tune.optim import build_optimizer
from mirage.tune.trainer import Run, RunTrainer, zero_settings

RANKS_WAIT = 900
"""Seconds that ranks wait for each other: then one of them is lost, and the job ends and tries
again. Only writing a checkpoint keeps the others waiting."""


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
        super().__init__(objective, data, run, folder, log)
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
        how = shared_rows(micro, longest) if large["packing"] else one_each(micro)
        return Passes(data, self.run, rejected, how)

    def options(self) -> dict[str, Any]:
        """Returns Trainer's arguments.

        Only DeepSpeed is told of bfloat16: in one process Trainer would cast on the fly, which
        keeps weights in fp32.
        """
        more: dict[str, Any] = {"ddp_timeout": RANKS_WAIT}
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
        places = list(dict.fromkeys(batches.longest()))
        # As many on every rank, since they add gradients up together.
        try_out(self.trainer, [batches.at(*place) for place in (places * 2)[:2]])
