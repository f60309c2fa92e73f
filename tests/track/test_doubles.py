"""What a race between two machines leaves on a server: runs that are there twice."""

from __future__ import annotations

from typing import Any

from track_store import Made, ignore, names, where

from mirage.track.client import MODEL_TAG, PARENT, Tracker
from mirage.track.doubles import drop_doubles
from mirage.track.replay import replay


def again(tracker: Tracker, run: Any, **other: str) -> str:
    """Makes a run once more, as a machine does that has not seen the first."""
    tags = {key: run.data.tags[key] for key in run.data.tags if not key.startswith("mlflow.")}
    parent = {PARENT: run.data.tags[PARENT]} if PARENT in run.data.tags else {}
    name = str(run.info.run_name)
    made = tracker.client.create_run(
        tracker.experiment, run_name=name, tags={**tags, **parent, **other}
    )
    return str(made.info.run_id)


def test_one_run_of_each_stays_and_versions_point_at_it(made: Made) -> None:
    replay(where(made.root), None, ignore)
    tracker = Tracker(where(made.root))
    (study,) = tracker.find(stage="study")
    (model,) = tracker.find(model="mirage-s0")
    for _ in range(3):  # which of them stays, their random ids decide
        again(tracker, model)
        again(tracker, model, **{PARENT: again(tracker, study)})
    assert len(tracker.find(study="toy")) == 4 + 9
    drop_doubles(tracker, "toy", study.data.tags["platform"])
    left = tracker.find(study="toy", stage="study")
    assert len(left) == 1
    below = tracker.find(**{PARENT: left[0].info.run_id})
    assert len({run.data.tags[MODEL_TAG] for run in below}) == len(below)
    assert set(names(tracker.find(study="toy"))) >= {"toy", "mirage-s0"}
    runs = {run.info.run_id for run in below}
    versions = tracker.client.search_model_versions("name = 'mirage-s0'")
    assert len(versions) <= 1 and {version.run_id for version in versions} <= runs


def test_where_nothing_is_double_nothing_goes(made: Made) -> None:
    replay(where(made.root), None, ignore)
    tracker = Tracker(where(made.root))
    before = sorted(run.info.run_id for run in tracker.find(study="toy"))
    drop_doubles(tracker, "toy", tracker.find(stage="study")[0].data.tags["platform"])
    assert sorted(run.info.run_id for run in tracker.find(study="toy")) == before
    assert len(tracker.client.search_model_versions("name = 'mirage-s0'")) == 1
