"""Fixtures of the tracking tests: one finished store, and a copy of it for those who change it."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

sys.path.insert(0, str(Path(__file__).parents[1]))

from track_store import Made, make_store, where

from mirage.track.replay import replay


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A finished store; do not write into it."""
    root = tmp_path_factory.mktemp("pristine")
    return Made(root, root / "results" / make_store(root / "results"))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables and nothing in them: making these takes seconds."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def made(pristine: Made, empty_database: Path, tmp_path: Path) -> Made:
    """A copy of the finished store, not tracked yet."""
    root = tmp_path / "copy"
    shutil.copytree(pristine.root, root)
    shutil.copyfile(empty_database, root / "results" / "mlflow.db")
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
