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
        process.wait()


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A whole run of the smallest study with the real stages, to be read only."""
    made = make_checkout(tmp_path_factory.mktemp("tiny_run"), "tiny")
    # The run itself is tested; MLflow at its end has tests of its own.
    tracker = made.root / "workflow/mirage/track/__init__.py"
    tracker.write_text("def main(argv):\n    return 0\n")
    made.snakemake()
    return made
