"""What ``mirage doctor`` says of one thing it looked at."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class Finding:
    """What was looked at, and whether it is good (``ok``), worth a look or broken."""

    level: str
    text: str


def answer(command: Sequence[str], seconds: float = ANSWER_SECONDS) -> str | None:
    """Returns what a command prints; None where it fails, is not there or does not end."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
