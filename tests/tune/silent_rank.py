"""A loss under which the second rank falls silent at its third batch, as if its disk hung."""

from __future__ import annotations

import os
import signal

from torch import Tensor

from mirage.tune.losses import Learnt, mean_over_tokens

_batches: list[int] = []


def silent(chosen: Learnt, rejected: Learnt | None) -> Tensor:
    """The loss of all tokens; an entry of the group ``loss``."""
    _batches.append(len(chosen.targets))
    if os.environ.get("RANK") == "1" and len(_batches) == 3:
        # A process that hangs in the kernel takes no signal; this one spares the test the wait.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pause()
    return mean_over_tokens(chosen, rejected)
