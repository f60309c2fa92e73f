"""Fixtures for whole runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from toy_checkout import Checkout, leave_tracking_out, make_checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = make_checkout(tmp_path)
    yield made
    made.go_on()
    for process in made.started:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A whole run with toy stages, to be read only."""
    made = make_checkout(tmp_path_factory.mktemp("toy_run"))
    made.snakemake()
    return made


@pytest.fixture
def finished(toy_run: Checkout, tmp_path: Path) -> Checkout:
    """A checkout of one's own in which all of that has run."""
    root = shutil.copytree(toy_run.root, tmp_path / "finished", symlinks=True)
    return Checkout(root)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A whole run of the smallest study with the real stages, to be read only."""
    made = make_checkout(tmp_path_factory.mktemp("tiny_run"), "tiny")
    leave_tracking_out(made.root)
    made.snakemake()
    return made
