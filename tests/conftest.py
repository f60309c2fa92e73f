"""For all tests: none judges how fast a busy machine was, none sees the folder of another."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from mirage.plan.code_version import EXTRA

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def no_folder_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command names the user's folder to what it starts, for as long as its process lives."""
    monkeypatch.delenv(EXTRA, raising=False)
