"""``mirage show`` opens what a person names: parents, links, artifacts of any store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mirage.cli import find, run
from mirage.plan.artifact import Manifest
from mirage.plan.frozen_plan import assemble, freeze
from mirage.plan.job import Job
from mirage.plan.state import copy_path


def job(stage: str, name: str, letter: str, **parents: list[str]) -> Job:
    return Job(stage, stage, name, letter * 64, {"size": 1}, parents)


def make(store: Path, made: Job, same_as: str | None = None) -> Path:
    about = {key: getattr(made, key) for key in ("stage", "kind", "name", "id", "settings")}
    times = {"startup": 1.0, "work": 2.0, "wall": 4.0}
    folder = store / made.folder
    folder.mkdir(parents=True)
    parents = made.parents
    manifest = Manifest(**about, parents=parents, code="v", files={}, timing=times, same_as=same_as)
    manifest.write(folder)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A finished model of a planned study, on data that no plan of this store holds any more."""
    store = tmp_path / "some where" / "store"
    data, base = job("build", "mirage-s0", "d"), job("tune", "base-s0", "b")
    model = job("tune", "mirage-s0", "a", data=[data.folder], base=[base.folder])
    plan = assemble(
        study="quick", store=str(store), jobs=[base, model], resources={}, environments={}, track={}
    )
    freeze(plan, lambda _: {})
    make(store, data, same_as="build/other-s0-eeeeeeee")
    make(store, model)
    return store


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["show", *words]) == 0
    return capsys.readouterr().out


def test_parents_say_whether_they_are_finished(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = shown(capsys, str(store / "tune/mirage-s0-aaaaaaaa"))
    assert "  data: build/mirage-s0-dddddddd  (finished)\n" in said
    assert "  base: tune/base-s0-bbbbbbbb  (not finished)\n" in said


def test_a_parent_of_no_plan_is_opened(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(capsys, "build/mirage-s0-dddddddd", "--store", str(store))
    assert "  id dddd" in said and "  size = 1\n" in said
    assert "its files are those of build/other-s0-eeeeeeee" in said


def test_an_artifact_that_was_removed_is_told_from_its_copy(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, copy = store / "build/mirage-s0-dddddddd", copy_path(store, "build/mirage-s0-dddddddd")
    copy.parent.mkdir(parents=True)
    shutil.move(folder / "manifest.json", copy)
    shutil.rmtree(folder)
    assert "not finished" in shown(capsys, str(folder))
    assert "(not there any more)" in shown(capsys, str(store / "tune/mirage-s0"))


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (".", "some where/store/tune/mirage-s0-aaaaaaaa"),
        (".", "some where/store/tune/mirage-s0"),
        (".", "some where/store/tune/mirage-s0-aaaaaaaa/manifest.json"),
        ("some where/store", "tune/mirage-s0"),
        ("some where/store/tune", "mirage-s0-aaaaaaaa"),
        ("some where/store/build", "../tune/mirage-s0-aaaaaaaa/"),
        (".", "some where/store/tune/latest"),
    ],
)
def test_a_path_says_its_store(
    store: Path,
    where: str,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (store / "tune/latest").symlink_to("mirage-s0-aaaaaaaa")
    monkeypatch.chdir(store.parent.parent / where)
    assert shown(capsys, text).startswith("tune/mirage-s0-aaaaaaaa\n")


def test_two_of_different_stores_are_compared(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    (other / "plan").mkdir(parents=True)
    made = make(other, job("tune", "mirage-s0", "c"))
    said = shown(capsys, str(store / "tune/mirage-s0"), str(made))
    assert said.startswith("tune/mirage-s0-aaaaaaaa -> tune/mirage-s0-cccccccc\n")
    assert "parent data: build/mirage-s0-dddddddd -> (none)" in said


def test_what_is_not_there_is_told_what_it_resembles(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", "tune/mirrage-s0", "--store", str(store)]) == 1
    assert "Did you mean: tune/mirage-s0" in capsys.readouterr().err
    assert run(["show", "tune/x", "--store", str(store / "absent")]) == 1
    assert "There is no store" in capsys.readouterr().err


def test_without_a_store_here_that_of_the_checkout_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "PACKAGE", tmp_path / "checkout/workflow/mirage")
    monkeypatch.chdir(tmp_path)
    assert find.default_store() == Path("results")
    (tmp_path / "checkout/results").mkdir(parents=True)
    assert find.default_store() == tmp_path / "checkout/results"
    (tmp_path / "results").mkdir()
    assert find.default_store() == Path("results")
