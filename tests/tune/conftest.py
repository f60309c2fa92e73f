from __future__ import annotations

from pathlib import Path

import free_samples
import pytest
import squares
from free_samples import Opened

from mirage import tune
from mirage.tune.nano.base import NanoProcessor


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> squares.World:
    return squares.build(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def base(world: squares.World) -> Path:
    """A base folder as the stage writes it."""
    job = squares.base_job(world)
    tune.run(job)
    return job.out


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's samples."""
    return free_samples.write(tmp_path_factory.mktemp("samples") / "own")


@pytest.fixture(params=free_samples.CLASSES)
def opened(request: pytest.FixtureRequest, tmp_path: Path, samples: Path) -> Opened:
    """A stand-in of each class of real models, with those samples."""
    return free_samples.open_stand_in(request.param, tmp_path / "tiny", samples)


@pytest.fixture
def processor() -> NanoProcessor:
    return squares.build_encoding(squares.model_settings()).processor
