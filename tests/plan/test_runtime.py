from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import types
from pathlib import Path

import pytest
from frozen_job import STAGE, freeze

from mirage.context import ConfigError, JobContext
from mirage.contracts import DataError
from mirage.files import file_sha256
from mirage.final_error import FinalError
from mirage.plan import runtime
from mirage.plan.artifact import Manifest
from mirage.plan.code_version import Code
from mirage.plan.final import RUN, leave_note
from mirage.plan.frozen_plan import job_file
from mirage.plan.job import Job
from mirage.plan.runtime import run_job


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Puts a small stage in the place of ``mirage.judge``; returns the jobs it ran."""
    seen: list[str] = []

    def run(ctx: JobContext) -> None:
        seen.append(ctx.job.name)
        with ctx.work_clock():
            ctx.work.joinpath("scratch").write_text("kept between tries")
            if ctx.settings.get("fail"):
                raise DataError("verdicts.jsonl, line 3: not valid JSON.")
            if not ctx.settings.get("empty"):
                ctx.out.joinpath("deep").mkdir(exist_ok=True)
                ctx.out.joinpath("deep/text.txt").write_text(ctx.settings["text"])

    stage = types.ModuleType("mirage.judge")
    stage.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mirage.judge", stage)
    return seen


def test_a_job_is_published_with_its_manifest(tmp_path: Path, calls: list[str]) -> None:
    folder = freeze(tmp_path)
    run_job(STAGE, folder)
    manifest = Manifest.read(folder)
    assert manifest.settings == {"text": "safe"}
    assert manifest.files == {
        "deep/text.txt": {"size": 4, "sha256": file_sha256(folder / "deep/text.txt")}
    }
    assert not manifest.problems(folder, hashes=True)
    assert manifest.timing["wall"] >= manifest.timing["startup"] + manifest.timing["work"] - 0.1
    assert manifest.provenance["versions"]["python"].startswith("3.11")
    assert not list((tmp_path / "work").iterdir())


def test_a_finished_artifact_is_left_alone(tmp_path: Path, calls: list[str]) -> None:
    folder = freeze(tmp_path)
    run_job(STAGE, folder)
    before = (folder / "manifest.json").read_bytes()
    run_job(STAGE, folder)
    assert calls == ["oracle"]
    assert (folder / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("damage", ["missing", "shorter", "manifest", "other"])
def test_a_damaged_artifact_stops_before_anything_runs(
    tmp_path: Path, calls: list[str], damage: str
) -> None:
    folder = freeze(tmp_path)
    run_job(STAGE, folder)
    if damage == "missing":
        (folder / "deep/text.txt").unlink()
    elif damage == "shorter":
        (folder / "deep/text.txt").write_text("sa")
    elif damage == "manifest":
        (folder / "manifest.json").write_text("{")
    else:
        manifest = Manifest.read(folder)
        dataclasses.replace(manifest, id="0" * 64).write(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match=rf"Remove {folder} and run snakemake again"):
        run_job(STAGE, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    shutil.rmtree(folder)
    run_job(STAGE, folder)
    assert (folder / "deep/text.txt").read_text() == "safe"
    assert len(calls) == 2


def test_a_deleted_manifest_comes_back_if_all_else_is_there(
    tmp_path: Path, calls: list[str]
) -> None:
    folder = freeze(tmp_path)
    run_job(STAGE, folder)
    before = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").unlink()
    run_job(STAGE, folder)
    assert (folder / "manifest.json").read_bytes() == before
    assert len(calls) == 1
    (folder / "manifest.json").unlink()
    (folder / "deep/text.txt").write_text("half")
    (folder / "deep/left.over").write_text("of a try that died")
    (folder / "deep/text.txt").write_text("sa")
    with pytest.raises(DataError, match=r"holds files but no manifest\.json"):
        run_job(STAGE, folder)


def test_settings_that_do_not_give_the_id_stop(tmp_path: Path, calls: list[str]) -> None:
    folder = freeze(tmp_path)
    path = job_file(tmp_path, f"{STAGE}/{folder.name}")
    spec = json.loads(path.read_text())
    spec["job"]["settings"]["text"] = "unsafe"
    path.write_text(json.dumps(spec))
    with pytest.raises(ConfigError, match="do not give the id"):
        run_job(STAGE, folder)
    assert not calls
    assert not folder.exists()


def test_changed_code_stops(
    tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = freeze(tmp_path)
    path = job_file(tmp_path, f"{STAGE}/{folder.name}")
    spec = json.loads(path.read_text())
    spec["sources"] = {"workflow/mirage/contracts.py": "other bytes"}
    path.write_text(json.dumps(spec))
    run_job(STAGE, folder)  # other bytes, but the same syntax trees
    assert calls == ["oracle"]
    shutil.rmtree(folder)
    monkeypatch.setattr(runtime, "code_of", lambda stage, entries: Code("other", {}))
    with pytest.raises(ConfigError, match="code of judge changed"):
        run_job(STAGE, folder)


@pytest.mark.parametrize("path", ["judge/nothing-12345678", "score/oracle-12345678"])
def test_an_unknown_job_is_a_sentence(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError, match=r"snakemake|mirage plan"):
        run_job(STAGE, tmp_path / path)


def test_a_known_error_is_one_sentence_and_nothing_is_published(
    tmp_path: Path, calls: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = freeze(tmp_path, fail=True)
    assert runtime.main(STAGE, [str(folder)]) == 1
    assert capsys.readouterr().err == "error: verdicts.jsonl, line 3: not valid JSON.\n"
    assert not folder.exists()
    assert list((tmp_path / "work").glob("*/*/scratch"))


@pytest.mark.parametrize("elsewhere", ["platform", "packages", "kernels"])
def test_a_final_error_ends_further_attempts_of_the_same_run(
    tmp_path: Path,
    calls: list[str],
    elsewhere: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def ends(*_: object) -> None:
        raise FinalError("This machine is another one than planned.")

    names = {"platform": "check_machine", "packages": "check_installed", "kernels": "check_kernels"}
    folder = freeze(tmp_path)
    monkeypatch.setenv(RUN, "1.0")
    with monkeypatch.context() as patch:
        patch.setattr(runtime, names[elsewhere], ends)
        assert runtime.main(STAGE, [str(folder)]) == 1
    first = capsys.readouterr().err
    ran = len(calls)
    assert runtime.main(STAGE, [str(folder)]) == 1  # this machine would do
    assert capsys.readouterr().err == first == "error: This machine is another one than planned.\n"
    assert len(calls) == ran and not folder.exists()
    monkeypatch.setenv(RUN, "2.0")
    assert runtime.main(STAGE, [str(folder)]) == 0
    assert len(calls) == ran + 1
    monkeypatch.setenv(RUN, "1.0")
    assert runtime.main(STAGE, [str(folder)]) == 0  # what is finished needs no attempt


def test_other_errors_and_jobs_by_hand_are_tried_again(
    tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = freeze(tmp_path, fail=True)
    monkeypatch.setenv(RUN, "1.0")
    for _ in range(2):
        assert runtime.main(STAGE, [str(folder)]) == 1
    assert len(calls) == 2
    leave_note(tmp_path, f"{STAGE}/{folder.name}", FinalError("no"))
    monkeypatch.delenv(RUN)
    assert runtime.main(STAGE, [str(folder)]) == 1
    assert len(calls) == 3


def test_an_empty_artifact_is_an_error(tmp_path: Path, calls: list[str]) -> None:
    with pytest.raises(DataError, match="wrote nothing"):
        run_job(STAGE, freeze(tmp_path, empty=True))


@pytest.mark.parametrize("damage", ["unfinished", "shorter"])
def test_a_damaged_parent_stops_before_anything_runs(
    tmp_path: Path, calls: list[str], damage: str
) -> None:
    parent = freeze(tmp_path)
    run_job(STAGE, parent)
    child = freeze(tmp_path, {"responses": [f"{STAGE}/{parent.name}"]}, more=1)
    if damage == "unfinished":
        (parent / "manifest.json").unlink()
    else:
        (parent / "deep/text.txt").write_text("s")
    with pytest.raises(DataError, match=r"not finished|1 bytes, the manifest says 4"):
        run_job(STAGE, child)
    assert len(calls) == 1


@pytest.mark.parametrize("words", [[], ["--help"], ["a", "b"]])
def test_wrong_words_show_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert runtime.main(STAGE, words) == 2
    assert "usage: python -m mirage judge" in capsys.readouterr().err


def test_contexts_name_their_parents(tmp_path: Path) -> None:
    job = Job("score", "score", "x", "0" * 64, {}, {"verdicts": ["judge/a"], "suites": ["b", "c"]})
    ctx = JobContext(job, tmp_path, tmp_path / "work", tmp_path / "out")
    assert ctx.parent("verdicts") == tmp_path / "judge/a"
    assert ctx.parents("suites") == [tmp_path / "b", tmp_path / "c"]
    with pytest.raises(ConfigError, match="2 parents"):
        ctx.parent("suites")
    with pytest.raises(ConfigError, match="no parent 'model'"):
        ctx.parents("model")
