from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import squares
import torch

from mirage import tune
from mirage.tune.nano.base import NanoProcessor


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> squares.World:
    return squares.build(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def base(world: squares.World) -> Path:
    """A base folder as the stage writes it."""
    job = squares.base_job(world)
    tune.run(job)
    return job.out


@pytest.fixture
def processor() -> NanoProcessor:
    return squares.build_encoding(squares.model_settings()).processor
