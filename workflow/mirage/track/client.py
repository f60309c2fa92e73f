"""The only module that talks to MLflow: few calls, each safe to repeat."""

from __future__ import annotations

import logging
import os
import re
import socket
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mirage.contracts import DataError
from mirage.plan.schema.track import redacted
from mirage.track.records import Record
from mirage.track.settings import Where
from mirage.track.tracked_ids import TAG

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

METRICS_A_CALL, PARAMS_A_CALL = 1000, 100
"""MLflow's limits for one ``log_batch``."""

ANSWER_SECONDS = 3.0


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

    def __init__(self, where: Where) -> None:
        """Connects, and creates database and experiment where they do not exist.

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
            self.experiment = self._open_experiment(where.track.experiment)

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
        """Returns runs by tags (``artifact="..."`` is ``mirage.artifact``), the newest first."""
        query = " and ".join(f"tags.`mirage.{key}` = '{value}'" for key, value in tags.items())
        found: list[Any] = self.client.search_runs(
            [self.experiment], query, max_results=100, order_by=["attributes.start_time DESC"]
        )
        return found

    def complete(self, artifact: str) -> str | None:
        """Returns the id of the complete run of an artifact, or None."""
        runs = [r for r in self.find(artifact=artifact) if r.info.status == "FINISHED"]
        return str(runs[0].info.run_id) if runs else None

    def open_run(self, record: Record) -> str:
        """Returns the run of an artifact: one that a killed replay left open, or a new one."""
        for run in self.find(artifact=record.id):
            return str(run.info.run_id)
        return self.create_run(
            record.id, record.manifest.name, record.manifest.stage, record.manifest.timing
        )

    def create_run(
        self, artifact: str, name: str, stage: str, timing: Mapping[str, float] | None = None
    ) -> str:
        """Creates a run for an artifact."""
        started = int(1000 * timing["started"]) if timing and "started" in timing else None
        run = self.client.create_run(
            self.experiment, start_time=started, run_name=f"{stage} {name}", tags={TAG: artifact}
        )
        return str(run.info.run_id)

    def log_curves(self, run: str, curves: Mapping[str, Iterable[tuple[int, float]]]) -> None:
        """Adds points of curves.

        The step is their time too: a point that is sent again after a kill is the very same point.
        """
        self._log_metrics(
            run,
            [
                self._entities.Metric(metric_name(name), value, step, step)
                for name, points in curves.items()
                for step, value in points
            ],
        )

    def log_facts(self, run: str, record: Record, more: Mapping[str, str]) -> None:
        """Adds parameters, metrics and tags of an artifact."""
        params = [self._entities.Param(key, value) for key, value in record.params.items()]
        tags = [self._entities.RunTag(k, v) for k, v in {**record.tags(), **more}.items()]
        metrics = [
            self._entities.Metric(metric_name(name), value, 0, 0)
            for name, value in record.metrics.items()
        ]
        for at in range(PARAMS_A_CALL, len(params), PARAMS_A_CALL):
            self.client.log_batch(run, params=params[at : at + PARAMS_A_CALL])
        # Metrics, parameters and tags together may be at most a thousand in one call.
        room = METRICS_A_CALL - PARAMS_A_CALL - len(tags)
        first, rest = metrics[:room], metrics[room:]
        self.client.log_batch(run, metrics=first, params=params[:PARAMS_A_CALL], tags=tags)
        self._log_metrics(run, rest)

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
        """Registers a model version that points at a run, once."""
        if not self.client.search_registered_models(f"name = '{name}'", max_results=1):
            self.client.create_registered_model(name)
        if not self.client.search_model_versions(f"run_id = '{run}'", max_results=1):
            self.client.create_model_version(
                name, f"runs:/{run}/model", run_id=run, tags=dict(tags)
            )

    def close_run(self, run: str, timing: Mapping[str, float]) -> None:
        """Marks a run complete: from now on a replay leaves it alone."""
        end = timing.get("started", 0.0) + timing.get("wall", 0.0)
        self.client.set_terminated(run, "FINISHED", int(1000 * end) or None)

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

    def _log_metrics(self, run: str, metrics: list[Any]) -> None:
        for at in range(0, len(metrics), METRICS_A_CALL):
            self.client.log_batch(run, metrics=metrics[at : at + METRICS_A_CALL])

    def _open_experiment(self, name: str) -> str:
        found = self.client.get_experiment_by_name(name)
        if found:
            return str(found.experiment_id)
        uploads = self.where.uploads
        place = uploads.as_uri() if uploads else None
        return str(self.client.create_experiment(name, artifact_location=place))


def metric_name(text: str) -> str:
    """Returns a name that MLflow takes."""
    return re.sub(r"[^\w.\- /]", "_", text)


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
