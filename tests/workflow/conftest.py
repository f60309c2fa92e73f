"""Fixtures for whole runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from toy_checkout import Checkout, make_checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = make_checkout(tmp_path)
    yield made
    made.go_on()
    for process in made.started:
        process.kill()
        process.communicate()
