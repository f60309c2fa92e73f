"""Tests that need parts beside the environment: Slurm, PostgreSQL, vLLM.

``make test-parts`` installs the parts; a test whose part is missing is skipped on a laptop and
fails in CI, where everything can be installed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [
    str(HERE.parent / name) for name in ("workflow", "track")
]  # their helpers serve here too


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.parts)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skip is a failure, unless what lacks is a GPU."""
    report = yield
    if report.skipped and os.environ.get("CI") and "GPU" not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped, and CI installs everything: {report.longrepr}"
    return report
