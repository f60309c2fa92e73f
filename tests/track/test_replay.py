"""Each finished model and study has its run exactly once, whatever happens in between."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from track_store import Made, ignore, model_of, names, where

from mirage import track
from mirage.contracts import DataError
from mirage.plan.frozen_plan import assemble, freeze, load
from mirage.plan.job import Job
from mirage.plan.plan_files import plans
from mirage.track import client
from mirage.track.client import Tracker
from mirage.track.follow import Tail, follow
from mirage.track.rebuild import rebuild
from mirage.track.replay import missing, replay
from mirage.track.settings import Where
from mirage.track.tracked_ids import brought


def test_a_second_replay_finds_nothing_without_importing_mlflow(made: Made) -> None:
    """In processes of their own, as people start them."""
    code = (
        "import sys; from mirage.track import main; status = main(sys.argv[1:]); "
        "print('mlflow' in sys.modules or 'sqlalchemy' in sys.modules); sys.exit(status)"
    )
    store = made.root / "results"
    options = ["--store", str(store), "--uri", f"sqlite:///{store / 'mlflow.db'}"]

    def run() -> list[str]:
        command = [sys.executable, "-c", code, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        return done.stdout.splitlines()

    assert run()[0].startswith("track: 4 runs")
    assert sorted(p.name for p in store.glob("mlflow.db*")) == ["mlflow.db"]
    told, imported = run()
    assert "nothing new" in told
    assert imported == "False"
    (store / "mlflow.db").unlink()
    assert run()[0].startswith("track: 4 runs"), "a lost database must be filled again"


@pytest.mark.parametrize(
    "call", ["log_folder", "log_facts", "log_datasets", "register", "close_run", "mark"]
)
def test_killed_in_the_middle_then_replayed(
    made: Made, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    class KilledError(BaseException):
        pass

    whole = getattr(client.Tracker, call)

    def die(*arguments: Any, **more: Any) -> None:
        if call != "mark":  # what marks a run is the last thing: before it nothing counts
            whole(*arguments, **more)
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(client.Tracker, call, die)
        with pytest.raises(KilledError):
            replay(where(made.root), None, ignore)
    database = made.root / "results" / "mlflow.db"
    assert brought(database, "mirage") == set()
    assert replay(where(made.root), None, ignore) == 4
    assert len(brought(database, "mirage")) == 4
    assert_whole(made)


def assert_whole(made: Made) -> None:
    """The runs of the toy study are there once, with their curves and models."""
    tracker = Tracker(where(made.root))
    runs = tracker.find(study="toy")
    assert sorted(names(runs)) == ["base-s0", "mirage-s0", "textual_sft-s0", "toy"]
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in tracker.find(stage="model"):
        history = tracker.client.get_metric_history
        assert len(history(run.info.run_id, "loss")) == 40
        assert len(history(run.info.run_id, "j_hard")) == 1
    assert len(tracker.client.search_model_versions("name = 'mirage-s0'")) == 1


def test_two_replays_at_once_and_two_stores_into_one(made: Made, tmp_path: Path) -> None:
    """Also where nothing but the tracking store itself is shared."""
    copy = tmp_path / "second"
    shutil.copytree(made.root, copy)
    Tracker(where(made.root))  # the database exists, as on a server
    stores = [made.root / "results", made.root / "results", copy / "results"]
    uri = where(made.root).track.uri
    code = "import sys; from mirage.track import main; sys.exit(main(sys.argv[1:]))"
    started = [
        subprocess.Popen([sys.executable, "-c", code, "--store", str(store), "--uri", uri])
        for store in stores
    ]
    assert [process.wait() for process in started] == [0, 0, 0]
    assert_whole(made)
    assert missing(Where(copy / "results", where(made.root).track), None) == []


def test_a_model_of_two_studies_has_a_run_in_each_and_one_version(made: Made) -> None:
    again = copy_report(made, "second")
    assert replay(where(made.root), None, ignore) == 8
    tracker = Tracker(where(made.root))
    for study in ("toy", again):
        runs = tracker.find(study=study, stage="model")
        assert sorted(names(runs)) == ["base-s0", "mirage-s0", "textual_sft-s0"]
        assert all(run.data.metrics["loss"] == 3.0 / 40 for run in runs)
    assert len(tracker.client.search_model_versions("name = 'mirage-s0'")) == 1


def copy_report(made: Made, study: str, started: float = 1.7e9) -> str:
    """Adds a report of the same models to a store."""
    target = made.report.with_name(f"{study}-{started:.0f}")
    shutil.copytree(made.report, target)
    manifest = json.loads((target / "manifest.json").read_text())
    manifest["settings"]["study"]["name"] = study
    manifest["timing"]["started"] = started
    manifest["id"] = f"{study} {started}"
    (target / "manifest.json").write_text(json.dumps(manifest))
    return study


def test_a_new_edition_of_a_study_fills_its_run_and_an_older_one_does_not(made: Made) -> None:
    replay(where(made.root), None, ignore)
    copy_report(made, "toy", 1.8e9)
    assert replay(where(made.root), None, ignore) == 1
    copy_report(made, "toy", 1.6e9)
    assert replay(where(made.root), None, ignore) == 0
    (run,) = Tracker(where(made.root)).find(stage="study")
    assert run.data.tags["mirage.artifact"] == "toy 1800000000.0"
    uploads = where(made.root).uploads
    assert uploads
    editions = {path.name for path in uploads.glob(f"{run.info.run_id}/artifacts/report/*")}
    assert editions == {made.report.name, "toy-1800000000"}
    assert_whole(made)


def test_models_are_shown_before_their_study_is_finished(made: Made) -> None:
    """As at the end of a run that failed: what is planned says where they belong."""
    store = made.root / "results"
    report = json.loads((made.report / "manifest.json").read_text())
    plan_of(store, report)
    shutil.move(made.report, made.root / "report")
    hidden = [shutil.move(path, made.root / path.name) for path in store.glob("score/oracle-base*")]
    assert len(hidden) == 1
    assert replay(where(made.root), None, ignore) == 3
    tracker = Tracker(where(made.root))
    running = [run for run in tracker.find(study="toy") if run.info.status == "RUNNING"]
    assert sorted(names(running)) == ["base-s0", "toy"]
    assert replay(where(made.root), None, ignore) == 0
    shutil.move(hidden[0], store / "score" / Path(hidden[0]).name)
    shutil.move(made.root / "report", made.report)
    assert replay(where(made.root), None, ignore) == 2
    assert_whole(made)


def plan_of(store: Path, report: dict[str, Any]) -> None:
    """Freezes a plan that has the report alone."""
    keys = ("stage", "kind", "name", "id", "settings", "parents")
    job = Job(**{key: report[key] for key in keys})
    plan = assemble(
        study="toy", store=str(store), jobs=[job], resources={}, environments={}, track={}
    )
    freeze(plan, lambda job: {})


def test_runs_of_the_flat_layout_get_an_experiment_of_their_own(made: Made) -> None:
    first = MlflowClient(where(made.root).track.uri)
    old = first.create_experiment(
        "mirage", artifact_location=str(made.root / "results/mlartifacts")
    )
    first.create_run(old, tags={"mirage.artifact": "0", "mirage.stage": "tune"})
    with pytest.raises(DataError, match="no finished study"):
        rebuild(where(made.root), "toy", made.root / "again", ignore)
    assert replay(where(made.root), None, ignore) == 4
    assert first.get_experiment(old).name == f"mirage, flat ({old})"
    assert len(first.search_runs([old])) == 1
    assert_whole(made)


def test_a_dead_server_is_one_line(pristine: Made, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--store", str(pristine.root / "results"), "--uri", f"http://127.0.0.1:{port}"]
    assert track.main(options) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.rstrip().endswith("replay later with: mirage track")


def test_a_server_that_dies_in_the_middle(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def die(self: Tracker, run: str, folder: Path) -> None:
        raise MlflowException("API request failed\nwith a long story")

    monkeypatch.setattr(client.Tracker, "log_folder", die)
    store = made.root / "results"
    assert track.main(["--store", str(store), "--uri", f"sqlite:///{store / 'mlflow.db'}"]) == 1
    captured = capsys.readouterr()
    assert "cannot be used (API request failed). Nothing is lost; replay" in captured.err
    assert captured.err.count("\n") == 1


def test_a_wrong_uri_names_the_ways_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert track.main(["--uri", "file:///tmp/runs"]) == 2
    assert "sqlite:///results/mlflow.db" in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--follow"]])
def test_a_folder_that_is_no_store_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    (tmp_path / "empty").mkdir()
    for name, sentence in (("empty", "is no store"), ("nowhere", "There is no store")):
        store = tmp_path / name
        options = ["--store", str(store), "--uri", f"sqlite:///{store / 'mlflow.db'}"]
        assert track.main([*options, *more]) == 2
        said = capsys.readouterr()
        assert sentence in said.err
        assert said.err.count("\n") == 1
        assert said.out == ""
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_only_what_a_study_is_made_of(made: Made) -> None:
    assert missing(where(made.root), "other") == []
    assert [family.study for family in missing(where(made.root), "toy")] == ["toy"]


def test_curves_can_be_watched_and_end_as_the_record_says(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model is unpublished, trains from one checkpoint to the next, and is published again."""
    store = made.root / "results"
    model = model_of(made, "mirage-s0")
    plan_of(store, json.loads((made.report / "manifest.json").read_text()))
    plan = load(plans(store)[-1])
    job = Job("tune", "recipe", "mirage-s0", model.tune.id, model.tune.settings, {})
    freeze(dataclasses.replace(plan, jobs={**plan.jobs, job.folder: job}), lambda job: {})
    manifest = store / model.folder / "manifest.json"
    hidden = manifest.rename(made.root / "manifest.json")
    rows = [{"step": s, "loss": 3.0 / s, "learning_rate": 1.0} for s in range(1, 41)]

    def checkpoint(attempt: str, steps: int) -> Path:
        path = store / f"work/{job.id}/{attempt}/recipe/checkpoint-{steps}/trainer_state.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"log_history": [*rows[:steps], {"train_runtime": 1.0}]}))
        return path

    seen: list[int] = []

    def pause(_: float) -> None:
        runs = Tracker(where(made.root)).find(model="mirage-s0")
        history = Tracker(where(made.root)).client.get_metric_history
        seen.append(len(history(runs[0].info.run_id, "loss")) if runs else 0)
        if len(seen) == 1:
            assert runs == []
            checkpoint("one", 10)
            checkpoint("one", 20).write_text("{")  # it is just being written
        elif len(seen) == 2:
            checkpoint("two", 10)  # the first was killed; a second one inherits its checkpoint
        elif len(seen) == 3:
            assert runs[0].info.status == "RUNNING"
            checkpoint("two", 40)
        else:
            hidden.rename(manifest)

    follow(where(made.root), None, 0.0, ignore, pause)
    assert seen == [0, 10, 10, 40]
    assert_whole(made)


