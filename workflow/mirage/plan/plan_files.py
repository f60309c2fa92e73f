"""Where frozen plans lie in a store."""

from __future__ import annotations

from pathlib import Path

PLANS = "plan"


def plans(store: Path) -> list[Path]:
    """Returns all frozen plans of a store, the one written or used last at the end."""
    frozen = [path for path in (store / PLANS).glob("*.json") if len(path.stem) == 16]
    return sorted(frozen, key=lambda path: path.stat().st_mtime_ns)
