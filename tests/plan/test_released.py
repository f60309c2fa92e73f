"""Released bases: when a study imports them, and what it says where it cannot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import stand_ins
from mirage.cli import run
from mirage.files import canonical, file_sha256, sha256
from mirage.plan.job import Job
from mirage.plan.released import PROVENANCE, base_settings, not_released, seed_folder
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import resolve
from planned_jobs import jobs_of

TINY: dict[str, Any] = {"study": "tiny", "hydra": "study.bases=released"}


def put(root: Path, seed: int = 0) -> Path:
    """Puts a released base of the model ``tiny`` below a folder; its weights are random."""
    study = resolve({"study": "tiny"})
    folder = stand_ins.write("internvl", seed_folder(root, "tiny", seed))
    names = sorted(path.name for path in folder.iterdir())
    files = {name: file_sha256(folder / name) for name in names}
    about = {
        "digest": sha256(canonical(sorted(map(list, files.items()))).encode()),
        "files": files,
        "settings": base_settings(study.models[0], study.world, study.build),
        "gates": {},
    }
    (folder / PROVENANCE).write_text(json.dumps(about))
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder with the released base of seed 0."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    put(tmp_path / "mine")
    return tmp_path / "mine"


def planned(extra: Path, **config: Any) -> dict[str, Job]:
    return jobs_of(resolve(TINY | {"extra": str(extra)} | config))


def test_the_digest_decides_the_id_and_neither_place_nor_machine(
    home: Path, tmp_path: Path
) -> None:
    jobs = planned(home)
    base = jobs["tune/base-tiny-s0"]
    assert base.entries["base"].endswith("copy_base")
    assert (base.parents, base.platform, base.packages) == ({}, None, {})
    assert "build/base-s0" not in jobs
    assert jobs["tune/mirage-tiny-s0"].parent_ids[base.folder] == base.id
    moved = shutil.copytree(home, tmp_path / "elsewhere")
    assert {name: job.id for name, job in planned(moved).items()} == {
        name: job.id for name, job in jobs.items()
    }
    about = moved / "bases/tiny/s0" / PROVENANCE
    said = '"gates": {"naming_1": {"value": 99.0, "n": 480, "passed": "yes"}}'
    about.write_text(about.read_text().replace('"gates": {}', said))
    again = planned(moved)
    assert again["tune/base-tiny-s0"].id == base.id
    scores = again["score/oracle-base-tiny-s0"].settings
    assert scores["released_gates"] == {"naming_1": {"value": 99.0, "n": 480}}


def test_a_released_base_is_not_asked_its_gates_again(home: Path) -> None:
    words = {"suite": "[hard,gates]"}
    jobs = planned(home, **words)
    assert "gates" not in jobs["respond/base-tiny-s0"].settings["suites"]
    assert "build/gates" not in jobs  # nobody else is asked
    alone = planned(home, suite="gates")["respond/base-tiny-s0"]
    assert alone.settings["suites"] == ["gates"]  # there is nothing else to ask
    trained = planned(home, hydra="study.bases=scratch", **words)
    assert "gates" in trained["respond/base-tiny-s0"].settings["suites"]
    assert "released_gates" not in trained["score/oracle-base-tiny-s0"].settings


def test_a_seed_without_a_released_base_is_trained_and_the_plan_says_so(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["study=tiny", "seeds=[0,3]", f"extra={home}", f"store={tmp_path / 'r'}"]
    assert run(["plan", *words, "hydra=study.bases=released"]) == 0
    said = capsys.readouterr().out
    assert "bases imported (bases/): base-tiny-s0\n" in said
    assert "bases trained here: base-tiny-s3\n" in said


def test_what_is_required_must_be_released(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("mirage.plan.study.resolve.not_released", not_released)
    words = ["study=tiny", f"extra={home}", f"store={tmp_path / 'r'}", "hydra=study.bases=required"]
    assert run(["plan", *words, "seeds=[0,3,4]"]) == 1
    said = capsys.readouterr().err
    assert "bases/ has none of tiny for seeds 3,4." in said
    assert "study=bases_from_scratch model=tiny seeds=[3,4]" in said and "mirage release" in said
    base = planned(home, hydra="study.bases=required")["tune/base-tiny-s0"]
    assert base.entries["base"].endswith("copy_base")


def test_a_base_released_later_moves_no_id_of_the_earlier(home: Path) -> None:
    before = planned(home)
    put(home, 3)
    assert {name: job.id for name, job in planned(home).items()} == {
        name: job.id for name, job in before.items()
    }
    after = planned(home, seeds=[0, 3])
    moved = {name for name in before if after[name].id != before[name].id}
    assert moved == {"score/tiny-oracle", "report/tiny"}


def test_scratch_trains_all(home: Path) -> None:
    for hydra in ("study.bases=scratch", "build=tiny"):  # the study's own word is scratch
        base = planned(home, hydra=hydra)["tune/base-tiny-s0"]
        assert base.settings["model"]["base"] and base.platform


@pytest.mark.parametrize(
    "change",
    [
        "model.shape.text.layers=2",
        "build.base_samples=300",
        "world.seed=9",
        "build.base_mix.naming=2",
    ],
)
def test_other_settings_name_both_ways_out(home: Path, change: str) -> None:
    with pytest.raises(PlanError) as wrong:
        planned(home, hydra=f"study.bases=released {change}")
    text = str(wrong.value)
    assert 'hydra="study.bases=scratch"' in text and "leave these settings" in text
    assert change.partition("=")[0] in text and "bases/tiny/s0" in text
    assert planned(home, hydra=f"study.bases=scratch {change}")["tune/base-tiny-s0"].platform


def test_how_a_base_is_computed_is_no_setting_of_it(home: Path) -> None:
    hydra = "study.bases=released model.base.checkpoint_every=2 model.base.log_every=1"
    assert planned(home, hydra=hydra)["tune/base-tiny-s0"].platform is None


@pytest.mark.parametrize("harm", ["change", "remove", "provenance"])
def test_a_changed_folder_is_told(home: Path, harm: str) -> None:
    folder = home / "bases/tiny/s0"
    if harm == "change":
        with (folder / "tokenizer_config.json").open("a") as file:
            file.write("\n")
    elif harm == "remove":
        (folder / "generation_config.json").unlink()
    else:
        (folder / PROVENANCE).write_text("{}")
    with pytest.raises(PlanError, match=r"git checkout .*bases/tiny/s0"):
        planned(home)
