from __future__ import annotations

from typing import Any

import pytest

from build_settings import CONF, load


@pytest.fixture(scope="session")
def world() -> dict[str, Any]:
    return load("world/household.yaml")


@pytest.fixture(scope="session")
def sizes() -> dict[str, Any]:
    return load("build/quick.yaml")


@pytest.fixture(scope="session")
def recipes() -> dict[str, dict[str, Any]]:
    paths = sorted((CONF / "recipe").glob("*.yaml"))
    return {path.stem: load(f"recipe/{path.name}") for path in paths}
