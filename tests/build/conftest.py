from __future__ import annotations

from typing import Any

import pytest

from build_settings import CONF, load
from mirage.plan.entries import OWN
from mirage.plan.schema.recipe import Recipe


@pytest.fixture(scope="session")
def world() -> dict[str, Any]:
    return load("world/household.yaml")


@pytest.fixture(scope="session")
def sizes() -> dict[str, Any]:
    return load("build/quick.yaml")


@pytest.fixture(scope="session")
def recipes() -> dict[str, dict[str, Any]]:
    """Every recipe of the nano world with its defaults filled in, as a job's settings hold them."""
    names = sorted(path.name for path in (CONF / "recipe").glob("*.yaml"))
    made = [Recipe.model_validate(load(f"recipe/{name}")) for name in names]
    nano = [recipe for recipe in made if recipe.data and recipe.data.source != OWN]
    return {recipe.name: recipe.model_dump(mode="json") for recipe in nano}
