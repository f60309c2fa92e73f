"""Bad files end a job with one sentence that names file and line, and nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mirage.contracts import Response, Sample, write_rows
from mirage.plan.artifact import Manifest, inventory
from mirage.plan.code_version import code_of
from mirage.plan.frozen_plan import job_file
from mirage.plan.job import Job, identified

SUITE, ANSWERS = "build/easy-00000000/samples.jsonl", "respond/mirage-s0-00000000/responses.jsonl"


def artifact(folder: Path, stage: str, kind: str, name: str) -> None:
    files = inventory(folder)
    Manifest(stage, kind, name, "0" * 64, {}, {}, "", files).write(folder)


def seal(store: Path) -> None:
    """Finishes both parents as they now are."""
    artifact((store / SUITE).parent, "build", "suite", "easy")
    artifact((store / ANSWERS).parent, "respond", "respond", "mirage-s0")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    truth = {"kind": "skill", "family": "naming", "answer": "kettle", "objects": ["kettle"]}
    samples = [
        Sample(f"easy/{n}", "easy", "", "", "what is it ?", ("images/a.png",), truth)
        for n in range(3)
    ]
    write_rows(tmp_path / SUITE, samples)
    write_rows(tmp_path / ANSWERS, [Response(s.id, "kettle", 1, "stop") for s in samples])
    seal(tmp_path)
    return tmp_path


def judge(store: Path) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Freezes a judge job over both parents and runs it as the rule does."""
    code = code_of("judge", {})
    about: dict[str, Any] = {"stage": "judge", "kind": "judge", "name": "oracle"}
    about["settings"] = {"judge": {"name": "oracle", "options": {}, "model": "mirage-s0"}}
    about["entries"] = {"judge": "mirage.judge.oracle:judge"}
    about["parents"] = {
        "responses": [str(Path(ANSWERS).parent)],
        "suites": [str(Path(SUITE).parent)],
    }
    folders = [folder for many in about["parents"].values() for folder in many]
    about["parent_ids"] = {folder: Manifest.read(store / folder).id for folder in folders}
    job = identified(Job(**about, id="", code=code.version))
    path = job_file(store, job.folder)
    path.parent.mkdir(parents=True)
    spec = {"job": job.to_json(), "sources": code.sources}
    path.write_text(json.dumps(spec))
    command = [sys.executable, "-m", "mirage", "judge", str(store / job.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return store / job.folder, done


def test_good_input_is_judged(store: Path) -> None:
    folder, done = judge(store)
    assert done.returncode == 0, done.stderr
    assert (folder / "verdicts.jsonl").read_text().count("\n") == 3


def truncate(path: Path) -> None:
    path.write_text(path.read_text()[:-20])


def repeat(path: Path) -> None:
    path.write_text(path.read_text() * 2)


def escape(path: Path) -> None:
    path.write_text(path.read_text().replace("images/a.png", "../../secret.png"))


def rename(path: Path) -> None:
    path.write_text(path.read_text().replace("easy/2", "easy/9"))


def retype(path: Path) -> None:
    path.write_text(path.read_text().replace('"n_tokens": 1', '"n_tokens": "1"'))


def binary(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00\x01\n")


@pytest.mark.parametrize(
    ("name", "damage", "sentence"),
    [
        (ANSWERS, truncate, "responses.jsonl, line 3: not valid JSON"),
        (SUITE, truncate, "samples.jsonl, line 3: not valid JSON"),
        (ANSWERS, repeat, "responses.jsonl, line 4: id 'easy/0' stands on line 1 already"),
        (SUITE, escape, "samples.jsonl, line 1: image path '../../secret.png' leaves the data"),
        (ANSWERS, rename, "responses.jsonl, line 3: 'easy/9' is in no suite of this study"),
        (ANSWERS, retype, "responses.jsonl, line 1: n_tokens should be int, found str"),
        (ANSWERS, binary, "responses.jsonl"),
    ],
)
def test_bad_lines(store: Path, name: str, damage: Callable[[Path], None], sentence: str) -> None:
    damage(store / name)
    seal(store)
    folder, done = judge(store)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert not folder.exists()


def test_a_parent_cut_off_after_it_was_made(store: Path) -> None:
    truncate(store / ANSWERS)
    folder, done = judge(store)
    assert done.returncode == 1
    assert "bytes, the manifest says" in done.stderr
    assert f"Remove {store / Path(ANSWERS).parent} and run snakemake again" in done.stderr
    assert not folder.exists()
