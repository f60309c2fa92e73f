"""The judge's lists of words."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mirage.judge.words import EFFECTS


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_effects_stand_in_one_order_whatever_the_hash_seed(seed: str) -> None:
    """They are listed in verdicts, and verdicts are compared byte by byte."""
    command = [sys.executable, "-c", "from mirage.judge.words import EFFECTS; print(*EFFECTS)"]
    env = {**os.environ, "PYTHONHASHSEED": seed}
    shown = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    assert shown.split("\n")[0] == " ".join(EFFECTS)
