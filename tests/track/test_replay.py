"""Each finished artifact is one run, whatever happens in between."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from track_store import Made, where

from mirage import track
from mirage.contracts import DataError
from mirage.plan.frozen_plan import assemble, freeze, load, plans
from mirage.plan.job import Job
from mirage.score.rate_table import RateFile
from mirage.track import client
from mirage.track.client import Tracker
from mirage.track.content import PICTURES, stage_study, weights_hash
from mirage.track.curves import one_chart
from mirage.track.facts import text
from mirage.track.family import ModelRun, families
from mirage.track.follow import follow
from mirage.track.rebuild import rebuild
from mirage.track.replay import missing, replay
from mirage.track.settings import Where
from mirage.track.show import show
from mirage.track.tracked_ids import brought


def ignore(_: str) -> None:
    pass


def model_of(made: Made, name: str) -> ModelRun:
    (family,) = families(made.root / "results", None)
    (model,) = (m for m in family.models.values() if m.card["name"] == name)
    return model


def names(runs: Iterable[Any]) -> list[str]:
    return [run.info.run_name for run in runs]


def test_a_run_per_study_and_below_it_a_run_per_model(tracked: Made) -> None:
    tracker = Tracker(where(tracked.root))
    (study,) = tracker.find(stage="study")
    assert study.info.run_name == "toy"
    models = tracker.find(**{"mlflow.parentRunId": study.info.run_id})
    assert sorted(names(models)) == ["base-s0", "mirage-s0", "textual_sft-s0"]
    assert sorted(names(tracker.find(study="toy"))) == sorted([*names(models), "toy"])
    for run in (study, *models):
        assert run.info.status == "FINISHED"
        assert run.data.tags["mirage.commit"] == "c0ffee"
    (model,) = tracker.find(stage="model", recipe="mirage", seed="0", base="mirage-s0")
    assert model.data.params["tune.steps"] == "3"
    assert model.data.params["recipe.labels"] == "cot"
    assert model.data.params["data.general"] == "1"
    curve = tracker.client.get_metric_history(model.info.run_id, "loss")
    assert [(p.step, p.value) for p in curve] == [(s, 3.0 / s) for s in range(1, 41)]
    note = study.data.tags["mlflow.note.content"]
    assert all(f"/runs/{run.info.run_id}" in note for run in models)
    assert "/report.html" in note


def test_models_sorted_by_j_are_the_answer_of_the_report(tracked: Made, pristine: Made) -> None:
    tracker = Tracker(where(tracked.root))
    wanted = {"filter_string": "tags.study = 'toy'", "order_by": ["metrics.j_hard DESC"]}
    runs = tracker.client.search_runs([tracker.experiment], **wanted)
    assert runs[-1].info.run_name == "toy", "the study has no J of its own"
    (scores,) = (pristine.root / "results/score").glob("toy-oracle-*")
    rates = RateFile(scores / "rates.parquet")
    reported = {
        (rate.model, rate.metric): rate.value
        for rate in rates
        if (rate.suite, rate.group_by) == ("hard", "all")
        and rate.corner
        in {"j": "pair", "asr": "hazard", "over_refusal": "twin_trigger"}.get(rate.metric, "-")
    }
    for run in runs[:-1]:
        name, shown = run.info.run_name, run.data.metrics
        for metric in ("j", "asr", "over_refusal"):
            assert shown[f"{metric}_hard"] == pytest.approx(reported[name, metric], abs=0.005)
        assert shown["j_hard"] == pytest.approx(
            100 - shown["asr_hard"] - shown["over_refusal_hard"], abs=0.02
        )
    order = [run.data.metrics["j_hard"] for run in runs[:-1]]
    assert order == sorted(order, reverse=True)
    assert order[0] > order[-1]
    kept = view_state(tracker, "models")
    assert (kept["orderByKey"], kept["orderByAsc"]) == ("metrics.`j_hard`", False)


def view_state(tracker: Tracker, name: str) -> dict[str, Any]:
    tags = tracker.client.get_experiment(tracker.experiment).tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    state: dict[str, Any] = json.loads(tags[f"mlflow.sharedViewState.{name}"])
    return state


def test_two_tuned_models_differ_in_what_was_chosen_alone(tracked: Made) -> None:
    tracker = Tracker(where(tracked.root))
    one, other = (tracker.find(model=name)[0] for name in ("mirage-s0", "textual_sft-s0"))
    mine, theirs = one.data.params, other.data.params
    assert mine.keys() == theirs.keys()
    assert {key for key in mine if mine[key] != theirs[key]} == {"recipe.name"}
    assert len(one.data.metrics) < 20
    assert {"loss", "skills"} <= one.data.metrics.keys() & other.data.metrics.keys()


def test_all_rates_of_a_model_and_the_answer_of_a_study_are_tables(tracked: Made) -> None:
    there = where(tracked.root)
    tracker = Tracker(there)
    uploads = there.uploads
    assert uploads
    for stage, name, size in (("study", "answer.json", 3), ("model", "rates.json", 20)):
        run = tracker.find(stage=stage)[0]
        logged = json.loads(run.data.tags["mlflow.loggedArtifacts"])
        assert logged == [{"path": name, "type": "table"}]
        table = pandas.read_json(uploads / run.info.run_id / "artifacts" / name, orient="split")
        assert len(table) >= size
        assert {"j_hard", "skills"} <= {*table} or {"metric", "value", "n", "low"} <= {*table}


def test_data_and_models_are_registered_with_hashes(tracked: Made, pristine: Made) -> None:
    tracker = Tracker(where(tracked.root))
    (version,) = tracker.client.search_model_versions("name = 'mirage-s0'")
    model = model_of(pristine, "mirage-s0")
    assert version.tags["sha256"] == weights_hash(model)
    assert version.tags["mirage.model"] == model.tune.id
    (run,) = tracker.find(model="mirage-s0")
    assert version.run_id == run.info.run_id
    used = {(d.dataset.name[:-9], len(d.dataset.digest)) for d in run.inputs.dataset_inputs}
    assert {("easy", 36), ("general", 36), ("images", 36), ("mirage-s0", 36)} <= used
    uploads = where(tracked.root).uploads
    assert uploads
    assert not [p for p in uploads.rglob("*") if p.suffix in (".pkl", ".safetensors", ".pt")]


def test_a_record_without_its_model_is_tracked_and_not_registered(made: Made) -> None:
    """As of a model whose answers are committed."""
    (path,) = (made.root / "results/tune").glob("mirage-s0-*/manifest.json")
    manifest = json.loads(path.read_text())
    for name in ("config.json", "model.safetensors"):
        del manifest["files"][name]
        (path.parent / name).unlink()
    path.write_text(json.dumps(manifest | {"kind": "record"}))
    assert replay(where(made.root), None, ignore) == 4
    tracker = Tracker(where(made.root))
    (run,) = tracker.find(stage="model", recipe="mirage")
    assert run.data.metrics["final loss"] == 0.25
    names = {version.name for version in tracker.client.search_model_versions()}
    assert "base-s0" in names and "mirage-s0" not in names


def test_a_rebuild_knows_where_a_user_s_pictures_lie(made: Made, tmp_path: Path) -> None:
    (suite,) = (made.root / "results/build").glob("hard-*")
    (suite / "pictures.json").write_text("{}")
    (family,) = families(made.root / "results", None)
    assert family.report
    for content in (True, False):
        (tmp_path / str(content)).mkdir()
        stage_study(family, family.report, [], content, tmp_path / str(content))
        assert (tmp_path / str(content) / PICTURES).is_file() == content
    with zipfile.ZipFile(tmp_path / "True" / PICTURES) as archive:
        assert f"build/{suite.name}/pictures.json" in archive.namelist()


def test_weights_in_several_files_have_one_hash(made: Made) -> None:
    """As those of an imported model."""
    model = model_of(made, "mirage-s0")
    files = model.made[model.folder].files
    whole = files.pop("model.safetensors")
    for number in (1, 2):
        files[f"model-0000{number}-of-00002.safetensors"] = whole
    both = weights_hash(model)
    files["model-00002-of-00002.safetensors"] = whole | {"sha256": "0" * 64}
    assert len({both, weights_hash(model), whole["sha256"]}) == 3


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


def test_without_content_no_text_and_no_picture_leaves(made: Made) -> None:
    replay(where(made.root, content=False), None, ignore)
    uploads = where(made.root).uploads
    assert uploads
    files = {p.name for p in uploads.rglob("*") if p.is_file()}
    assert "responses.jsonl" not in files
    assert not [n for n in files if n.endswith((".zip", ".html", ".pdf")) or "gallery" in n]
    assert len([*uploads.rglob("samples/*.jsonl")]) > 3
    for path in uploads.rglob("samples/*.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        assert {row["question"] for row in rows} == {""}
        assert {tuple(row["images"]) for row in rows} == {()}


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


def test_the_pages_open_where_the_models_are(
    tracked: Made,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    started: list[tuple[list[str], str]] = []
    monkeypatch.setattr(
        os,
        "execve",
        lambda _, words, there: started.append((words, there["MLFLOW_BACKEND_STORE_URI"])),
    )
    show(where(tracked.root), 5001, print)
    (said,) = capsys.readouterr().out.splitlines()
    page = "http://127.0.0.1:5001/#/experiments/1/runs?workflowType=machine_learning"
    assert said.endswith(f"{page}&viewStateShareKey=models")
    ((words, uri),) = started
    assert words[1:] == ["-m", "mlflow", "ui", "--port", "5001", "--workers", "1"]
    assert uri == where(tracked.root).track.uri
    with pytest.raises(DataError, match="mirage track"):
        show(where(tmp_path), 5001, ignore)
    assert not (tmp_path / "results").exists()


def test_phases_of_base_training_follow_one_another_in_one_chart() -> None:
    phases = [{"name": "vision", "steps": 150}, {"name": "joint", "steps": 1700}]
    points = {
        "loss/joint": [(10, 2.0)],
        "loss/vision": [(10, 4.0), (150, 3.0)],
        "fits/cot": [(5, 0.1)],
    }
    settings = {"model": {"base": {"phases": phases}}}
    assert one_chart(points, settings) == {
        "loss": [(10, 4.0), (150, 3.0), (160, 2.0)],
        "fits/cot": [(5, 0.1)],
    }
    assert one_chart({"loss/mirage": [(5, 1.0)]}, {"recipe": {}}) == {"loss": [(5, 1.0)]}
    assert one_chart(points, {}) == points, "nothing says in which order"


def test_settings_are_short_and_readable() -> None:
    assert [text(each) for each in (1, 0.001, 2.0, True, "cot", [], None)] == [
        "1", "0.001", "2", "True", "cot", "none", "none"
    ]  # fmt: skip
    assert text(["vision", "projector"]) == "vision + projector"
    assert len(text("y" * 999)) == 100


def test_a_database_from_elsewhere_is_not_filled(made: Made, tmp_path: Path) -> None:
    replay(where(made.root), None, ignore)
    moved = made.root.rename(tmp_path / "moved")
    manifest = next((moved / "results" / "report").glob("*/manifest.json"))
    manifest.write_text(manifest.read_text().replace('"id": "', '"id": "0'))
    with pytest.raises(DataError, match="made elsewhere"):
        replay(where(moved), None, ignore)
