"""The commands beside Snakemake, on small made-up stores."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mirage.cli import doctor, gc, run
from mirage.plan.artifact import Manifest
from mirage.plan.diff import parent_changes, setting_changes
from mirage.plan.frozen_plan import Frozen, assemble, freeze, load
from mirage.plan.job import Job

NOTHING: dict[str, Any] = {"resources": {}, "environments": {}, "track": {}}


def a_job(stage: str, name: str, letter: str, **parents: list[str]) -> Job:
    return Job(stage, stage, name, letter * 64, {"size": 1}, parents)


def a_plan(store: Path, *jobs: Job, study: str = "quick") -> Frozen:
    plan = assemble(study=study, store=str(store), jobs=[*jobs], **NOTHING)
    freeze(plan, lambda job: {})
    return plan


def make(store: Path, job: Job, **times: float) -> Path:
    folder = store / job.folder
    folder.mkdir(parents=True)
    (folder / "text.txt").write_text("made")
    timing = {"started": 0.0, "startup": 1.0, "work": 2.0, "wall": 4.0, "threads": 1} | times
    about: dict[str, Any] = {"stage": job.stage, "kind": job.kind, "name": job.name, "id": job.id}
    about |= {"settings": job.settings, "parents": job.parents, "code": "v"}
    Manifest(**about, files={"text.txt": {"size": 4, "sha256": ""}}, timing=timing).write(folder)
    return folder


def test_a_frozen_plan_reads_back(tmp_path: Path) -> None:
    plan = a_plan(tmp_path, a_job("build", "images", "a"), a_job("report", "quick", "b"))
    assert load(plan.path) == plan
    assert plan.targets == [f"{tmp_path}/report/quick-bbbbbbbb/manifest.json"]


def test_gc_lists_first_and_removes_only_when_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, kept, new = (a_job("tune", "mirage-s0", letter) for letter in "abc")
    before = a_plan(tmp_path, old, kept)
    os.utime(before.path, (1, 1))
    now = a_plan(tmp_path, kept, new)
    folders = [make(tmp_path, job) for job in (old, kept, new)]
    work = tmp_path / "work" / old.id
    work.mkdir(parents=True)
    assert run(["gc", "--store", str(tmp_path)]) == 0
    listed = capsys.readouterr().out
    assert f"kept: plan {now.id} of study quick, 2 artifacts planned, 2 there" in listed
    assert str(folders[0]) in listed
    assert str(work) in listed
    assert str(folders[1]) not in listed
    assert all(folder.exists() for folder in folders)
    assert run(["gc", "--store", str(tmp_path), "--apply"]) == 0
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert not work.exists()
    assert not before.path.exists()
    assert now.path.exists()


def test_gc_keeps_the_last_plan_of_every_study_and_young_ones(tmp_path: Path) -> None:
    plans = [
        a_plan(tmp_path, a_job("report", study, letter), study=study)
        for study, letter in (("quick", "a"), ("quick", "b"), ("paper", "c"))
    ]
    for age, plan in enumerate(reversed(plans)):
        then = time.time() - 86400 * (age + 1)
        os.utime(plan.path, (then, then))
    kept, dropped = gc.choose(tmp_path, days=0)
    assert {plan.id for plan in kept} == {plans[1].id, plans[2].id}
    assert dropped == [plans[0].path]
    assert not gc.choose(tmp_path, days=30)[1]


def test_gc_leaves_a_folder_that_somebody_works_in(tmp_path: Path) -> None:
    work = tmp_path / "work" / ("d" * 64)
    code = (
        "import sys, time; from pathlib import Path; from mirage.plan.lock import own\n"
        "with own(Path(sys.argv[1])): print('mine', flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, str(work)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    owner.stdout.readline()
    assert gc.find_waste(tmp_path, []) == []
    owner.kill()
    owner.communicate()
    assert [waste.path for waste in gc.find_waste(tmp_path, [])] == [work]


def test_show_finds_by_folder_name_and_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = [a_job("tune", "mirage-s0", "a"), a_job("respond", "mirage-s0", "b")]
    a_plan(tmp_path, *jobs)
    make(tmp_path, jobs[0])
    named = (["tune/mirage-s0"], ["mirage-s0"], ["aaaaaaaa"], [str(tmp_path / jobs[0].folder)])
    for words in named:
        assert run(["show", *words, "--store", str(tmp_path)]) == 0
        assert "finished: 1 files" in capsys.readouterr().out
    assert run(["show", "mirage-s0", "respond/mirage-s0", "--store", str(tmp_path)]) == 0
    assert "tune/mirage-s0-aaaaaaaa -> respond/mirage-s0-bbbbbbbb" in capsys.readouterr().out
    assert run(["gc", "--with-children", "mirage-s0", "--store", str(tmp_path)]) == 1
    assert "may be any of: respond/mirage-s0-bbbbbbbb, tune" in capsys.readouterr().err
    assert run(["show", "nothing", "--store", str(tmp_path)]) == 1
    assert "mirage plan" in capsys.readouterr().err


def test_an_empty_store_is_not_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = a_plan(tmp_path, a_job("tune", "mirage-s0", "a"))
    assert run(["verify", "--store", str(tmp_path)]) == 1
    assert f"nothing in {tmp_path}; name another with --store" in capsys.readouterr().err
    assert run(["gc", "--store", str(tmp_path)]) == 0
    assert f"plan {plan.id} of study quick, 1 artifact planned, 0 there" in capsys.readouterr().out


def test_differences_in_words() -> None:
    old = {"tune": {"rate": 1, "parts": ["a", "b"]}, "gone": 1}
    new = {"tune": {"rate": 2, "parts": ["a", "c"]}}
    assert setting_changes(old, new) == [
        "tune.rate: 1 -> 2",
        "tune.parts: -b +c",
        "gone: 1 -> (none)",
    ]
    assert parent_changes({"data": ["build/a"]}, {"data": ["build/b"]}) == [
        "data: build/a -> build/b"
    ]


def test_long_differences_say_how_many_more() -> None:
    (line,) = setting_changes({"a": []}, {"a": list(range(8))})
    assert line == "a: +0 +1 +2 +3 +4 +5 and 2 more"


@pytest.mark.parametrize("store", ["/proc/nowhere", "{folder}/file"])
def test_a_store_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], store: str
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["plan", f"store={store.format(folder=tmp_path)}"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: The store ")
    assert "snakemake --config store=results" in error


def test_doctor_sees_a_missing_pin_and_a_good_one(tmp_path: Path) -> None:
    lock = tmp_path / "cpu.txt"
    lock.write_text("# pins\nno-such-package-at-all==1.0\nnumpy==0.0.1\n")
    found = doctor.packages(lock)
    assert [finding.level for finding in found] == ["broken", "look"]
    assert doctor.python().level == "ok"
    assert {finding.level for finding in doctor.profiles(doctor.ROOT)} == {"ok"}


def test_words_without_a_command_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run([])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "doctor" in text
    assert "finish" not in text.replace("finished", "")


def test_a_wrong_word_is_answered_with_commands_for_people(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        run(["plam"])
    text = capsys.readouterr().err
    assert "'plan'" in text
    assert "finish" not in text
    assert "report_pages" not in text
