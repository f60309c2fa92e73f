"""What runs look like: what a person sorts, compares and opens."""

from __future__ import annotations

import json
import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pytest
from track_store import Made, ignore, make_store, model_of, names, where

from mirage.contracts import DataError
from mirage.score.rate_table import RateFile
from mirage.track.client import Tracker
from mirage.track.content import PICTURES, stage_model, stage_study, weights_hash
from mirage.track.curves import one_chart
from mirage.track.facts import text
from mirage.track.family import families
from mirage.track.replay import replay
from mirage.track.show import show
from synthetic_study import Study, study


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
    assert "| Base |" in note, "as the report calls it"
    links = re.findall(r"\(#([^)]*)\)", note + model.data.tags["mlflow.note.content"])
    assert any("/report.html" in link for link in links)
    assert all("?workflowType=machine_learning" in link for link in links)


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


def test_without_content_no_text_and_no_picture_leaves(made: Made) -> None:
    replay(where(made.root, content=False), None, ignore)
    uploads = where(made.root).uploads
    assert uploads
    files = {p.name for p in uploads.rglob("*") if p.is_file()}
    assert "responses.jsonl" not in files
    assert not [n for n in files if n.endswith((".zip", ".html")) or "gallery" in n]
    assert "fig4.pdf" in files and "report.pdf" not in files
    assert len([*uploads.rglob("samples/*.jsonl")]) > 3
    for path in uploads.rglob("samples/*.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        assert {row["question"] for row in rows} == {""}
        assert {name for row in rows for name in row["images"]} <= {"hidden"}


def test_without_content_nothing_is_staged_that_shows_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "zanzibar"

    def told() -> Study:
        plain = study(pairs=6, items=1)
        answers = {
            name: [replace(row, text=f"{secret} {row.text}") for row in rows]
            for name, rows in plain.responses.items()
        }
        asked = [replace(each, question=f"{each.question} {secret}") for each in plain.samples]
        return replace(plain, samples=asked, responses=answers)

    monkeypatch.setattr("track_store.study", lambda **_: told())
    make_store(tmp_path / "store", ("base", "mirage", "mirage_twins"))
    (family,) = families(tmp_path / "store", None)
    assert family.report
    for content in (True, False):
        out = tmp_path / str(content)
        out.mkdir()
        stage_study(family, family.report, [], content, out)
        for model in family.models.values():
            stage_model(model, content, out)
        files = [path for path in out.rglob("*") if path.is_file()]
        holding = [path for path in files if secret in path.read_text("utf-8", "ignore")]
        # Letters in a figure are drawn: by its bytes nobody finds them.
        showing = [path for path in files if path.stem in ("example", "gallery")]
        pages = [path for path in files if path.name in ("report.html", "report.pdf")]
        assert bool(holding) == bool(pages) == content
        assert len(showing) == (6 if content else 0), showing
        assert [path for path in files if path.stem == "fig4"]


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
