"""What a training run says of its speed at every point of its curve."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import torch

from mirage.tune.batching import Sizes
from mirage.tune.data import Encoded
from mirage.tune.large.devices import peak_flops
from mirage.tune.large.flops import count
from mirage.tune.objective import Objective

MEASURED: Final = (
    "tokens_per_second",
    "samples_per_second",
    "mfu",
    "padding_share",
    "data_wait_share",
    "peak_memory_gb",
)
"""What a row of the curve may hold beside loss and rate."""


@dataclass(frozen=True)
class Work:
    """What one optimizer step has to do, over all ranks.

    Attributes:
        sizes: Its tokens, with and without padding.
        samples: Its samples.
        flops: Floating-point operations it needs, see ``flops.Counted``.
    """

    sizes: Sizes
    samples: int
    flops: float


def planned(
    objective: Objective, data: Encoded, batches: Sequence[Sequence[int]], sizes: Sequence[Sizes]
) -> list[Work]:
    """Returns the work of each step of a run.

    Args:
        objective: The model, its parts frozen or not.
        data: The training set.
        batches: Samples of each step.
        sizes: Tokens of each step.
    """
    counted = count(objective.model, objective.family, objective.keep_features)
    pairs = zip(batches, sizes, strict=True)
    return [Work(size, len(batch), counted.step(data, batch)) for batch, size in pairs]


@dataclass
class Meter:
    """Measures a run from one point of its curve to the next.

    ``mfu``, model FLOPs utilisation in percent, is 100 x F / (seconds x devices x P): F the
    operations that the steps need (``flops.Counted``), P the most that a device can do a second
    (``devices.PEAKS``). Where P is not known, as of a processor, there is no ``mfu``.

    Memory is the first rank's: on a GPU the most that torch reserved so far, on a processor the
    most that the process held.

    Attributes:
        work: What each step of the run does.
        ranks: Devices that share it.
        dtype: Type of number of the matrix products.
        done: Steps at the last point; None before the first one began.
    """

    work: Sequence[Work]
    ranks: int = 1
    dtype: str = "torch.float32"
    done: int | None = None
    last: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)
    _waited: float = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Counts the time in here as waiting for data."""
        begin = time.perf_counter()
        yield
        self._waited += time.perf_counter() - begin

    def begin(self, done: int) -> None:
        """Begins behind ``done`` steps, unless it has: what is tried before them is none."""
        if self.done is None:
            self._restart(done)

    def read(self, done: int) -> dict[str, float]:
        """Returns the values of ``MEASURED`` since the last point, and begins anew.

        Args:
            done: Steps of the run so far.
        """
        seconds, waited = time.perf_counter() - self._since, self._waited
        work = self.work[self.done : done]
        self._restart(done)
        tokens = sum(step.sizes.tokens for step in work)
        padded = sum(step.sizes.padded for step in work)
        if not work or seconds <= 0:
            return {}
        found = {
            "tokens_per_second": round(tokens / seconds, 1),
            "samples_per_second": round(sum(step.samples for step in work) / seconds, 3),
            "padding_share": round(1 - tokens / padded, 4),
            "data_wait_share": round(min(1.0, waited / seconds), 4),
            "peak_memory_gb": round(peak_memory() / 1e9, 3),
        }
        peak = peak_flops(device_name(), self.dtype)
        if peak is not None:
            needed = sum(step.flops for step in work)
            found["mfu"] = round(100 * needed / (seconds * self.ranks * peak), 2)
        self.last = found
        return found

    def _restart(self, done: int) -> None:
        self.done, self._waited, self._since = done, 0.0, time.perf_counter()

    def words(self) -> str:
        """Returns the last values for the line of progress; empty before the first point."""
        if not self.last:
            return ""
        mfu = f"{self.last['mfu']:.0f} % MFU, " if "mfu" in self.last else ""
        waits = f"{self.last['data_wait_share']:.0%} waiting for data"
        return f"{mfu}{waits}, {self.last['peak_memory_gb']:.1f} GB at most, "


def device_name() -> str:
    """Returns the name of the device that this process computes on."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def peak_memory() -> int:
    """Returns the most bytes that this process had: on its GPU, or in memory without one."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_reserved())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
