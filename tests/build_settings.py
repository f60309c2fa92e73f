"""The committed settings, as the build stage gets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

CONF = Path(__file__).parents[1] / "conf"


def load(name: str) -> dict[str, Any]:
    """Returns one file of conf/ as plain values."""
    plain: dict[str, Any] = yaml.safe_load((CONF / name).read_text(encoding="utf-8"))
    return plain
