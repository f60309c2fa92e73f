"""How training goes, for a person: a live line on a terminal, a plain one every 10 s elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mirage.tune.batching import Sizes

LIVE_SECONDS, PLAIN_SECONDS = 0.5, 10.0


@dataclass
class Progress:
    """Says where a run stands.

    Attributes:
        name: What is trained.
        sizes: Tokens of each batch, with and without padding.
        log: Takes one plain line.
        more: Returns what else the line says, with a comma and a space behind it.
        live: Whether stderr is a terminal that can be overwritten.
    """

    name: str
    sizes: Sequence[Sizes]
    log: Callable[[str], None]
    more: Callable[[], str] = str
    live: bool = field(default_factory=sys.stderr.isatty)
    _start: float = field(default_factory=time.perf_counter)
    _shown: float = 0.0
    _first: int | None = None

    def step(self, done: int, loss: Callable[[], float]) -> None:
        """Called after each step; ``loss`` is asked only when a line is shown."""
        now = time.perf_counter()
        if self._first is None:
            # The first step warms kernels and caches up: it would spoil the rate.
            self._first, self._start, self._shown = done, now, now
            return
        last = done == len(self.sizes)
        if now - self._shown < (LIVE_SECONDS if self.live else PLAIN_SECONDS) and not last:
            return
        self._shown = now
        text = self.line(done, loss(), now - self._start)
        if self.live:
            print(f"\r\x1b[2K{text}", end="\n" if last else "", file=sys.stderr, flush=True)
        else:
            self.log(text)

    def line(self, done: int, loss: float, seconds: float) -> str:
        """Returns the text for ``done`` steps, ``seconds`` after the first one of this process."""
        since = self.sizes[self._first or 0 : done]
        tokens = sum(size.tokens for size in since)
        padded = max(1, sum(size.padded for size in since))
        left = seconds / max(1, len(since)) * (len(self.sizes) - done)
        return (
            f"{self.name}: step {done}/{len(self.sizes)}, loss {loss:.4f}, "
            f"{tokens / max(seconds, 1e-9):,.0f} tokens/s, padding {1 - tokens / padded:.1%}, "
            f"{self.more()}{left:.0f} s left"
        )
