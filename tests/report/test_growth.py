"""``.ci/growth.py`` measures what one more model costs; here on few models, that it still can."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci/growth.py"
MOST_MB = 500
"""Memory that no job of a study of hundreds of models may need."""


@pytest.fixture
def growth(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("growth", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "MADE", 1)
    return module


def test_a_report_does_not_load_what_computes_intervals() -> None:
    modules = "mirage.report.assemble, mirage.report.load, mirage.report.exhibits.probes"
    code = f"import sys, {modules}; print('scipy.special' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_judge_score_and_report_of_one_more_model_run(growth: ModuleType, tmp_path: Path) -> None:
    grown = growth.Grown(tmp_path, 41)
    names = []
    for name, job in grown.added():
        _, _, peak = growth.measure(tmp_path, grown.context(job))
        assert 0 < peak < MOST_MB, name
        names.append(name)
    assert names == ["judge model", "score model", "score study", "report"]
    tables = tmp_path / "report/study/tables"
    with (tables / "gates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    gates = {(row["gate"], row["model"].partition(",")[0]) for row in rows}
    assert {"Base, seed 4", "mirage, seed 3"} <= {row["model"] for row in rows}
    page = (tables / "gates.md").read_text(encoding="utf-8")
    assert page.count("\n| ") == 2 + len(gates) < len(rows)
    assert "5 of 5 seeds" in page
