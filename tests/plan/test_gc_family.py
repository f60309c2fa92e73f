"""`mirage gc --with-children` removes artifacts of its store and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_chain import a_job, make

from mirage.cli import run
from mirage.files import MANIFEST
from mirage.plan.job import Job
from mirage.plan.lock import own


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Job, Job]:
    """A store beside other people's files: data -> base."""
    store = tmp_path / "home/results"
    data = a_job(store, "build", "data")
    base = a_job(store, "tune", "base", data)
    make(store, data)
    make(store, base)
    elsewhere = tmp_path / "elsewhere/tune/base-12345678"
    elsewhere.mkdir(parents=True)
    (elsewhere / "text.txt").write_text("another's")
    return store, data, base


def remove(store: Path, text: str) -> int:
    return run(["gc", "--store", str(store), "--with-children", text, "--apply"])


def everything(root: Path) -> list[Path]:
    return sorted(root.rglob("*"))


@pytest.mark.parametrize(
    "text",
    [
        "..",
        ".",
        "",
        "../..",
        "plan",
        "/",
        "plan/jobs",
        "build",
        "tune/..",
        "../../elsewhere",
        "a/b/c",
    ],
)
def test_what_is_no_artifact_is_refused(
    pair: tuple[Path, Job, Job],
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store, *_ = pair
    before = everything(store.parent.parent)
    for place in (store, store.parent):
        monkeypatch.chdir(place)
        assert remove(store, text) == 1
        assert capsys.readouterr().err.startswith("error: ")
    assert everything(store.parent.parent) == before


def test_an_artifact_of_another_store_is_refused(pair: tuple[Path, Job, Job]) -> None:
    store, _, base = pair
    other = store.parent.parent / "elsewhere/tune/base-12345678"
    before = everything(store.parent.parent)
    assert remove(store, str(other)) == 1
    assert remove(store, str(other.parents[1] / base.folder)) == 1
    assert everything(store.parent.parent) == before
    (store / "respond").mkdir()
    (store / "respond/link-12345678").symlink_to(other)
    assert remove(store, "respond/link-12345678") == 1
    (store / "judge").symlink_to(other.parent)
    assert remove(store, "judge/base-12345678") == 1
    assert run(["gc", "--store", str(store), "--apply"]) == 0
    assert (other / "text.txt").read_text() == "another's"


@pytest.mark.parametrize("how", ["whole", "inside", "relative", "name", "id", "trailing"])
def test_an_artifact_may_be_named_in_several_ways(
    pair: tuple[Path, Job, Job], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, data, base = pair
    monkeypatch.chdir(store)
    path = store / data.folder
    texts = {"whole": str(path), "inside": data.folder, "relative": f"./{data.folder}"}
    texts |= {"name": "build/data", "id": data.id[:8], "trailing": f"{path}/"}
    assert remove(store, texts[how]) == 0
    assert not path.exists() and not (store / base.folder).exists()


def test_a_running_job_keeps_its_folder_and_its_parents(
    pair: tuple[Path, Job, Job], capsys: pytest.CaptureFixture[str]
) -> None:
    store, data, base = pair
    (store / base.folder / MANIFEST).unlink()
    with own(store / "work" / base.id):
        assert remove(store, "build/data") == 0
        assert run(["gc", "--store", str(store), "--days", "0", "--apply"]) == 0
    assert "whose job is running" in capsys.readouterr().out
    assert any((store / base.folder).iterdir())
    assert (store / data.folder).is_dir()
    assert remove(store, "tune/base") == 0
    assert not (store / base.folder).exists()
