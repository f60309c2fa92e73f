"""Runs that two machines made for the same at the same moment: all keep one, and the others go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirage.track.client import MODEL_TAG, PARENT, first

if TYPE_CHECKING:
    from mirage.track.client import Tracker


def drop_doubles(tracker: Tracker, study: str, platform: str) -> None:
    """Deletes the runs of a study and of its models that are there twice.

    Called at the end of a replay: who comes last sees all, whatever the others saw when they made
    theirs.

    Args:
        tracker: The tracking store.
        study: Name of the study.
        platform: As its run is tagged.
    """
    studies = tracker.find(stage="study", study=study, platform=platform)
    kept = first(studies)
    if kept is None:
        return
    others = [run for run in studies if run is not kept]
    models = [run for each in [kept, *others] for run in _models(tracker, each)]
    firsts = tracker.models(kept.info.run_id)
    for run in models:
        instead = firsts.get(run.data.tags[MODEL_TAG])
        if instead is None or run.info.run_id != instead.info.run_id:
            _delete(tracker, run.info.run_id, instead)
    for run in others:
        tracker.delete(run.info.run_id)


def _models(tracker: Tracker, study: Any) -> list[Any]:
    return tracker.find(**{PARENT: study.info.run_id})


def _delete(tracker: Tracker, run: str, instead: Any | None) -> None:
    """Deletes a model's run; versions of the model that point at it point at another one."""
    for version in tracker.client.search_model_versions(f"run_id = '{run}'"):
        tracker.client.delete_model_version(version.name, version.version)
        if instead is not None:
            tracker.register(instead.info.run_id, version.name, version.tags)
    tracker.delete(run)
