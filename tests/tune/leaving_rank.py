"""A training after which Python's own way down would end the process with SIGABRT.

So do, now and then, the threads of torch's groups.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys

from mirage.tune.task import Log, Task


def done(_: Task, __: Log) -> None:
    """A training that ends well; an entry of the group ``tuning``."""
    atexit.register(os.abort)
    print("trained")


def stopped(_: Task, __: Log) -> None:
    """One that was asked to stop."""
    atexit.register(os.abort)
    sys.exit(128 + signal.SIGTERM)
