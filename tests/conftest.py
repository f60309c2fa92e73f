"""For all tests: none judges how fast a busy machine was, none sees the folder of another."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from mirage.plan.code_version import EXTRA
from mirage.plan.process import set_threads

# As many files run at once as there are cores: with threads of their own, numeric libraries would
# wait for each other, and what takes two seconds takes a minute.
set_threads(1)

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# A cluster that happens to be installed is asked by no test; without a controller each start of
# Snakemake would wait for it.
os.environ["SLURM_CONF"] = os.devnull


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests come first: in the end no core waits for the last one of another."""
    long = {item.path for item in items if item.get_closest_marker("real")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def published_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stand-ins of all published data that the suite's own files name, checked once."""
    import published_files
    from mirage.plan.study.compose import Conf

    root = tmp_path_factory.mktemp("published")
    published_files.write_all(root / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIRAGE_DATA", str(root / "data"))
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        names = {group: f"[{','.join(Conf().options(group))}]" for group in ("suite", "recipe")}
        published_files.check_all(**names)
    return root


@pytest.fixture
def published_data(published_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of those stand-ins; plans find them and know that they were checked."""
    monkeypatch.setenv("MIRAGE_DATA", str(published_root / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(published_root / "cache"))
    return published_root / "data"


@pytest.fixture(autouse=True)
def no_folder_of_another_test() -> Iterator[None]:
    """A command names the user's folder to what it starts, for as long as its process lives."""
    os.environ.pop(EXTRA, None)
    known = sys.path.copy()
    yield
    os.environ.pop(EXTRA, None)
    sys.path[:] = known
