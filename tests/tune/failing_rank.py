"""A training that ends on its second rank with a sentence, while the first one waits for it."""

from __future__ import annotations

import os
import signal

from mirage.contracts import DataError
from mirage.final_error import FinalError
from mirage.tune.task import Log, Task


def fail(_: Task, __: Log) -> None:
    """Bad data; an entry of the group ``tuning``."""
    _second_ends_with(DataError("the picture of item 7 cannot be decoded."))


def fail_for_good(_: Task, __: Log) -> None:
    """No room; an entry of the group ``tuning``."""
    _second_ends_with(FinalError("no room."))


def _second_ends_with(error: Exception) -> None:
    if os.environ["RANK"] == "1":
        raise error
    signal.pause()
