"""The only module that talks to MLflow: few calls, each safe to repeat."""

from __future__ import annotations

import logging
import os
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mirage.contracts import DataError
from mirage.plan.schema.track import redacted
from mirage.track.experiment import open_experiment
from mirage.track.records import Curves
from mirage.track.settings import Where
from mirage.track.tracked_ids import HOLDS

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

THINGS_A_CALL, PARAMS_A_CALL = 1000, 100
"""MLflow's limits for one ``log_batch``."""

PARENT, MODEL_TAG = "mlflow.parentRunId", "mirage.model"

ANSWER_SECONDS = 3.0
AGAIN = 3
"""Times that something is tried again which a living server refused."""

T = TypeVar("T")


def check_reachable(uri: str) -> None:
    """Asks a server's port before MLflow is imported, which would retry for minutes.

    Raises:
        ConnectionError: Nobody answers.
    """
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), ANSWER_SECONDS).close()
    except OSError as dead:
        raise ConnectionError(f"track: no MLflow server at {redacted(uri)} ({dead}).") from None


DRIVERS = {
    "psycopg2": "psycopg2-binary",
    "psycopg": "'psycopg[binary]'",
    "MySQLdb": "mysqlclient",
}
"""Module of a database driver -> the package that has it, where these differ."""


class Tracker:
    """Runs of one experiment."""

    def __init__(self, where: Where, *, reading: bool = False) -> None:
        """Connects, and creates database and experiment where they do not exist.

        Args:
            where: The tracking store.
            reading: Leave all runs, also those of an earlier layout, as they are.

        Raises:
            ConnectionError: The store cannot be reached.
        """
        check_reachable(where.track.uri)
        self.where = where
        if where.database:
            where.database.resolve().parent.mkdir(parents=True, exist_ok=True)
            _commit_cheaply()
        import mlflow
        from mlflow.exceptions import MlflowException
        from requests import RequestException

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        self._entities: Any = mlflow.entities
        self._failures: tuple[type[Exception], ...] = (MlflowException, RequestException)
        uri = where.track.uri
        with self.reachable():
            self.client: Any = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
            place = where.uploads.as_uri() if where.uploads else None
            name = where.track.experiment
            self.experiment = self.persist(
                lambda: open_experiment(self.client, name, place, reading=reading)
            )

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """Gives every refusal inside one face.

        Raises:
            ConnectionError: MLflow refused, or stopped answering.
        """
        try:
            yield
        except self._failures as dead:
            why = self.where.without_password(_first_line(dead))
            raise ConnectionError(f"track: {self.where.shown} cannot be used ({why}).") from None
        except ModuleNotFoundError as missing:
            package = DRIVERS.get(str(missing.name), str(missing.name))
            raise ConnectionError(
                f"track: {self.where.shown} needs the driver {missing.name}, which is not "
                f"installed. Install it with: pip install {package}"
            ) from None

    def persist(self, work: Callable[[], T]) -> T:
        """Does something anew that was refused: another machine was doing the same on the server.

        Every step looks at what is there, so that it finds what the other one has made.

        Raises:
            ConnectionError: The server stopped answering.
        """
        for _ in range(AGAIN):
            try:
                return work()
            except self._failures:
                check_reachable(self.where.track.uri)
        return work()

    def check_place(self) -> None:
        """Checks that new files will lie beside the database.

        Raises:
            DataError: The database was made in another folder, where MLflow would put them.
        """
        uploads = self.where.uploads
        if uploads is None:
            return
        place = self.client.get_experiment(self.experiment).artifact_location
        if Path(urlsplit(place).path).resolve() != uploads:
            raise DataError(
                f"{self.where.database} was made elsewhere and keeps its files in {place}. Move it "
                "back, or remove it and mlartifacts beside it: mirage track brings all runs again."
            )

    def settle(self) -> None:
        """Moves what sqlite wrote ahead into the database: the one file then holds everything."""
        if self.where.database:
            connection = sqlite3.connect(self.where.database)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()

    def find(self, **tags: str) -> list[Any]:
        """Returns runs by tags, the one made last first; ``mirage__model`` is ``mirage.model``."""
        wanted = ((key.replace("__", "."), value) for key, value in tags.items())
        query = " and ".join(f"tags.`{key}` = '{value}'" for key, value in wanted)
        found: list[Any] = []
        page = None
        while page is None or page.token:
            page = self.client.search_runs(
                [self.experiment],
                query,
                max_results=1000,
                order_by=["attributes.end_time DESC"],
                page_token=page.token if page else None,
            )
            found += page
        return found

    def study(self, name: str, platform: str) -> Any | None:
        """Returns the run of a study on a platform; None where there is none."""
        return first(self.find(stage="study", study=name, platform=platform))

    def models(self, parent: str) -> dict[str, Any]:
        """Returns id of a model -> its run, of a study's models."""
        runs = self.find(**{PARENT: parent})
        ids = {run.data.tags[MODEL_TAG] for run in runs}
        return {m: first([r for r in runs if r.data.tags[MODEL_TAG] == m]) for m in ids}

    def open_study(self, name: str, platform: str, started: float | None) -> Any:
        """Returns the run of a study, made where it does not exist."""
        tags = {"stage": "study", "study": name, "platform": platform}
        return self.study(name, platform) or self._create(
            name, started, tags, lambda: self.study(name, platform)
        )

    def open_model(
        self, parent: str, name: str, tags: Mapping[str, str], started: float | None
    ) -> Any:
        """Makes the run of a model below its study's.

        Args:
            parent: Run of the study.
            name: Name of the model.
            tags: What it is searched by, ``mirage.model`` among them.
            started: Unix seconds; None for now.
        """
        tags = {**tags, PARENT: parent}
        return self._create(name, started, tags, lambda: self.models(parent).get(tags[MODEL_TAG]))

    def delete(self, run: str) -> None:
        """Deletes a run; MLflow keeps it in its bin."""
        self.client.delete_run(run)

    def _create(
        self,
        name: str,
        started: float | None,
        tags: Mapping[str, str],
        again: Callable[[], Any | None],
    ) -> Any:
        """Makes a run; of two that two machines make on a server at once, both keep the same."""
        moment = int(1000 * started) if started else None
        made = self.client.create_run(
            self.experiment, start_time=moment, run_name=name, tags=dict(tags)
        )
        kept = again() or made
        if kept.info.run_id != made.info.run_id:
            self.delete(made.info.run_id)
        return kept

    def reopen(self, run: Any) -> None:
        """Marks a run incomplete while it is filled."""
        if run.info.status != "RUNNING":
            self.client.update_run(run.info.run_id, status="RUNNING")

    def log_curves(self, run: str, curves: Curves) -> None:
        """Adds points of curves.

        The step is their time too: a point that is sent again after a kill is the very same point.
        """
        self._log(run, self._points(curves))

    def log_facts(
        self,
        run: Any,
        tags: Mapping[str, str],
        *,
        params: Mapping[str, str] | None = None,
        metrics: Mapping[str, float] | None = None,
        curves: Curves | None = None,
        made: float = 0.0,
    ) -> None:
        """Adds what a run is searched, compared and sorted by.

        Args:
            run: The run.
            tags: What it is searched by.
            params: Those that it has already stay as they are: MLflow changes none.
            metrics: Final numbers.
            curves: Name -> points.
            made: When the numbers were made, in seconds: of several the last are shown.
        """
        entities, moment = self._entities, int(1000 * made)
        finals = [
            entities.Metric(metric_name(name), value, moment, 0)
            for name, value in (metrics or {}).items()
        ]
        self._log(
            run.info.run_id,
            finals + self._points(curves or {}),
            [entities.Param(k, v) for k, v in (params or {}).items() if k not in run.data.params],
            [entities.RunTag(key, value) for key, value in tags.items()],
        )

    def log_datasets(self, run: str, datasets: Mapping[str, tuple[str, str]]) -> None:
        """Names what a run was made from.

        Args:
            run: The run.
            datasets: Artifact folder -> (digest of its files, what it was used for).
        """
        entities = self._entities
        inputs = [
            entities.DatasetInput(
                entities.Dataset(
                    name=Path(folder).name,
                    digest=digest,
                    source_type="mirage",
                    source=f'{{"folder": "{folder}"}}',
                ),
                [entities.InputTag("mlflow.data.context", use)],
            )
            for folder, (digest, use) in datasets.items()
        ]
        if inputs:
            self.client.log_inputs(run, inputs)

    def log_folder(self, run: str, folder: Path) -> None:
        """Uploads all files of a folder."""
        self.client.log_artifacts(run, str(folder))

    def register(self, run: str, name: str, tags: Mapping[str, str]) -> None:
        """Registers a model as a version that points at a run, once, whatever studies it is in."""
        if not self.client.search_registered_models(f"name = '{name}'", max_results=1):
            self.client.create_registered_model(name)
        known = self.client.search_model_versions(f"name = '{name}'")
        if not any(version.tags.get(MODEL_TAG) == tags[MODEL_TAG] for version in known):
            made = self.client.create_model_version(
                name, f"runs:/{run}/model", run_id=run, tags=dict(tags)
            )
            # Numbers grow: of two that are made at once, the later one finds the earlier.
            known = self.client.search_model_versions(f"name = '{name}'")
            same = [v for v in known if v.tags.get(MODEL_TAG) == tags[MODEL_TAG]]
            if any(int(version.version) < int(made.version) for version in same):
                self.client.delete_model_version(name, made.version)

    def close_run(self, run: str, ended: float) -> None:
        """Marks a run complete."""
        self.client.set_terminated(run, "FINISHED", int(1000 * ended) or None)

    def keep_view(self, tags: Mapping[str, str]) -> None:
        """Keeps a view of runs that links can name."""
        for key, value in tags.items():
            self.client.set_experiment_tag(self.experiment, key, value)

    def mark(self, run: str, made: float, digest: str) -> None:
        """Says what a run holds, when all of it is there: from now on a replay leaves it alone."""
        self.client.set_tag(run, HOLDS, f"{made} {digest}")

    def download(self, run: str, path: str, target: Path) -> Path:
        """Fetches a file or folder of a run.

        Raises:
            DataError: The run does not have it.
        """
        local = self._local(run)
        if local is not None:
            if not (local / path).exists():
                raise DataError(
                    f"{local / path} does not exist: it was lost, or track.content was false when "
                    "it should have been brought. Then only the store itself can be reported."
                )
            return local / path
        try:
            return Path(self.client.download_artifacts(run, path, str(target)))
        except self._failures as broken:
            raise DataError(
                f"run {run} in {self.where.shown} has no {path} ({_first_line(broken)}). "
                "Track the artifacts again with: mirage track"
            ) from None

    def _local(self, run: str) -> Path | None:
        """Where a sqlite store keeps a run's files, also when both were moved elsewhere."""
        uploads = self.where.uploads
        return uploads / run / "artifacts" if uploads else None

    def _points(self, curves: Curves) -> list[Any]:
        return [
            self._entities.Metric(metric_name(name), value, step, step)
            for name, points in curves.items()
            for step, value in points
        ]

    def _log(
        self,
        run: str,
        metrics: Sequence[Any],
        params: Sequence[Any] = (),
        tags: Sequence[Any] = (),
    ) -> None:
        """Sends as much in one call as MLflow takes: a thousand things, a hundred params."""
        for at in range(PARAMS_A_CALL, len(params), PARAMS_A_CALL):
            self.client.log_batch(run, params=params[at : at + PARAMS_A_CALL])
        first = min(len(metrics), THINGS_A_CALL - PARAMS_A_CALL - len(tags))
        self.client.log_batch(run, metrics[:first], params[:PARAMS_A_CALL], tags)
        for at in range(first, len(metrics), THINGS_A_CALL):
            self.client.log_batch(run, metrics=metrics[at : at + THINGS_A_CALL])


def metric_name(text: str) -> str:
    """Returns a name that MLflow takes."""
    return re.sub(r"[^\w.\- /]", "_", text)


def first(runs: Sequence[Any]) -> Any | None:
    """Returns the run that all machines take; a race between them leaves several for the same."""
    return min(runs, key=lambda run: str(run.info.run_id), default=None)


def _commit_cheaply() -> None:
    """Lets sqlite write ahead and wait for the disk only at checkpoints.

    A new schema then takes one second instead of six, a run a quarter of its time, and the user
    interface can read meanwhile. After a power cut the last runs may be missing, never half there:
    the next replay brings them.
    """
    import sqlalchemy

    @sqlalchemy.event.listens_for(sqlalchemy.engine.Engine, "connect")
    def _(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0][:200]
