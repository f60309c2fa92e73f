"""`mirage gc --weights`: weights that nothing needs go, and whatever needs them again says so."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from made_artifact import finish

from mirage.cli import run
from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.files import MANIFEST
from mirage.plan import spent
from mirage.plan.adoption import adopt_all
from mirage.plan.artifact import Manifest
from mirage.plan.chain import check_parents
from mirage.plan.frozen_plan import assemble, freeze
from mirage.plan.job import Job, identified
from mirage.plan.lock import own
from mirage.plan.spent import check_plan, check_weights
from mirage.plan.state import check_artifacts, restore, to_make

WEIGHTS = "model.safetensors"


def a_job(stage: str, kind: str, name: str, code: str = "", **parents: Job) -> Job:
    folders = {role: [parent.folder] for role, parent in parents.items()}
    ids = {parent.folder: parent.id for parent in parents.values()}
    return identified(Job(stage, kind, name, "", {}, folders, parent_ids=ids, code=code))


def make(store: Path, job: Job, link: Path | None = None) -> None:
    """Makes a finished artifact as publishing would; of a model with weights, or a link to some."""
    folder = store / job.folder
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(job.name)
    if job.stage == "tune" and link is None:
        (folder / WEIGHTS).write_bytes(job.name.encode() * 1000)
    elif link is not None:
        (folder / WEIGHTS).symlink_to(link)
    finish(store, job)


@dataclasses.dataclass
class Study:
    """A store with a frozen plan: a base, a recipe tuned from it, answers of both, a report."""

    store: Path
    jobs: dict[str, Job]

    def path(self, name: str) -> Path:
        return self.store / self.jobs[name].folder

    def todo(self) -> list[str]:
        by_folder = {job.folder: job for job in self.jobs.values()}
        return to_make(self.store, by_folder, [self.jobs["report"].folder])

    def check(self) -> None:
        check_plan(self.store, {j.folder: j for j in self.jobs.values()}, self.todo())

    def plan(self) -> None:
        rest: dict[str, dict[str, object]] = {"resources": {}, "environments": {}, "track": {}}
        jobs = list(self.jobs.values())
        freeze(assemble(study="s", store=str(self.store), jobs=jobs, **rest), lambda _: {})  # type: ignore[arg-type]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    base = a_job("tune", "base", "base-s0")
    recipe = a_job("tune", "recipe", "mirage-s0", base=base)
    jobs = {"base": base, "recipe": recipe}
    jobs["asks base"] = a_job("respond", "respond", "base-s0", model=base)
    jobs["asks recipe"] = a_job("respond", "respond", "mirage-s0", model=recipe)
    answers = {"one": jobs["asks base"], "two": jobs["asks recipe"]}
    jobs["report"] = a_job("report", "report", "s", models=recipe, **answers)
    made = Study(tmp_path / "results", jobs)
    for job in jobs.values():
        make(made.store, job)
    made.plan()
    return made


def gc(study: Study, *options: str) -> int:
    return run(["gc", "--weights", "--store", str(study.store), *options])


def left(study: Study) -> set[str]:
    return {path.parent.name.rpartition("-")[0] for path in study.store.rglob(WEIGHTS)}


def test_listing_removes_nothing(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    for options in ([], ["--dry-run"]):
        assert gc(study, *options) == 0
        out = capsys.readouterr().out
        assert out.count("1 set of answers finished") == 2
        assert "0.0 MB would be freed; remove with the same command and --apply" in out
    assert left(study) == {"base-s0", "mirage-s0"}


def test_spent_is_no_damage(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    before = Manifest.read(study.path("recipe"))
    assert gc(study, "--apply") == 0
    assert left(study) == set()
    made = Manifest.read(study.path("recipe"))
    assert made == dataclasses.replace(before, spent=[WEIGHTS])
    capsys.readouterr()
    assert run(["verify", "--store", str(study.store)]) == 0
    out = capsys.readouterr().out
    assert out.count("its weights are spent (removed by mirage gc --weights).") == 2
    assert "all is well" in out
    assert run(["show", study.jobs["recipe"].folder, "--store", str(study.store)]) == 0
    assert "its weights are spent" in capsys.readouterr().out
    # Its children, the plan and the copy of its manifest take it for finished.
    assert check_parents(study.store, study.jobs["report"])
    check_artifacts(study.store, study.jobs.values())
    study.check()
    (study.path("recipe") / MANIFEST).unlink()
    restore(study.store, study.jobs["recipe"])
    assert Manifest.read(study.path("recipe")).spent == [WEIGHTS]
    assert gc(study, "--apply") == 0
    assert "0.0 MB freed" in capsys.readouterr().out


def test_weights_stay_while_anything_may_read_them(study: Study) -> None:
    answers = study.path("asks recipe")
    answers.rename(answers.with_name("aside"))
    assert gc(study, "--apply") == 0
    assert left(study) == {"mirage-s0"}
    answers.with_name("aside").rename(answers)
    study.jobs["asks again"] = a_job(
        "respond", "respond", "mirage-s0", code="2", model=study.jobs["recipe"]
    )
    study.plan()
    assert gc(study, "--apply") == 0
    assert left(study) == {"mirage-s0"}
    with own(study.store / "work" / study.jobs["asks again"].id, done=lambda: False) as ours:
        assert ours is not None
        make(study.store, study.jobs["asks again"])
        assert gc(study, "--apply") == 0  # finished, but its process has not ended
        assert left(study) == {"mirage-s0"}
    assert gc(study, "--apply") == 0
    assert left(study) == set()


def test_a_run_that_needs_them_again_says_what_to_do(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gc(study, "--apply") == 0
    recipe = study.jobs["recipe"]
    new = a_job("respond", "respond", "mirage-s0", code="2", model=recipe)
    report = a_job("report", "report", "s", one=study.jobs["asks base"], two=new)
    study.jobs |= {"asks recipe": new, "report": report}
    assert set(study.todo()) == {new.folder, report.folder}
    with pytest.raises(ConfigError) as caught:
        study.check()
    text = str(caught.value)
    assert f"{new.folder} needs {recipe.folder}" in text
    # The recipe would be tuned again, from a base whose weights are gone as well.
    assert f"{recipe.folder} needs {study.jobs['base'].folder}" in text
    assert f"rm -r {study.path('recipe')} {study.path('base')}" in text
    with pytest.raises(DataError, match="are spent"):
        check_weights(study.store, new)
    committed = dataclasses.replace(new, kind="committed")
    check_weights(study.store, committed)


def test_links_to_an_imported_folder_are_left_alone(study: Study, tmp_path: Path) -> None:
    users = tmp_path / "hub" / WEIGHTS
    users.parent.mkdir()
    users.write_bytes(b"theirs")
    imported = a_job("tune", "base", "theirs-s0")
    answers = a_job("respond", "respond", "theirs-s0", model=imported)
    make(study.store, imported, link=users)
    make(study.store, answers)
    study.jobs |= {"theirs": imported, "asks theirs": answers}
    study.plan()
    assert gc(study, "--apply") == 0
    assert users.read_bytes() == b"theirs"
    assert left(study) == {"theirs-s0"}
    assert Manifest.read(study.store / imported.folder).spent == []


def test_artifacts_that_share_files_are_spent_together(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    twin = a_job("tune", "recipe", "mirage-s0", base=study.jobs["base"])
    twin = identified(dataclasses.replace(twin, parent_ids={study.jobs["base"].folder: "0" * 64}))
    study.jobs |= {"twin": twin, "asks twin": a_job("respond", "respond", "x-s0", model=twin)}
    assert adopt_all(study.store, [study.jobs["base"], twin]) == [twin.folder]
    study.plan()
    assert gc(study, "--apply") == 0
    assert left(study) == {"mirage-s0"}  # the twin's answers are still to come
    make(study.store, study.jobs["asks twin"])
    assert gc(study, "--apply") == 0
    assert left(study) == set()
    assert Manifest.read(study.path("twin")).spent == [WEIGHTS]
    run(["verify", "--store", str(study.store)])
    assert "is missing" not in capsys.readouterr().out


def test_a_spent_model_is_still_equal_work(study: Study) -> None:
    assert gc(study, "--apply") == 0
    twin = identified(
        dataclasses.replace(study.jobs["recipe"], parent_ids={study.jobs["base"].folder: "0" * 64})
    )
    asks = a_job("respond", "respond", "mirage-s0", model=twin)
    assert adopt_all(study.store, [study.jobs["base"], twin, asks]) == [twin.folder, asks.folder]
    assert Manifest.read(study.store / twin.folder).spent == [WEIGHTS]


def test_killed_between_mark_and_removal(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(spent, "weights_there", lambda *_: [Path("/nowhere/at/all")])
        with pytest.raises(OSError, match="nowhere"):
            spent.spend(study.store, study.jobs["recipe"].folder)
    assert left(study) == {"base-s0", "mirage-s0"}
    assert run(["verify", "--store", str(study.store)]) == 0
    assert gc(study, "--apply") == 0
    assert left(study) == set()
