"""Whole stores: what a job, `mirage plan`, `show`, `verify` and `gc` say of damaged artifacts."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_artifact import finish

from mirage.cli import gc, run
from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.files import MANIFEST
from mirage.final_error import FinalError
from mirage.judge.judging import Judging
from mirage.plan.adoption import adopt, adopt_all
from mirage.plan.artifact import Manifest
from mirage.plan.chain import check_children, check_parents
from mirage.plan.final import RUN, leave_note
from mirage.plan.frozen_plan import assemble, job_file
from mirage.plan.job import Job, identified
from mirage.plan.state import check_artifacts, damage, finished
from mirage.stores import TokenStore


def a_job(store: Path, stage: str, name: str, *parents: Job) -> Job:
    folders = [parent.folder for parent in parents]
    ids = {parent.folder: parent.id for parent in parents}
    about: dict[str, Any] = {"settings": {"size": 1}, "parents": {"data": folders}}
    job = identified(Job(stage, stage, name, "", **about, parent_ids=ids))
    path = job_file(store, job.folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"job": job.to_json(), "sources": {}}))
    return job


def make(store: Path, job: Job, text: str = "made", same_as: str | None = None) -> Path:
    """Makes a finished artifact as publishing would."""
    folder = store / job.folder
    (folder / "deep").mkdir(parents=True)
    (folder / "deep/text.txt").write_text(text)
    return finish(store, job, same_as)


@pytest.fixture
def family(tmp_path: Path) -> dict[str, Job]:
    """A store: data -> base -> (one, two) -> table, and beside it ``apart``."""
    jobs = {"data": a_job(tmp_path, "build", "data")}
    jobs["base"] = a_job(tmp_path, "tune", "base", jobs["data"])
    jobs["one"] = a_job(tmp_path, "respond", "one", jobs["base"])
    jobs["two"] = a_job(tmp_path, "respond", "two", jobs["base"])
    jobs["table"] = a_job(tmp_path, "score", "table", jobs["one"], jobs["two"])
    jobs["apart"] = a_job(tmp_path, "build", "apart")
    for job in jobs.values():
        make(tmp_path, job)
    return jobs


def lose(folder: Path) -> None:
    (folder / "deep/text.txt").unlink()


def cut(folder: Path) -> None:
    (folder / "deep/text.txt").write_text("mad")


def break_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"files": [1]}')


def escape(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text().replace("deep/text.txt", "../../secret"))


def take_another(folder: Path) -> None:
    dataclasses.replace(Manifest.read(folder), id="0" * 64).write(folder)


def lose_manifest_and_cut(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    cut(folder)


DAMAGES = [lose, cut, break_manifest, escape, take_another, lose_manifest_and_cut]


@pytest.mark.parametrize("spoil", DAMAGES)
def test_all_who_look_agree_that_an_artifact_is_damaged(
    tmp_path: Path,
    family: dict[str, Job],
    spoil: Callable[[Path], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = family["base"]
    folder = tmp_path / job.folder
    assert run(["show", job.folder, "--store", str(tmp_path)]) == 0
    assert run(["verify", str(tmp_path)]) == 0
    assert "6 artifacts, 0.00 GB: all is well" in capsys.readouterr().out
    check_artifacts(tmp_path, family.values())
    spoil(folder)
    assert not finished(folder, job)
    assert damage(folder, job)
    with pytest.raises(ConfigError, match=rf"Remove it: rm -r {folder}"):
        check_artifacts(tmp_path, family.values())
    with pytest.raises(DataError):
        check_parents(tmp_path, family["one"])
    assert run(["show", job.folder, "--store", str(tmp_path)]) == 1
    assert f"rm -r {folder}" in capsys.readouterr().out
    assert run(["verify", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert str(folder) in out and "problems" in out
    assert str(family["apart"].folder) not in out


def test_a_folder_that_is_free_is_no_damage(tmp_path: Path, family: dict[str, Job]) -> None:
    job = family["base"]
    shutil.rmtree(tmp_path / job.folder)
    assert damage(tmp_path / job.folder, job) == []
    (tmp_path / job.folder).mkdir()  # as Snakemake does before a job
    assert damage(tmp_path / job.folder, job) == []
    assert not finished(tmp_path / job.folder, job)


def test_many_damaged_artifacts_are_counted(tmp_path: Path) -> None:
    jobs = [a_job(tmp_path, "build", f"data{n}") for n in range(9)]
    for job in jobs:
        lose(make(tmp_path, job))
    with pytest.raises(ConfigError, match=r"and 4 more; see: mirage verify") as wrong:
        check_artifacts(tmp_path, jobs)
    assert str(wrong.value).count("rm -r") == 5


def test_a_parent_of_another_id_stops(tmp_path: Path, family: dict[str, Job]) -> None:
    assert check_parents(tmp_path, family["one"]) == {
        family["base"].folder: Manifest.read(tmp_path / family["base"].folder).payload
    }
    planned = {family["base"].folder: "f" * 64}
    with pytest.raises(DataError, match="another artifact than planned"):
        check_parents(tmp_path, dataclasses.replace(family["one"], parent_ids=planned))


def test_a_parent_is_hashed_once_and_again_when_it_changed(
    tmp_path: Path, family: dict[str, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[Path] = []
    real = Manifest.problems

    def problems(self: Manifest, folder: Path, *, hashes: bool = False) -> list[str]:
        if hashes:
            hashed.append(folder)
        return real(self, folder, hashes=hashes)

    monkeypatch.setattr(Manifest, "problems", problems)
    base = tmp_path / family["base"].folder
    check_parents(tmp_path, family["one"])
    check_parents(tmp_path, family["two"])
    check_parents(tmp_path, family["one"])
    assert hashed == [base]
    (base / "deep/text.txt").write_text("MADE")  # as many bytes, other ones
    with pytest.raises(DataError, match="was changed after it was made"):
        check_parents(tmp_path, family["two"])
    assert hashed == [base, base]


def test_what_comes_out_different_is_not_published_beside_its_children(
    tmp_path: Path, family: dict[str, Job], capsys: pytest.CaptureFixture[str]
) -> None:
    base = family["base"]
    before = Manifest.read(tmp_path / base.folder).payload
    shutil.rmtree(tmp_path / base.folder)
    check_children(tmp_path, base, before)
    with pytest.raises(DataError, match=rf"2 finished .* --with-children {tmp_path}/{base.folder}"):
        check_children(tmp_path, base, "other bytes")
    command = ["gc", "--store", str(tmp_path), "--with-children", str(tmp_path / base.folder)]
    assert run(command) == 0
    assert (tmp_path / family["one"].folder).is_dir()
    assert run([*command, "--apply"]) == 0
    left = {name for name, job in family.items() if (tmp_path / job.folder).is_dir()}
    assert left == {"data", "apart"}
    check_children(tmp_path, base, "other bytes")


def test_what_children_were_not_made_from_is_not_adopted(
    tmp_path: Path, family: dict[str, Job]
) -> None:
    base = family["base"]
    held = {family["data"].folder: Manifest.read(tmp_path / family["data"].folder).payload}
    twin = identified(dataclasses.replace(base, parent_ids={family["data"].folder: "0" * 64}))
    shutil.rmtree(tmp_path / base.folder)
    make(tmp_path, dataclasses.replace(twin, parent_ids=base.parent_ids), "other bytes")
    with pytest.raises(DataError, match=rf"2 finished .* --with-children {tmp_path}/{base.folder}"):
        adopt(tmp_path, base, held)
    with pytest.raises(DataError, match="It is not published"):
        adopt_all(tmp_path, family.values())
    assert not (tmp_path / base.folder).exists()
    command = ["gc", "--store", str(tmp_path), "--with-children", str(tmp_path / base.folder)]
    assert run([*command, "--apply"]) == 0
    assert adopt_all(tmp_path, family.values()) == [base.folder]
    assert Manifest.read(tmp_path / base.folder).same_as == twin.folder


def test_gc_keeps_what_others_take_their_files_from(
    tmp_path: Path, family: dict[str, Job], capsys: pytest.CaptureFixture[str]
) -> None:
    twin = a_job(tmp_path, "tune", "twin", family["apart"])
    make(tmp_path, twin, same_as=family["one"].folder)
    command = ["gc", "--store", str(tmp_path), "--with-children", family["base"].folder]
    assert run([*command, "--apply"]) == 0
    assert f"kept: {tmp_path / family['one'].folder}, from which" in capsys.readouterr().out
    gone = {name for name, job in family.items() if not (tmp_path / job.folder).exists()}
    assert gone == {"two", "table"}
    assert run([*command[:-1], "tune/nothing-12345678"]) == 1
    assert "nor anything made from it is there" in capsys.readouterr().err


def spoil_parent(store: Path, family: dict[str, Job]) -> None:
    shutil.rmtree(store / family["data"].folder)


def spoil_payload(store: Path, family: dict[str, Job]) -> None:
    shutil.rmtree(store / family["base"].folder)
    make(store, family["base"], "other bytes")


def spoil_settings(store: Path, family: dict[str, Job]) -> None:
    folder = store / family["apart"].folder
    dataclasses.replace(Manifest.read(folder), settings={"size": 2}).write(folder)


def spoil_target(store: Path, family: dict[str, Job]) -> None:
    make(store, a_job(store, "tune", "twin", family["apart"]), same_as="tune/gone-00000000")


def spoil_link(store: Path, family: dict[str, Job]) -> None:
    (store / "score/quick").symlink_to("gone-00000000")


def spoil_extra(store: Path, family: dict[str, Job]) -> None:
    (store / family["apart"].folder / "notes.txt").write_text("mine")


def spoil_bytes(store: Path, family: dict[str, Job]) -> None:
    (store / family["apart"].folder / "deep/text.txt").write_text("MADE")


def spoil_key(store: Path, family: dict[str, Job]) -> None:
    folder = store / family["one"].folder
    dataclasses.replace(Manifest.read(folder), key="0" * 64).write(folder)


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (spoil_parent, "its parent .* is not finished"),
        (spoil_payload, "was made from other bytes than its parent"),
        (spoil_settings, "its settings give the id"),
        (spoil_key, "its adoption key is not that of what it was made from"),
        (spoil_target, "takes its files from .*gone-00000000, which is not finished"),
        (spoil_link, "leads nowhere"),
        (spoil_extra, "notes.txt is not in the manifest"),
        (spoil_bytes, "was changed after it was made"),
    ],
)
def test_verify_names_what_only_a_whole_store_shows(
    tmp_path: Path,
    family: dict[str, Job],
    spoil: Callable[[Path, dict[str, Job]], None],
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(tmp_path, family)
    assert run(["verify", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len([each for each in lines[:-1] if re.search(line, each)]) >= 1
    assert lines[-1].endswith("problems")


def test_verify_without_a_store_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", str(tmp_path / "none")]) == 1
    assert "There is no store" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_gc_keeps_answers_of_the_weights_that_a_kept_plan_needs(
    tmp_path: Path, family: dict[str, Job]
) -> None:
    held = Manifest.read(tmp_path / family["base"].folder).payload
    for name in (held[:16], "0" * 16):
        (tmp_path / "work/answers" / name).mkdir(parents=True)
    rest: dict[str, Any] = {"resources": {}, "environments": {}, "track": {}}
    plan = assemble(study="s", store=str(tmp_path), jobs=[*family.values()], **rest)
    gone = tmp_path / "work/answers" / ("0" * 16)
    assert [waste.path for waste in gc.find_waste(tmp_path, [plan])] == [gone]
    shutil.rmtree(tmp_path / family["base"].folder)
    assert [waste.path for waste in gc.find_waste(tmp_path, [plan])] == [gone]


def test_gc_removes_what_removed_artifacts_left_elsewhere(
    tmp_path: Path, family: dict[str, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUN, "a run")
    entry, about = "mirage.judge.oracle:judge", {"name": "oracle", "options": {}, "model": "m-s0"}
    answers = [family["one"].folder]
    ids = {family["one"].folder: family["one"].id}
    judge = Job("judge", "judge", "oracle-m-s0", "", {"judge": about}, {"responses": answers})
    judge = identified(dataclasses.replace(judge, entries={"judge": entry}, parent_ids=ids))
    make(tmp_path, judge)
    now = Judging.of("oracle", entry, {}, code=judge.code, work=tmp_path / "work").folder
    assert now is not None
    stores = [now / "m-s0", now / "other-s0", now.with_name("oracle-00000000") / "m-s0"]
    for store in stores:
        TokenStore(store).append([{"key": "k"}])
    gone = family["apart"].folder
    for folder in (gone, family["base"].folder):
        leave_note(tmp_path, folder, FinalError("elsewhere"))
        TokenStore(tmp_path / "plan/checked" / folder).append([{"key": "k"}])
    shutil.rmtree(tmp_path / gone)
    jobs = [job for name, job in family.items() if name not in ("data", "apart")]
    rest: dict[str, Any] = {"resources": {}, "environments": {}, "track": {}}
    plan = assemble(study="s", store=str(tmp_path), jobs=[*jobs, judge], **rest)
    wastes = gc.find_waste(tmp_path, [plan])
    left = {tmp_path / f"plan/{place}/{gone}" for place in ("checked", "final", "manifests")}
    left = {path if "checked" in path.parts else Path(f"{path}.json") for path in left}
    # The copy of a parent's manifest stays: made again, it must hold what it held.
    assert {waste.path for waste in wastes} == {
        *left,
        *stores[1:],
        tmp_path / family["data"].folder,
    }
    for waste in wastes:
        assert waste.size > 0
        waste.remove()
    assert gc.find_waste(tmp_path, [plan]) == []


def test_gc_keeps_verdicts_of_a_judge_that_cannot_be_imported(
    tmp_path: Path, family: dict[str, Job]
) -> None:
    about = {"judge": {"name": "mine", "options": {}, "model": "m-s0"}}
    judge = Job("judge", "judge", "mine-m-s0", "0" * 64, about, {})
    judge = dataclasses.replace(judge, entries={"judge": "gone.away:ask"})
    TokenStore(tmp_path / "work/verdicts/mine-00000000/m-s0").append([{"key": "k"}])
    rest: dict[str, Any] = {"resources": {}, "environments": {}, "track": {}}
    plan = assemble(study="s", store=str(tmp_path), jobs=[*family.values(), judge], **rest)
    assert gc.find_waste(tmp_path, [plan]) == []
