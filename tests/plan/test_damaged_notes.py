"""Damaged files under ``plan/``: a sentence that helps, or made again; never a traceback."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_chain import a_job, make

from mirage.cli import finish, run
from mirage.context import ConfigError, payload_of
from mirage.contracts import DataError
from mirage.files import MANIFEST
from mirage.plan.adoption import INDEX, read_index
from mirage.plan.code_version import Versions
from mirage.plan.frozen_plan import assemble, freeze, load
from mirage.track.records import RECORD, read_record
from mirage.tune import checkpoint

DAMAGES = [b"", b"{", b"\xff\xfe", b"[]", b"{}", b'"text"', b"3", b"[" * 5000]
NOTHING: dict[str, Any] = {"resources": {}, "environments": {}, "track": {}}


@pytest.mark.parametrize("damage", DAMAGES)
def test_gc_names_every_unreadable_plan_and_goes_on_without_them(
    tmp_path: Path, damage: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    job = a_job(tmp_path, "build", "data")
    place = make(tmp_path, job)
    freeze(assemble(study="s", store=str(tmp_path), jobs=[job], **NOTHING), lambda job: {})
    broken = [tmp_path / "plan" / f"{digit * 16}.json" for digit in "01"]
    for path in broken:
        path.write_bytes(damage)
        with pytest.raises(ConfigError, match=f"Remove it.*: rm {path}"):
            load(path)
    assert run(["gc", "--store", str(tmp_path), "--apply"]) == 1
    error = capsys.readouterr().err
    for path in broken:
        assert f"rm {path}" in error
        path.unlink()
    assert run(["gc", "--store", str(tmp_path), "--apply"]) == 0
    assert place.is_dir()


@pytest.mark.parametrize("damage", [*DAMAGES, b'{"build/data-%s": 3}'])
def test_a_damaged_index_is_made_again(tmp_path: Path, damage: bytes) -> None:
    job = a_job(tmp_path, "build", "data")
    make(tmp_path, job)
    index = read_index(tmp_path)
    assert [*index] == [job.folder]
    (tmp_path / INDEX).write_bytes(damage.replace(b"%s", job.id[:8].encode()))
    assert read_index(tmp_path) == index


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_code_versions_are_read_again(tmp_path: Path, damage: bytes) -> None:
    memory = tmp_path / "code.json"
    memory.write_bytes(damage)
    assert Versions(memory).known == {}


@pytest.mark.parametrize("damage", [*DAMAGES, b'{"payload": {}}', b'{"payload": "no digest"}'])
def test_a_parent_without_a_digest_is_a_sentence(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(damage)
    with pytest.raises(DataError, match="has no digest of what the artifact holds"):
        payload_of(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        *DAMAGES,
        b'{"a.txt": 3}',
        b'{"a.txt": [1]}',
        b'{"a.txt/b": [1, "0"]}',
        b'{".": [1, "0"]}',
        b'{"a.txt": [4, null]}',
    ],
)
def test_a_checkpoint_with_a_damaged_seal_does_not_count(tmp_path: Path, damage: bytes) -> None:
    folder = tmp_path / "checkpoint-2"
    folder.mkdir()
    (folder / "a.txt").write_text("text")
    checkpoint.seal(folder)
    assert checkpoint.is_whole(folder)
    (folder / checkpoint.SEAL).write_bytes(damage)
    assert not checkpoint.is_whole(folder)


@pytest.mark.parametrize("damage", [each for each in DAMAGES if each != b"{}"])
def test_a_damaged_record_is_a_sentence(tmp_path: Path, damage: bytes) -> None:
    job = a_job(tmp_path, "score", "toy")
    folder = make(tmp_path, job)
    (folder / RECORD).write_bytes(damage)
    with pytest.raises(DataError, match=r"record\.json cannot be read"):
        read_record(folder)


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"[" * 5000])
def test_a_damaged_note_of_what_was_tracked_ends_no_run(
    tmp_path: Path, damage: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = assemble(study="s", store=str(tmp_path), jobs=[], **NOTHING)
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / finish.TRACKED).write_bytes(damage)
    finish.track(plan)  # its frozen plan is not there: tracking fails
    assert "MLflow was not updated" in capsys.readouterr().out


def test_what_goes_wrong_at_the_end_of_a_run_is_told_as_nothing_but_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = assemble(study="s", store=str(tmp_path), jobs=[], **NOTHING)
    (tmp_path / "plan").mkdir()
    evil = "\x1b[2Jrefused\x07"
    dead = subprocess.CompletedProcess([], 1, "", f"more\n{evil}\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: dead)
    finish.track(plan)
    said = capsys.readouterr().out
    assert "refused" in said and said[:-1].isprintable()

    def broken(_: Path) -> list[str]:
        raise DataError(evil)

    monkeypatch.setattr(finish, "outcome", broken)
    (tmp_path / "report").mkdir()
    last = finish.told(plan, "report/s-00000000")[-1]
    assert "refused" in last and last.isprintable()


@pytest.mark.parametrize("damage", DAMAGES)
def test_show_of_a_damaged_frozen_job_is_a_sentence(
    tmp_path: Path, damage: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    job = a_job(tmp_path, "build", "data")
    (tmp_path / "plan/jobs" / f"{job.folder}.json").write_bytes(damage)
    assert run(["show", "build/data", "--store", str(tmp_path)]) == 1
    assert "cannot be read" in capsys.readouterr().err
