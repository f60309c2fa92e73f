from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

CONF = Path(__file__).parents[2] / "conf"


def _load(name: str) -> dict[str, Any]:
    plain: dict[str, Any] = yaml.safe_load((CONF / name).read_text(encoding="utf-8"))
    return plain


@pytest.fixture(scope="session")
def world() -> dict[str, Any]:
    return _load("world/household.yaml")


@pytest.fixture(scope="session")
def sizes() -> dict[str, Any]:
    return _load("build/quick.yaml")


@pytest.fixture(scope="session")
def recipes() -> dict[str, dict[str, Any]]:
    paths = sorted((CONF / "recipe").glob("*.yaml"))
    return {path.stem: _load(f"recipe/{path.name}") for path in paths}
