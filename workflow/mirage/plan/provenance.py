"""Where and with what an artifact was made: outside every promise of equal bytes."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from mirage.device import device
from mirage.plan.code_version import PACKAGE

WATCHED = {
    "torch": "torch",
    "transformers": "transformers",
    "accelerate": "accelerate",
    "deepspeed": "deepspeed",
    "tokenizers": "tokenizers",
    "safetensors": "safetensors",
    "numpy": "numpy",
    "scipy": "scipy",
    "PIL": "pillow",
    "matplotlib": "matplotlib",
    "typst": "typst",
}
"""Imported module -> distribution, for those that can change a result."""


def provenance() -> dict[str, Any]:
    """Returns commit, dirty flag, host, device and versions of the libraries in use."""
    commit, dirty = git_state(PACKAGE.parent.parent)
    return {
        "commit": commit,
        "dirty": dirty,
        "host": socket.gethostname(),
        "device": device(),
        "slurm_job": os.environ.get("SLURM_JOB_ID"),
        "versions": {"python": platform.python_version()} | _versions(),
    }


@cache
def git_state(root: Path) -> tuple[str | None, bool | None]:
    """Returns the commit and whether tracked files were changed; None without git."""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None, None
    return commit, bool(changed)


def _versions() -> dict[str, str]:
    used = {name: dist for name, dist in WATCHED.items() if name in sys.modules}
    if not used:
        return {}
    from importlib import metadata  # 50 ms, which a job without libraries need not spend

    return {dist: metadata.version(dist) for dist in used.values()}


def _git(root: Path, *command: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *command], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
