"""Fixtures of the respond tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from respond_bench import Bench, make_bench, make_model

from mirage.plan.entries import TABLES


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model folder."""
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def bench(tmp_path: Path, model_folder: Path) -> Bench:
    """A store with pictures and no suite."""
    return make_bench(tmp_path, model_folder)


@pytest.fixture(
    scope="session",
    params=[name for name in TABLES["family"] if f"nano_{name}" in TABLES["encoding"]],
)
def any_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random nano model folder of every class that there is one of."""
    return make_model(tmp_path_factory.mktemp(request.param), request.param)
