"""Runs on a server with PostgreSQL behind it: two replays at once, and a server that is killed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import tracking_server
from track_store import ignore, make_store, names
from tracking_server import MlflowServer, Postgres

from mirage.plan.schema.track import Track
from mirage.track.client import PARENT, Tracker
from mirage.track.rebuild import rebuild
from mirage.track.replay import replay
from mirage.track.settings import Where
from mirage.track.tracked_ids import HOLDS

MODELS = ("base", "mirage", "textual_sft")
REPLAY = "import sys; from mirage.track import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    if tracking_server.programs() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    if find_spec("psycopg2") is None:
        pytest.skip("psycopg2 is not installed: pip install -r envs/server.txt")
    database = Postgres()
    made = MlflowServer(tmp_path_factory.mktemp("server"), database.uri)
    try:
        database.start()
        made.start()
        yield made
    finally:
        made.kill()
        database.stop()


@dataclass(frozen=True)
class Stores:
    """Two finished stores with equal contents, as on two machines; nothing is shared."""

    one: Path
    other: Path
    report: Path


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    root = tmp_path_factory.mktemp("stores")
    report = make_store(root / "one", MODELS)
    shutil.copytree(root / "one", root / "other")
    return Stores(root / "one", root / "other", root / "one" / report)


def there(server: MlflowServer, store: Path, experiment: str) -> Where:
    return Where(store, Track(uri=server.uri, experiment=experiment))


def start_replay(server: MlflowServer, store: Path, experiment: str) -> subprocess.Popen[str]:
    """In a process of its own, as people start it."""
    settings = store / "plan"
    settings.mkdir(exist_ok=True)
    code = REPLAY.replace(
        "from mirage.track import main",
        "from mirage.track import main, settings; plain = settings._yaml; "
        f"settings._yaml = lambda n: plain(n) | {{'experiment': {experiment!r}}}",
    )
    command = [sys.executable, "-c", code, "--store", str(store), "--uri", server.uri]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def contents(where: Where) -> dict[str, Any]:
    """All that a tracking store holds of the study: what can be lost, or be there twice."""
    tracker = Tracker(where, reading=True)
    runs = tracker.find(study="toy")
    history = tracker.client.get_metric_history
    versions = tracker.client.search_model_versions()
    named = {run.info.run_id: run.info.run_name for run in runs}
    return {
        "runs": sorted(names(runs)),
        "below": {run.info.run_name: named.get(run.data.tags.get(PARENT)) for run in runs},
        "holds": {run.info.run_name: run.data.tags.get(HOLDS) for run in runs},
        "status": {run.info.status for run in runs},
        "metrics": {
            run.info.run_name: {
                name: [(point.step, point.value) for point in history(run.info.run_id, name)]
                for name in sorted(run.data.metrics)
            }
            for run in runs
        },
        "params": {run.info.run_name: dict(run.data.params) for run in runs},
        "inputs": {run.info.run_name: len(run.inputs.dataset_inputs) for run in runs},
        "files": {run.info.run_name: files(tracker, run.info.run_id) for run in runs},
        "versions": sorted(each.name for each in versions),
    }


def files(tracker: Tracker, run: str, path: str = "") -> list[tuple[str, int]]:
    """Path and size of every file of a run."""
    found: list[tuple[str, int]] = []
    for each in tracker.client.list_artifacts(run, path or None):
        found += files(tracker, run, each.path) if each.is_dir else [(each.path, each.file_size)]
    return sorted(found)


@pytest.fixture(scope="module")
def expected(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one undisturbed replay leaves, in a database file."""
    root = tmp_path_factory.mktemp("alone")
    where = Where(stores.one, Track(uri=f"sqlite:///{root / 'mlflow.db'}"))
    assert replay(where, None, ignore) == 1 + len(MODELS)
    return contents(where)


def pages(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("manifest.json", "provenance.html")
    }


def test_two_replays_at_once_lose_and_double_nothing(
    server: MlflowServer, stores: Stores, expected: dict[str, Any], tmp_path: Path
) -> None:
    started = [start_replay(server, store, "twice") for store in (stores.one, stores.other)]
    said = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    where = there(server, stores.one, "twice")
    assert contents(where) == expected
    assert replay(where, None, ignore) == 0
    report = rebuild(where, "toy", tmp_path / "again", ignore)
    assert pages(report) == pages(stores.report)


def test_a_killed_server_comes_back_and_a_rerun_completes(
    server: MlflowServer, stores: Stores, expected: dict[str, Any]
) -> None:
    where = there(server, stores.one, "killed")
    process = start_replay(server, stores.one, "killed")
    tracker = None
    while tracker is None or len(tracker.find(stage="model")) < 2:
        assert process.poll() is None, process.communicate()[0]
        tracker = tracker or _opened(where)
        time.sleep(0.01)
    server.kill()
    said = process.communicate()[0]
    assert process.returncode == 1, said
    assert said.rstrip().endswith("Nothing is lost; replay later with: mirage track")
    assert said.count("\n") == 1, said
    server.start()
    process = start_replay(server, stores.one, "killed")
    assert process.wait() == 0, process.communicate()[0]
    held = contents(where)
    assert held | {"versions": []} == expected | {"versions": []}


def _opened(where: Where) -> Tracker | None:
    """The experiment, as soon as the replay has made it."""
    from mlflow import MlflowClient

    name = where.track.experiment
    client = MlflowClient(where.track.uri)
    return Tracker(where, reading=True) if client.get_experiment_by_name(name) else None
