"""Fixtures of the tracking tests: one finished store, and a copy of it for those who change it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from track_store import Made, make_store, where

from mirage.track.replay import replay


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A finished store; do not write into it."""
    root = tmp_path_factory.mktemp("pristine")
    return Made(root, root / "results" / make_store(root / "results"))


@pytest.fixture
def made(pristine: Made, tmp_path: Path) -> Made:
    """A copy of the finished store, not tracked yet."""
    root = tmp_path / "copy"
    shutil.copytree(pristine.root, root)
    return Made(root, root / pristine.report.relative_to(pristine.root))


@pytest.fixture(scope="session")
def tracked(pristine: Made, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A tracked store of which only the database and its files are left; do not write into it."""
    root = tmp_path_factory.mktemp("tracked")
    shutil.copytree(pristine.root, root, dirs_exist_ok=True)
    assert replay(where(root), None, print) == 4
    for child in (root / "results").iterdir():
        if child.is_dir() and child.name != "mlartifacts":
            shutil.rmtree(child)
    return Made(root, pristine.report)
