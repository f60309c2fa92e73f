"""A job starts fifty times in a study: its start may import nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("hydra", "omegaconf", "pydantic", "torch", "transformers", "mlflow", "numpy", "yaml")


@pytest.mark.parametrize("module", ["mirage.__main__", "mirage.plan.runtime"])
def test_the_runtime_imports_the_standard_library_only(module: str) -> None:
    code = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("stage", ["build", "judge", "score", "report", "tune", "respond"])
def test_stage_packages_are_lazy(stage: str) -> None:
    heavy = ("torch", "transformers", "mlflow", "hydra")
    code = f"import sys, mirage.{stage}; print(*[m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
