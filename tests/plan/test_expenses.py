"""What ``mirage plan`` says of GPU-hours, disk and judges before anything is here."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirage.cli.expenses import expenses
from mirage.plan.dag import make_plan
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.schema.site import Resources


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "HF_HUB_CACHE", "MIRAGE_MODELS", "MIRAGE_DATA"):
        monkeypatch.setenv(name, str(tmp_path / name))


def told(tmp_path: Path, *hydra: str) -> str:
    config = {"study": "smoke", "store": str(tmp_path / "store"), "hydra": [*hydra]}
    plan, _ = make_plan(config, Rehearsal())
    return "\n".join(expenses(plan, [*plan.jobs]))


def test_a_study_of_real_models(tmp_path: Path) -> None:
    text = told(tmp_path)
    # One recipe on 8 GPUs for an hour; three models answer on one GPU, 20 minutes each.
    assert "About 9 GPU-hours in 4 jobs (tune 8.0, respond 1.0)" in text
    assert "Disk: 17 GB of weights" in text and "320 GB for the work of each job that tunes" in text
    # 20 items of two suites, and of the tuned one's own.
    assert "Judge local_vlm: 140 calls, " in text and "no price known" in text
    assert "Served by yourself" not in text, "less than an hour"
    assert "Served by yourself: some 1 GPU-hours more" in told(tmp_path, "suite.limit=5000")


def test_whoever_answers_more_items_takes_longer(tmp_path: Path) -> None:
    # Two answer 20 items of two suites, the third 20 more.
    assert "respond 2.3)" in told(tmp_path, "model.resources.respond.per_items=20")
    asked = Resources(memory_mb=1, minutes=20, per_items=100)
    assert asked.answering([50, 40]).minutes == 20
    assert asked.answering([100, 150]).minutes == 50
    plain = Resources(memory_mb=1, minutes=20)
    assert plain.answering([100, 150]).minutes == 20
