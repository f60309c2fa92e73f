"""Every finished model and study gets its run, exactly once, however often this is called."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mirage.plan.artifact import Manifest
from mirage.plan.frozen_plan import load
from mirage.plan.plan_files import plans
from mirage.track import facts, tables
from mirage.track.content import content_digest, holds_model, stage_model, stage_study, weights_hash
from mirage.track.experiment import FIRST, METRICS, home, view, view_page
from mirage.track.family import Family, Key, ModelRun, families
from mirage.track.note import model_note, note
from mirage.track.settings import Where
from mirage.track.tracked_ids import HOLDS, brought, held

if TYPE_CHECKING:
    from mirage.track.client import Tracker

LOCK: Final = "work/track.lock"
USES: Final = {"data": "training", "images": "pictures", "suites": "evaluation"}
"""Role of a parent -> what MLflow says the data set was used for."""


def replay(where: Where, study: str | None, say: Callable[[str], None]) -> int:
    """Brings all that is finished and not there yet into MLflow.

    Args:
        where: Store and tracking store.
        study: Only this study.
        say: Told what was done.

    Returns:
        The number of runs that were made or completed.

    Raises:
        ConnectionError: The tracking store cannot be reached.
        DataError: A damaged artifact.
    """
    todo = missing(where, study)
    many = _bring_all(where, todo) if todo else 0
    if many:
        say(f"track: {many} runs brought to {where.shown}; look at them with: make ui")
    else:
        say(f"track: nothing new for {where.shown}")
    return many


def _bring_all(where: Where, todo: list[Family]) -> int:
    from mirage.track.client import Tracker

    with only_writer(where):
        tracker = Tracker(where)
        tracker.check_place()
        with tracker.reachable():
            content = where.track.content
            many = sum(tracker.persist(partial(bring, tracker, each, content)) for each in todo)
        tracker.settle()
    return many


def missing(where: Where, study: str | None) -> list[Family]:
    """Returns the studies of which a sqlite store lacks something, or all for other stores."""
    known = brought(where.database, where.track.experiment) if where.database else set()
    return [each for each in known_families(where, study) if each.digests - known]


def known_families(where: Where, study: str | None) -> list[Family]:
    """Returns the studies of a store, with what its last plan says of unfinished models.

    Raises:
        ConfigError: The plan cannot be read.
        DataError: A manifest cannot be read.
    """
    last = plans(where.store)[-1:]
    return families(where.store, load(last[0]) if last else None, study)


def bring(tracker: Tracker, family: Family, content: bool) -> int:
    """Makes the runs of a study and its models; what a kill left half done is completed.

    Returns:
        How many runs were made or completed.
    """
    from mirage.track.doubles import drop_doubles

    if not family.begun:
        return 0
    parent = open_study(tracker, family)
    there = tracker.models(parent.info.run_id)
    runs: dict[Key, str] = {family.key: str(parent.info.run_id)}
    many = 0
    for model in family.begun:
        run = there.get(model.id)
        if run is None or _lacks(run, model):
            run = run or open_model(tracker, runs[family.key], model)
            _bring_model(tracker, run, model, content)
            many += 1
        runs[model.key] = str(run.info.run_id)
    if family.report and _lacks(parent, family):
        _bring_study(tracker, parent, family, runs, content)
        many += 1
    drop_doubles(tracker, family.study, family.platform)
    return many


def open_study(tracker: Tracker, family: Family) -> Any:
    """Returns the run of a study: there already, or new."""
    started = [m.started or 0.0 for m in family.begun]
    return tracker.open_study(family.study, family.platform, min(filter(None, started), default=0))


def open_model(tracker: Tracker, parent: str, model: ModelRun) -> Any:
    """Makes the run of a model below its study's."""
    return tracker.open_model(parent, str(model.card["name"]), facts.tags(model), model.started)


def _lacks(run: Any, wanted: Family | ModelRun) -> bool:
    """Tells whether a run is to hold something else than it does, and nothing newer."""
    made, digest = held(run.data.tags.get(HOLDS, "0 nothing"))
    return digest != wanted.digest and made <= wanted.age


def _bring_model(tracker: Tracker, run: Any, model: ModelRun, content: bool) -> None:
    run_id = str(run.info.run_id)
    tracker.reopen(run)
    with tempfile.TemporaryDirectory() as scratch:
        stage_model(model, content, Path(scratch))
        tracker.log_folder(run_id, Path(scratch))
    parent = str(run.data.tags["mlflow.parentRunId"])
    more = {"mlflow.note.content": model_note(model.study, parent, home(tracker.experiment))}
    if model.score:
        more["mlflow.loggedArtifacts"] = tables.logged(tables.RATES)
    tracker.log_facts(
        run,
        facts.tags(model) | more,
        params=facts.params(model),
        metrics=facts.metrics(model),
        curves=facts.curves(model),
        made=model.age,
    )
    tracker.log_datasets(run_id, _datasets(model))
    if holds_model(model):
        tags = {"mirage.model": model.tune.id, "sha256": weights_hash(model)}
        tracker.register(run_id, model.tune.name, tags)
    if model.score:
        walls = (made.timing.get("wall", 0.0) for made in model.made.values())
        tracker.close_run(run_id, run.info.start_time / 1000 + sum(walls))
    tracker.mark(run_id, model.age, model.digest)


def _bring_study(
    tracker: Tracker, run: Any, family: Family, runs: dict[Key, str], content: bool
) -> None:
    assert family.report and family.made
    run_id = str(run.info.run_id)
    tracker.reopen(run)
    rows = tables.answers(family)
    with tempfile.TemporaryDirectory() as scratch:
        stage_study(family, family.report, rows, content, Path(scratch))
        tracker.log_folder(run_id, Path(scratch))
    below, names = f"tags.`mlflow.parentRunId` = '{run_id}'", tables.headlines(rows)
    tracker.keep_view(view(run_id, below, METRICS if FIRST in names else names))
    page = view_page(tracker.experiment, run_id)
    tags = {
        "mlflow.note.content": note(family, rows, runs, home(tracker.experiment), page),
        "mlflow.loggedArtifacts": tables.logged(tables.ANSWER),
        "mirage.artifact": family.made.id,
        **{k: str(v) for k, v in facts.provenance(family.made).items() if v not in (None, "")},
    }
    tracker.log_facts(run, tags)
    tracker.close_run(run_id, family.age + family.made.timing.get("wall", 0.0))
    tracker.mark(run_id, family.age, family.digest)


def _datasets(model: ModelRun) -> dict[str, tuple[str, str]]:
    """Returns parent folder -> (digest, use) of the data that a model was tuned and asked with."""
    return {
        folder: (content_digest(Manifest.read(model.store / folder)), use)
        for made in model.made.values()
        if made.stage in ("tune", "respond")
        for role, use in USES.items()
        for folder in made.parents.get(role, [])
    }


@contextmanager
def only_writer(where: Where) -> Iterator[None]:
    """Keeps two replays of one store, or into one file, from making the same run twice."""
    lock = where.database.with_name(".track.lock") if where.database else where.store / LOCK
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
