"""Each finished artifact is one run, whatever happens in between."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from track_store import Made, where

from mirage import track
from mirage.contracts import DataError
from mirage.plan.job import Job
from mirage.track import client
from mirage.track.client import Tracker
from mirage.track.content import PICTURES, stage_files, weights_hash
from mirage.track.follow import follow
from mirage.track.records import finished, flatten, points, read_record
from mirage.track.replay import missing, replay
from mirage.track.tracked_ids import known_ids


def ignore(_: str) -> None:
    pass


def test_every_artifact_is_one_run_and_the_study_links_them(tracked: Made, pristine: Made) -> None:
    tracker = Tracker(where(tracked.root))
    folders = finished(pristine.root / "results")
    assert sorted({f.split("/")[0] for f in folders}) == [
        "judge", "report", "respond", "score", "tune",
    ]  # fmt: skip
    for folder, artifact in folders.items():
        (run,) = tracker.find(artifact=artifact)
        assert run.info.status == "FINISHED"
        assert run.data.tags["mirage.folder"] == folder
        assert run.data.tags["mirage.commit"] == "c0ffee"
    (model,) = tracker.find(stage="tune", recipe="mirage")
    assert model.data.params["tune.steps"] == "3"
    assert model.data.metrics["final loss"] == 0.25
    curve = tracker.client.get_metric_history(model.info.run_id, "loss/mirage")
    assert [(p.step, p.value) for p in curve] == [(s, 3.0 / s) for s in range(1, 41)]
    (study,) = tracker.find(study="toy", stage="report")
    note = study.data.tags["mlflow.note.content"]
    assert note.count("/runs/") == 10
    assert model.info.run_id in note


def test_data_and_models_are_registered_with_hashes(tracked: Made, pristine: Made) -> None:
    tracker = Tracker(where(tracked.root))
    (version,) = tracker.client.search_model_versions("name = 'mirage-s0'")
    folder = next(f for f in finished(pristine.root / "results") if f.startswith("tune/mirage"))
    record = read_record(pristine.root / "results", folder)
    assert version.tags["sha256"] == record.manifest.files["model.safetensors"]["sha256"]
    assert version.tags["mirage.artifact"] == record.id
    (answers,) = tracker.find(stage="respond", name="mirage-s0")
    used = {(d.dataset.name[:-9], len(d.dataset.digest)) for d in answers.inputs.dataset_inputs}
    assert {("easy", 36), ("general", 36), ("images", 36)} <= used
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
    assert replay(where(made.root), None, ignore) == 14
    tracker = Tracker(where(made.root))
    (run,) = tracker.find(stage="tune", recipe="mirage")
    assert run.data.metrics["final loss"] == 0.25
    names = {version.name for version in tracker.client.search_model_versions()}
    assert "base-s0" in names and "mirage-s0" not in names


def test_a_rebuild_knows_where_a_user_s_pictures_lie(made: Made, tmp_path: Path) -> None:
    (suite,) = (made.root / "results/build").glob("hard-*")
    (suite / "pictures.json").write_text("{}")
    report = made.report.relative_to(made.root / "results").as_posix()
    for content in (True, False):
        (tmp_path / str(content)).mkdir()
        staged = tmp_path / str(content)
        stage_files(read_record(made.root / "results", report), content, staged)
        assert (staged / PICTURES).is_file() == content
    with zipfile.ZipFile(tmp_path / "True" / PICTURES) as archive:
        assert f"build/{suite.name}/pictures.json" in archive.namelist()


def test_weights_in_several_files_have_one_hash(made: Made) -> None:
    """As those of an imported model."""
    folder = next(f for f in finished(made.root / "results") if f.startswith("tune/mirage"))
    record = read_record(made.root / "results", folder)
    whole = record.manifest.files.pop("model.safetensors")
    for number in (1, 2):
        record.manifest.files[f"model-0000{number}-of-00002.safetensors"] = whole
    both = weights_hash(record)
    record.manifest.files["model-00002-of-00002.safetensors"] = whole | {"sha256": "0" * 64}
    assert len({both, weights_hash(record), whole["sha256"]}) == 3


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

    assert run()[0].startswith("track: 14 new runs")
    assert sorted(p.name for p in store.glob("mlflow.db*")) == ["mlflow.db"]
    told, imported = run()
    assert "nothing new" in told
    assert imported == "False"
    (store / "mlflow.db").unlink()
    assert run()[0].startswith("track: 14 new runs"), "a lost database must be filled again"


def test_killed_in_the_middle_then_replayed(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    class KilledError(BaseException):
        pass

    def die(self: Tracker, run: str, timing: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(client.Tracker, "close_run", die)
        with pytest.raises(KilledError):
            replay(where(made.root), None, ignore)
    assert known_ids(made.root / "results" / "mlflow.db", "mirage") == set()
    assert replay(where(made.root), None, ignore) == 14
    tracker = Tracker(where(made.root))
    folders = finished(made.root / "results")
    assert known_ids(made.root / "results" / "mlflow.db", "mirage") == set(folders.values())
    for artifact in folders.values():
        assert len(tracker.find(artifact=artifact)) == 1
    for run in tracker.find(stage="tune"):
        assert len(tracker.client.get_metric_history(run.info.run_id, "loss/mirage")) == 40
    assert len(tracker.client.search_model_versions("name = 'mirage-s0'")) == 1


def test_without_content_no_text_and_no_picture_leaves(made: Made) -> None:
    replay(where(made.root, content=False), None, ignore)
    uploads = where(made.root).uploads
    assert uploads
    names = {p.name for p in uploads.rglob("*") if p.is_file()}
    assert "responses.jsonl" not in names
    assert not [n for n in names if n.endswith((".zip", ".html", ".pdf")) or "gallery" in n]
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
    for name, text in (("empty", "is no store"), ("nowhere", "There is no store")):
        store = tmp_path / name
        options = ["--store", str(store), "--uri", f"sqlite:///{store / 'mlflow.db'}"]
        assert track.main([*options, *more]) == 2
        said = capsys.readouterr()
        assert text in said.err
        assert said.err.count("\n") == 1
        assert said.out == ""
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_only_what_a_study_is_made_of(made: Made) -> None:
    assert missing(where(made.root), "other") == {}
    assert len(missing(where(made.root), "toy")) == 14


def test_curves_can_be_watched_and_end_as_the_record_says(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model is unpublished, trains from one checkpoint to the next, and is published again."""
    store = made.root / "results"
    folder = next(f for f in finished(store) if f.startswith("tune/mirage"))
    record = read_record(store, folder)
    manifest = store / folder / "manifest.json"
    hidden = manifest.rename(made.root / "manifest.json")
    rows = [{"step": s, "loss": 3.0 / s, "learning_rate": 1.0} for s in range(1, 41)]
    settings = {"recipe": {"name": "mirage"}}
    job = Job("tune", "recipe", folder[5:].rpartition("-")[0], record.id, settings, {})

    def checkpoint(attempt: str, steps: int) -> Path:
        path = store / f"work/{record.id}/{attempt}/recipe/checkpoint-{steps}/trainer_state.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"log_history": [*rows[:steps], {"train_runtime": 1.0}]}))
        return path

    monkeypatch.setattr("mirage.track.follow._models", lambda *_: [job])
    seen: list[int] = []

    def pause(_: float) -> None:
        runs = Tracker(where(made.root)).find(artifact=record.id)
        history = Tracker(where(made.root)).client.get_metric_history
        seen.append(len(history(runs[0].info.run_id, "loss/mirage")) if runs else 0)
        if len(seen) == 1:
            checkpoint("one", 10)
            checkpoint("one", 20).write_text("{")  # it is just being written
        elif len(seen) == 2:
            checkpoint("two", 10)  # the first was killed; a second one inherits its checkpoint
        elif len(seen) == 3:
            checkpoint("two", 40)
        else:
            hidden.rename(manifest)

    follow(where(made.root), None, 0.0, ignore, pause)
    assert seen == [0, 10, 10, 40]
    tracker = Tracker(where(made.root))
    (run,) = tracker.find(artifact=record.id)
    assert run.info.status == "FINISHED"
    assert len(tracker.client.get_metric_history(run.info.run_id, "loss/mirage")) == 40


def test_lines_of_a_curve() -> None:
    lines = ['{"step": 1, "loss": 2, "phase": "a"}', '{"loss": 3}', "x", '{"step": 2, "loss": 1.5}']
    assert points("\n".join(lines)) == {"loss/a": [(1, 2.0)], "loss": [(2, 1.5)]}


def test_settings_as_parameters() -> None:
    assert flatten({"a": {"b": 1, "c": [1, "x"]}, "d": None, "e": "t", "f": "y" * 999}) == {
        "a.b": "1",
        "a.c": '[1, "x"]',
        "d": "null",
        "e": "t",
        "f": "y" * 500,
    }


def test_a_database_from_elsewhere_is_not_filled(made: Made, tmp_path: Path) -> None:
    replay(where(made.root), None, ignore)
    moved = made.root.rename(tmp_path / "moved")
    manifest = next((moved / "results" / "tune").glob("*/manifest.json"))
    manifest.write_text(manifest.read_text().replace('"id": "', '"id": "0'))
    with pytest.raises(DataError, match="made elsewhere"):
        replay(where(moved), None, ignore)
