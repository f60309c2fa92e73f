"""Checkpoints by the clock, and one more where a scheduler asks the job to stop.

Every ten minutes is the guarantee. SIGTERM is a courtesy where it arrives: Snakemake's Slurm jobs
do not pass it on, and what takes longer than the scheduler waits is cut off, which leaves the
checkpoint before it.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from transformers.trainer_callback import TrainerCallback, TrainerControl, TrainerState
from transformers.training_args import TrainingArguments

from mirage.tune.large.world import rank, ranks

ENDED = 128 + signal.SIGTERM


@dataclass
class Asked:
    """Whether this process was asked to stop."""

    stop: bool = False


@contextmanager
def listening() -> Iterator[Asked]:
    """Notes SIGTERM instead of ending at once; outside the main thread nothing is noted."""
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def note(*_: Any) -> None:
        asked.stop = True

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)


class Rhythm(TrainerCallback):
    """Asks for a checkpoint when one is due, or when any rank was asked to stop.

    Attributes:
        seconds: Between checkpoints.
        asked: Whether this rank was asked to stop.
        stopped: Whether training ended early because of that.
    """

    def __init__(self, seconds: float, asked: Asked) -> None:
        """Takes the seconds between checkpoints, and what tells whether to stop."""
        self.seconds, self.asked = seconds, asked
        self.stopped = False
        self._last = time.monotonic()

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Starts the clock."""
        self._last = time.monotonic()

    def on_save(self, *_: Any, **__: Any) -> None:
        """Starts the clock again: it does not run while a checkpoint is written."""
        self._last = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Decides on the first rank's clock, for all alike."""
        late = time.monotonic() - self._last >= self.seconds
        # A point of the curve is never cut in two.
        due = rank() == 0 and late and state.global_step % int(args.logging_steps) == 0
        due, stop = _any_rank([due, self.asked.stop], args.device)
        control.should_save |= due or stop
        if stop and state.global_step < state.max_steps:
            self.stopped = control.should_training_stop = True


def _any_rank(flags: list[bool], device: torch.device) -> list[bool]:
    if ranks() == 1:
        return flags
    box = torch.tensor(flags, dtype=torch.int32, device=device)
    torch.distributed.all_reduce(box, torch.distributed.ReduceOp.MAX)
    return [bool(flag) for flag in box.tolist()]
