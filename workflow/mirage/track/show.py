"""MLflow's pages on a store, and the address at which its models stand sorted."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from mirage.contracts import DataError
from mirage.track.client import Tracker
from mirage.track.experiment import ALL, view_page
from mirage.track.settings import Where

QUICK = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""One person looks at runs: further processes, for traces and jobs, only delay the first page."""


def show(where: Where, port: int, say: Callable[[str], None]) -> None:
    """Says where the models are, and serves the pages until ctrl-C, unless a server does.

    Args:
        where: The tracking store.
        port: Where to serve.
        say: Told the address.

    Raises:
        ConnectionError: The tracking store cannot be reached.
        DataError: Nothing was tracked there yet.
    """
    if where.database and not where.database.is_file():
        raise DataError(
            f"{where.database} does not exist. Make it with: snakemake, or mirage track"
        )
    page = view_page(Tracker(where, reading=True).experiment, ALL)
    served = where.track.uri.startswith("http")
    root = where.shown.rstrip("/") if served else f"http://127.0.0.1:{port}"
    say(f"All models, the highest J first: {root}/{page}")
    if not served:
        # The address may hold a password: in the environment no list of processes shows it.
        environment = os.environ | {"MLFLOW_BACKEND_STORE_URI": where.track.uri, **QUICK}
        command = [sys.executable, "-m", "mlflow", "ui", "--port", str(port), "--workers", "1"]
        os.execve(sys.executable, command, environment)
