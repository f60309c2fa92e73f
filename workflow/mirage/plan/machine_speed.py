"""How fast this machine trains, beside the one that costs were measured on: a second's measurement.

A few passes of a small network, forward and backward, in processes of their own: as many at once as
jobs would run, since cores that share caches or a clock slow each other. What counts is the time on
the processor, so other work on the machine does not. The result is kept in the store.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mirage.context import DAMAGED
from mirage.device import device
from mirage.files import write_atomic
from mirage.plan.plan_files import PLANS
from mirage.plan.platform import detect
from mirage.plan.process import set_threads

FILE: Final = "speed.json"
REFERENCE: Final = 9.3e-3
"""Seconds of a pass on the machine of ``mirage.plan.costs``, two processes at once."""
SECONDS: Final = 0.6
WARM: Final = 5
MOST_COPIES: Final = 4
PATIENCE: Final = 10.0
"""Seconds after which a machine is taken to be too busy to be measured: a run waits for it."""


@dataclass(frozen=True)
class Speed:
    """This machine.

    Attributes:
        factor: Its seconds for one second of the machine of reference; None if it was not measured.
        now: Whether it was measured just now.
    """

    factor: float | None
    now: bool = False


def machine_speed(store: Path, cores: int, threads: int = 1, *, again: bool = False) -> Speed:
    """Returns how fast this machine is, measured once for a store, platform and load.

    Args:
        store: Keeps the measurement below ``plan/``, if it can be written.
        cores: How many cores jobs may use.
        threads: Threads of a job.
        again: Whether to measure even if it is known.
    """
    copies = max(1, min(min(cores, os.cpu_count() or 1) // threads, MOST_COPIES))
    key = f"{detect()}, {device()}, {copies} x {threads} threads"
    path = store / PLANS / FILE
    known = _read(path)
    if key in known and not again:
        return Speed(known[key] / REFERENCE)
    seconds = _measure(copies, threads)
    if seconds is None:
        return Speed(None)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(known | {key: seconds}, indent=1) + "\n")
    except OSError:
        pass  # a store that only others may write is measured anew each time
    return Speed(seconds / REFERENCE, now=True)


def _read(path: Path) -> dict[str, float]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): float(value) for key, value in plain.items() if float(value) > 0}
    except (OSError, *DAMAGED):
        return {}


def _measure(copies: int, threads: int) -> float | None:
    """Returns seconds of a pass: the mean of processes that run side by side."""
    command = [sys.executable, "-m", "mirage.plan.machine_speed", str(threads)]
    started: list[subprocess.Popen[str]] = []
    end = time.monotonic() + PATIENCE
    try:
        for _ in range(copies):
            started.append(
                subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
                )
            )
        said = [process.communicate(timeout=end - time.monotonic())[0] for process in started]
        return statistics.mean(map(float, said))
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    finally:
        for process in started:
            process.kill()
            process.wait()


def _passes(threads: int) -> float:
    """Returns the seconds of a pass in this process: the lowest tenth, which nothing disturbed."""
    import torch
    from torch.nn import functional

    torch.manual_seed(0)
    inputs = torch.randn(256, 128)
    layers = [
        [torch.randn(*shape, requires_grad=True) for shape in ((384, 128), (384, 128), (128, 384))]
        for _ in range(4)
    ]
    took: list[float] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or len(took) < 2 * WARM:
        start = time.process_time()
        hidden = inputs
        for gate, up, down in layers:
            normal = functional.rms_norm(hidden, (128,))
            inner = functional.silu(functional.linear(normal, gate))
            hidden = hidden + functional.linear(inner * functional.linear(normal, up), down)
        hidden.square().mean().backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            for layer in layers:
                for weight in layer:
                    assert weight.grad is not None
                    weight.mul_(0.99).add_(weight.grad, alpha=-1e-3)
                    weight.grad = None
        took.append((time.process_time() - start) / threads)
    return statistics.quantiles(took[WARM:], n=10)[0]


if __name__ == "__main__":
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    set_threads(int(sys.argv[1]))
    print(_passes(int(sys.argv[1])))
