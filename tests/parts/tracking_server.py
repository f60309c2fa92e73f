"""A PostgreSQL and an MLflow server that keeps its runs there, on this machine and for one test.

PostgreSQL refuses to run as root, so root starts it as Debian's user ``postgres``. It listens on a
socket in a folder of its own and on no port; the server on a free port of 127.0.0.1.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

DEBIAN = Path("/usr/lib/postgresql")
USER = "postgres"


def programs() -> Path | None:
    """Returns the folder of PostgreSQL's programs; Debian keeps them off the path."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(DEBIAN.glob("*/bin"), default=None)


@dataclass
class Postgres:
    """A database server.

    Attributes:
        folder: Its data, its socket and its log.
    """

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="mirage-postgres-")))
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """How MLflow's server names the database."""
        return f"postgresql://{self._user}@/postgres?host={self.folder}"

    def start(self) -> None:
        """Makes the database and starts its server.

        Raises:
            RuntimeError: It ended; its log is in the message.
        """
        if self._user == USER:
            shutil.chown(self.folder, USER, USER)
        data = str(self.folder / "data")
        made = ["initdb", "--pgdata", data, "--auth", "trust", "--no-sync", "--encoding", "UTF8"]
        self._run(made, subprocess.DEVNULL).wait()
        words = ["postgres", "-D", data, "-k", str(self.folder), "-c", "listen_addresses="]
        log = (self.folder / "log").open("wb")
        self.process = self._run(words, log)
        log.close()
        _until(self._ready, self.process, self.folder / "log")

    def stop(self) -> None:
        """Ends the server and removes its folder."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # at once, clients or not
            self.process.wait()
        shutil.rmtree(self.folder)

    @property
    def _user(self) -> str:
        return USER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def _ready(self) -> bool:
        return self._run(["pg_isready", "-h", str(self.folder)], subprocess.DEVNULL).wait() == 0

    def _run(self, words: list[str], out: object) -> subprocess.Popen[bytes]:
        folder = programs()
        assert folder
        as_user = {"user": USER, "group": USER, "extra_groups": []} if self._user == USER else {}
        return subprocess.Popen(
            [folder / words[0], *words[1:]],
            stdin=subprocess.DEVNULL,
            stdout=out,  # type: ignore[call-overload]
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            **as_user,
        )


@dataclass
class MlflowServer:
    """An MLflow server; after a kill it can be started again and finds what it had.

    Attributes:
        folder: Files of runs, and the log.
        database: Where it keeps runs.
        port: Of 127.0.0.1.
    """

    folder: Path
    database: str
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """How clients call it."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, with its workers, and waits until it answers.

        Raises:
            RuntimeError: It ended; its log is in the message.
        """
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        words = [
            "--backend-store-uri",
            self.database,
            "--artifacts-destination",
            self.folder / "files",
        ]
        words += ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "2"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
                start_new_session=True,
            )
        _until(self._answers, self.process, self.folder / "server.log")

    def kill(self) -> None:
        """Ends it and its workers as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.uri}/health") as page:
                return bool(page.status == 200)
        except (URLError, OSError):
            return False


def _until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended:\n{log.read_text()[-3000:]}")
        time.sleep(0.2)
