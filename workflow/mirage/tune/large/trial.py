"""The longest passes, tried before the first step: memory runs out in the first minute or never.

They go through a whole step, so that everything is allocated that will ever be: activations,
gradients, what the optimizer keeps. The loss counts 0 times and the rate is 0, so gradients and
moments are exactly 0 and no weight changes; counters and random numbers are put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.optim import Optimizer

from mirage.contracts import DataError
from mirage.final_error import FinalError

OWN = 4_000_000_000
"""Bytes that a process may hold beside its tensors: kernels, buffers of NCCL."""
_COUNTERS = ("global_steps", "micro_steps", "global_samples", "skipped_steps")


def try_out(trainer: Any, passes: list[dict[str, Any]]) -> None:
    """Takes passes through a whole step that leaves no trace.

    Nothing is tried where the optimizer has made steps: a run that goes on tried at its beginning.

    Args:
        trainer: A ``LargeTrainer`` about to train.
        passes: What the model takes, pass by pass.

    Raises:
        FinalError: One has no room on the device; the text says what would make room.
        DataError: The same, where others hold a part of the device: it may be free later.
    """
    inner = innermost(trainer.optimizer)
    if inner.state:
        return
    with kept_random_numbers(), rate_zero(inner):
        for left in reversed(range(len(passes))):
            model = trainer.model_wrapped
            model.train()
            try:
                loss = trainer.compute_loss(model, trainer._prepare_inputs(passes[left]))
                _backward(trainer, 0.0 * loss, last=left == 0)
            except torch.OutOfMemoryError as full:
                if (others := held_by_others()) > OWN:
                    raise DataError(_taken(others)) from full
                raise FinalError(_no_room(trainer.run.large, passes[left], full)) from full
    trainer.model_wrapped.zero_grad()
    for state in inner.state.values():
        state["step"].zero_()


def innermost(optimizer: Any) -> Optimizer:
    """Returns the optimizer that updates weights, below those that shard, round or schedule."""
    while hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    found: Optimizer = optimizer
    return found


def held_by_others() -> int:
    """Returns the bytes of this process's GPU that are neither free nor its own tensors'."""
    if not torch.cuda.is_available():
        return 0
    free, total = torch.cuda.mem_get_info()
    return total - free - torch.cuda.memory_reserved()


def _taken(held: int) -> str:
    return (
        f"the device has no room for this run, and others hold {held / 1e9:.1f} GB of it. "
        "nvidia-smi shows who. Once they have ended, it goes on with: snakemake"
    )


def _no_room(large: Mapping[str, Any], one: Mapping[str, Any], full: Exception) -> str:
    rows, width = one["ids"].shape
    smaller = "row_tokens" if large["packing"] and large["row_tokens"] else "micro_batch"
    fewer = "" if large["adapter"] == "lora" else ', or tune adapters (hydra="tune=lora")'
    return (
        f"the largest passes of this run do not fit on the device: {rows} x {width} tokens, "
        f"{len(one['targets'])} of them learnt, {len(one['pictures'])} tiles of pictures ({full}). "
        f"Nothing is lost yet. Make passes smaller (tune.large.{smaller}), or spread the model "
        f'over more GPUs or its weights too (hydra="tune=zero3"){fewer}.'
    )


def _backward(trainer: Any, loss: torch.Tensor, last: bool) -> None:
    if not trainer.is_deepspeed_enabled:
        loss.backward()  # type: ignore[no-untyped-call]
        if last:
            trainer.optimizer.step()
        return
    engine = trainer.model_wrapped
    before = {name: getattr(engine, name) for name in _COUNTERS}
    engine.set_gradient_accumulation_boundary(is_boundary=last)
    engine.backward(loss, scale_wrt_gas=False)
    if last:
        engine.step()
    vars(engine).update(before)


@contextmanager
def kept_random_numbers() -> Iterator[None]:
    """Puts torch's random numbers back to where they stood, those of this process's GPU too."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        yield


@contextmanager
def rate_zero(optimizer: Optimizer) -> Iterator[None]:
    """Sets all rates to 0 for a while."""
    rates = [group["lr"] for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    yield
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
