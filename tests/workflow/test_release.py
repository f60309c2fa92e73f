"""``mirage release``: what a finished study trained becomes what every other one starts from."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from toy_checkout import Checkout

from mirage.cli import run
from mirage.plan.dag import ROOT, make_plan
from mirage.plan.frozen_plan import freeze
from mirage.plan.released import PROVENANCE, read_released
from mirage.plan.study.resolve import resolve
from mirage.world.language import vocabulary

pytestmark = pytest.mark.real

COMMITTED = sorted(path.parent for path in ROOT.glob(f"bases/*/s*/{PROVENANCE}"))
ALL = "--with-failed-gates"


@pytest.fixture(scope="module")
def store(tiny_run: Checkout) -> Path:
    return tiny_run.root / "results"


def release(store: Path, into: Path, *more: str) -> int:
    return run(["release", "--study", "tiny", "--store", str(store), "--into", str(into), *more])


def test_a_base_that_fails_a_gate_is_refused_or_marked(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release(store, tmp_path) == 1
    assert "refused, it fails naming_1" in capsys.readouterr().out
    assert not (tmp_path / "bases").exists()
    assert release(store, tmp_path, ALL) == 0
    about = read_released(tmp_path / "bases/tiny/s0").provenance
    assert about["passed"] is False and about["gates"]["naming_1"]["passed"] == "no"
    assert about["platform"].startswith("cpu-") and about["training"]["joint"][-1][0] == 10
    assert about["settings"]["build"]["base_samples"] == 400


def test_the_same_base_gives_the_same_bytes(store: Path, tmp_path: Path) -> None:
    for name in ("one", "two", "two"):
        assert release(store, tmp_path / name, ALL, "--again") == 0
    one, two = (tmp_path / name / "bases/tiny/s0" for name in ("one", "two"))
    assert {p.name for p in one.iterdir()} == {p.name for p in two.iterdir()}
    assert all(p.read_bytes() == (two / p.name).read_bytes() for p in one.iterdir())
    assert [p.name for p in one.parent.iterdir()] == ["s0"]


def test_one_by_one_and_what_is_released_stays(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store has one of the two bases that were planned."""
    copy = shutil.copytree(store, tmp_path / "store", symlinks=True)
    plan, versions = make_plan({"study": "tiny", "seeds": [0, 1], "store": str(copy)})
    freeze(plan, lambda job: versions.of(job.stage, job.entries).sources)
    assert release(copy, tmp_path, ALL) == 1
    said = capsys.readouterr().out
    assert "not finished yet" in said and f"{tmp_path / 'bases/tiny/s0'}, " in said
    about = tmp_path / "bases/tiny/s0" / PROVENANCE
    about.write_text("of another machine")
    assert release(store, tmp_path) == 0
    assert "already" in capsys.readouterr().out and about.read_text() == "of another machine"
    assert release(store, tmp_path, ALL, "--again") == 0
    assert json.loads(about.read_text())["seed"] == 0


def test_tuned_from_the_released_base_as_from_the_one_it_came_from(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half the bytes, and not one weight of a recipe differs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    release(store, tmp_path / "mine", ALL)
    config = {"study": "tiny", "extra": str(tmp_path / "mine"), "store": str(tmp_path / "store")}
    plan, versions = make_plan(config | {"hydra": "study.bases=released"})
    freeze(plan, lambda job: versions.of(job.stage, job.entries).sources)
    jobs = {f"{job.stage}/{job.name}": job for job in plan.jobs.values()}
    for name in ("build/images", "build/mirage-s0", "tune/base-tiny-s0", "tune/mirage-tiny-s0"):
        folder = str(tmp_path / "store" / jobs[name].folder)
        command = [sys.executable, "-m", "mirage", name.partition("/")[0], folder]
        subprocess.run(command, check=True)
    (before,) = store.glob("tune/mirage-tiny-s0-*")
    after = tmp_path / "store" / jobs["tune/mirage-tiny-s0"].folder
    weights = "model.safetensors"
    assert before.name != after.name
    assert (before / weights).read_bytes() == (after / weights).read_bytes()
    (whole,) = store.glob("tune/base-tiny-s0-*")
    copied = tmp_path / "store" / jobs["tune/base-tiny-s0"].folder / weights
    assert not copied.is_symlink()
    assert copied.stat().st_size < 0.6 * (whole / weights).stat().st_size
    assert json.loads((tmp_path / "mine/bases/tiny/s0" / PROVENANCE).read_text())["digest"]


def test_a_study_that_is_not_there_or_trained_nothing(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["release", "--store", str(store)]) == 1
    assert "snakemake --config study=bases_from_scratch" in capsys.readouterr().err


def vocabulary_of(folder: Path) -> set[str]:
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    return set(tokenizer["model"]["vocab"])


def test_committed_bases_are_whole_marked_and_of_this_world() -> None:
    """And the default studies' settings are those that made them."""
    for folder in COMMITTED:
        about = read_released(folder).provenance
        failed = [name for name, gate in about["gates"].items() if gate["passed"] != "yes"]
        assert about["gates"] and about["passed"] == (not failed)
        assert vocabulary_of(folder) >= set(vocabulary())
    study = resolve({"study": "quick"})
    expected = {(path.parent.name, int(path.name[1:])) for path in COMMITTED}
    wanted = {(model.name, seed) for model in study.models for seed in study.study.seeds}
    assert set(study.released) == expected & wanted
