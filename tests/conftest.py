"""For all tests: none judges how fast a busy machine was, none sees the folder of another."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from mirage.plan.code_version import EXTRA

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def no_folder_of_another_test() -> Iterator[None]:
    """A command names the user's folder to what it starts, for as long as its process lives."""
    os.environ.pop(EXTRA, None)
    known = sys.path.copy()
    yield
    os.environ.pop(EXTRA, None)
    sys.path[:] = known
