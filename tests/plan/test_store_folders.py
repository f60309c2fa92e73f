"""Folders that are no store, and stores that cannot be written: one sentence each, status 1."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest
from test_chain import a_job, make

from mirage.cli import run
from mirage.context import ConfigError
from mirage.plan import checked_data
from mirage.plan.external import external_digest
from mirage.track import replay


@pytest.mark.parametrize("command", [["verify"], ["verify", "--store"], ["gc", "--store"]])
def test_a_folder_that_is_no_store_is_a_sentence(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, str(tmp_path)]) == 1
    assert "is no store" in capsys.readouterr().err
    assert run([*command, str(tmp_path / "none")]) == 1
    assert "There is no store" in capsys.readouterr().err
    make(tmp_path, a_job(tmp_path, "build", "data"))
    assert run([*command, str(tmp_path)]) == 0


def test_a_store_as_behind_snakemake_is_read_or_told_the_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, a_job(tmp_path, "build", "data"))
    assert run(["verify", f"store={tmp_path}"]) == 0
    assert "1 artifacts" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run(["gc", f"store={tmp_path}"])
    assert f"write: mirage gc --store {tmp_path}" in capsys.readouterr().err


def test_settings_of_a_plan_may_stand_behind_its_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["study=tiny", "--jobs", f"store={tmp_path}", "--cores", "1", "hydra=tune.batch_size=0"]
    assert run(["plan", *words]) == 1
    assert "--config hydra: tune.batch_size: should be" in capsys.readouterr().err
    words = ["study=tiny", "--jobs", "--seed", "3", "--store", str(tmp_path)]
    assert run(["plan", *words, "--recipe", "mirage", "mirage_twins"]) == 0
    said = capsys.readouterr().out
    assert "tune/mirage_twins-tiny-s3-" in said and "-s0-" not in said


@pytest.mark.parametrize("command", ["gc", "verify"])
def test_only_a_plan_takes_settings(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run([command, "--study", "quick"])
    assert "there is no option --study" in capsys.readouterr().err


def test_gc_in_a_store_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, a_job(tmp_path, "build", "data"))

    def denied(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "text.txt")  # as rmtree names it

    monkeypatch.setattr(shutil, "rmtree", denied)
    assert run(["gc", "--store", str(tmp_path), "--apply"]) == 1
    error = capsys.readouterr().err
    assert f"error: The store {tmp_path} cannot be written" in error
    assert error.count("\n") == 1


def test_tracking_a_store_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(*_: object) -> None:
        path = str(tmp_path / "work/track.lock")
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(replay, "replay", denied)
    (tmp_path / "plan").mkdir()
    options = ["--store", str(tmp_path), "--uri", f"sqlite:///{tmp_path / 'mlflow.db'}"]
    assert run(["track", *options]) == 1
    error = capsys.readouterr().err
    assert f"error: The store {tmp_path} cannot be written" in error
    assert error.count("\n") == 1


def test_digests_that_cannot_be_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "samples.jsonl"
    file.write_text("{}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))  # a file: nobody can make a folder in it
    with pytest.raises(ConfigError, match="Set XDG_CACHE_HOME"):
        checked_data.remember(file, "digest", [file])
    with pytest.raises(ConfigError, match="Set XDG_CACHE_HOME"):
        external_digest([file], "mirage model check", lambda text: None)
