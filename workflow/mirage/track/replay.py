"""Every finished artifact becomes a run, exactly once, however often this is called."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mirage.plan.artifact import Manifest
from mirage.track.content import holds_model, stage_files, weights_hash
from mirage.track.records import Record, content_digest, finished, of_study, read_record
from mirage.track.settings import Where
from mirage.track.tracked_ids import known_ids

if TYPE_CHECKING:
    from mirage.track.client import Tracker

USES = {"data": "training", "images": "pictures", "suites": "evaluation"}
"""Role of a parent -> what MLflow says the data set was used for."""


def replay(where: Where, study: str | None, say: Callable[[str], None]) -> int:
    """Brings all finished artifacts that are not there yet into MLflow.

    Args:
        where: Store and tracking store.
        study: Only what this study's reports are made of.
        say: Told what was done.

    Returns:
        The number of new runs.

    Raises:
        ConnectionError: The tracking store cannot be reached.
        DataError: A damaged artifact.
    """
    todo = missing(where, study)
    if not todo:
        say(f"track: nothing new for {where.shown}")
        return 0
    from mirage.track.client import Tracker

    with only_writer(where.store):
        tracker = Tracker(where)
        tracker.check_place()
        with tracker.reachable():
            new = [folder for folder, artifact in todo.items() if not tracker.complete(artifact)]
            for folder in new:
                bring(tracker, read_record(where.store, folder), where.track.content)
        tracker.settle()
    say(f"track: {len(new)} new runs in {where.shown}; look at them with: make ui")
    return len(new)


def missing(where: Where, study: str | None) -> dict[str, str]:
    """Returns folder -> id of artifacts that a sqlite store lacks, or of all for other stores."""
    todo = finished(where.store)
    if study is not None:
        wanted = of_study(where.store, todo, study)
        todo = {folder: artifact for folder, artifact in todo.items() if folder in wanted}
    known = known_ids(where.database, where.track.experiment) if where.database else set()
    return {folder: artifact for folder, artifact in todo.items() if artifact not in known}


def bring(tracker: Tracker, record: Record, content: bool) -> None:
    """Makes the run of one artifact; a run that a kill left half done is completed."""
    run = tracker.open_run(record)
    more: dict[str, str] = {}
    if record.manifest.stage == "report":
        more["mlflow.note.content"] = links(tracker, record)
    with tempfile.TemporaryDirectory() as scratch:
        stage_files(record, content, Path(scratch))
        tracker.log_folder(run, Path(scratch))
    tracker.log_facts(run, record, more)
    tracker.log_curves(run, record.curves)
    tracker.log_datasets(run, datasets(record))
    if holds_model(record):
        tags = {"mirage.artifact": record.id, "sha256": weights_hash(record)}
        tracker.register(run, record.manifest.name, tags)
    tracker.close_run(run, record.manifest.timing)


def datasets(record: Record) -> dict[str, tuple[str, str]]:
    """Returns parent folder -> (digest, use) of the data a run was made from."""
    return {
        folder: (content_digest(Manifest.read(record.store / folder)), use)
        for role, use in USES.items()
        for folder in record.parents(role)
    }


def links(tracker: Tracker, record: Record) -> str:
    """Returns Markdown that links a study's run with the runs of all it is made of."""
    lines = [f"Study `{record.tags().get('mirage.study', record.folder)}` is made of:", ""]
    roles = (
        ("models", "tune"),
        ("responses", "respond"),
        ("verdicts", "judge"),
        ("score", "score"),
    )
    for role, stage in roles:
        for folder in record.parents(role):
            artifact = Manifest.read(record.store / folder).id
            run = tracker.complete(artifact)
            lines.append(
                f"- {stage} [{Path(folder).name}](#/experiments/{tracker.experiment}/runs/{run})"
            )
    return "\n".join(lines)


@contextmanager
def only_writer(store: Path) -> Iterator[None]:
    """Keeps two replays of one store from making the same run twice."""
    (store / "work").mkdir(parents=True, exist_ok=True)
    with (store / "work" / "track.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
