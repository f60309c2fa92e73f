"""A base that is asked in another way has a run of its own, beside that of the base."""

from __future__ import annotations

from pathlib import Path

import pytest
from track_store import Made, ignore, make_store, model_of, names, where

from mirage.track.client import Tracker
from mirage.track.rebuild import rebuild
from mirage.track.replay import replay


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("asked")
    recipes = ("base", "mirage", "vlguard_p")
    made = Made(root, root / "results" / make_store(root / "results", recipes, asked=["vlguard_p"]))
    assert replay(where(root), None, ignore) == 4
    return made


def test_it_is_tracked_once_and_not_taken_for_its_base(told: Made) -> None:
    tracker = Tracker(where(told.root))
    runs = {run.info.run_name: run for run in tracker.find(stage="model")}
    assert sorted(runs) == ["base-s0", "mirage-s0", "vlguard_p-s0"]
    asked, base = runs["vlguard_p-s0"].data, runs["base-s0"].data
    assert asked.params["mode.mode"] == "suffix"
    assert "mode.mode" not in base.params
    assert asked.metrics["asr_hard"] != base.metrics["asr_hard"]
    # It has no training: the weights, their curve and their minutes are in the base's run.
    assert "loss" in base.metrics
    assert not {"loss", "training_minutes"} & asked.metrics.keys()
    assert not [key for key in asked.params if key.startswith(("tune.", "recipe.", "data."))]
    assert replay(where(told.root), None, ignore) == 0, "all is there already"


def test_weights_are_registered_for_the_base_alone(told: Made) -> None:
    uploads = where(told.root).uploads
    assert [path.parent.name for path in uploads.rglob("weights.txt")] == ["model"] * 2
    model = model_of(told, "vlguard_p-s0")
    assert model.folder == model_of(told, "base-s0").folder
    assert model.id == model.asked != model_of(told, "base-s0").id
    assert names(Tracker(where(told.root)).find(recipe="vlguard_p")) == ["vlguard_p-s0"]


def test_the_report_is_rebuilt_with_it(told: Made, tmp_path: Path) -> None:
    again = rebuild(where(told.root), None, tmp_path / "again", ignore)
    for path in (told.report / "tables").glob("*.csv"):
        assert (again / "tables" / path.name).read_bytes() == path.read_bytes(), path.name
