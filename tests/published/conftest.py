"""A small good file of any published format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from published_files import WRITERS, N


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes one and returns the root of its download."""

    def written(name: str) -> Path:
        folder, writer = WRITERS[name]
        writer(tmp_path / folder, N)
        return tmp_path / folder

    return written