def test_points_with_and_without_speed_are_followed(tmp_path: Path) -> None:
    state = tmp_path / "a_try/mirage/checkpoint-2/trainer_state.json"
    state.parent.mkdir(parents=True)
    first = {"step": 1, "loss": 3.0, "learning_rate": 0.1}
    second = {"step": 2, "loss": 2.0, "learning_rate": 0.1, "tokens_per_second": 9.0}
    state.write_text(json.dumps({"log_history": [first, second, {"step": 2, "fits": {}}]}))
    assert Tail({}, tmp_path).fresh() == {
        "loss": [(1, 3.0), (2, 2.0)],
        "learning_rate": [(1, 0.1), (2, 0.1)],
        "tokens_per_second": [(2, 9.0)],
    }


def test_following_makes_the_experiment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(there: Where) -> None:
        assert there.database
        lock = there.database.with_name(".track.lock").open("w")
        with lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        raise ConnectionError("seen")

    monkeypatch.setattr("mirage.track.follow.Tracker", opened)
    with pytest.raises(ConnectionError, match="seen"):
        follow(where(tmp_path), None, 0.0, ignore)


def test_a_database_from_elsewhere_is_not_filled(made: Made, tmp_path: Path) -> None:
    replay(where(made.root), None, ignore)
    moved = made.root.rename(tmp_path / "moved")
    manifest = next((moved / "results" / "report").glob("*/manifest.json"))
    manifest.write_text(manifest.read_text().replace('"id": "', '"id": "0'))
    with pytest.raises(DataError, match="made elsewhere"):
        replay(where(moved), None, ignore)
