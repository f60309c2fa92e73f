"""The processor or GPU that a job computes on, by its name."""

from __future__ import annotations

import platform
import sys
from pathlib import Path


def device() -> str:
    """Returns the GPU's name when the job used torch with one, else the processor's."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
