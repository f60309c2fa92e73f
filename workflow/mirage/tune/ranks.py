"""The DeepSpeed path: one tune job on several processes that torchrun starts."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.files import canonical, write_atomic
from mirage.final_error import FinalError
from mirage.parent_process import announce_parent, die_with_parent
from mirage.tune.launcher import LAST_WORDS, check_launch, run_ranks
from mirage.tune.perform import perform
from mirage.tune.task import Task

TASK = "task.json"
SAID = "error."
"""How the file begins that holds the sentence of a rank, before the rank's number."""


def launch(task: Task) -> None:
    """Starts the ranks of a task and waits for them.

    The communication op that DeepSpeed compiles at first use (about a minute, with g++ and ninja)
    is kept in a folder of the environment, so that it is built once.

    Raises:
        ConfigError: DeepSpeed is not installed here, or something else has started ranks already.
        FinalError: A rank ended with one.
        DataError: A rank failed: with its own sentence, if it had one.
    """
    if importlib.util.find_spec("deepspeed") is None:
        raise ConfigError(
            f"tune.engine=deepspeed needs the package deepspeed, which {sys.executable} lacks. "
            'Install it with: make dev; or train without: --config hydra="tune.engine=trainer"'
        )
    how = task.settings["tune"]
    check_launch(how["ranks"])
    work = Path(task.work)
    path = work / TASK
    for old in work.glob(f"{SAID}*"):
        old.unlink()
    path.write_text(json.dumps(asdict(task)), encoding="utf-8")
    announce_parent()
    environment = os.environ | {
        "TORCH_EXTENSIONS_DIR": os.environ.get(
            "TORCH_EXTENSIONS_DIR", str(Path(sys.prefix) / "torch_extensions")
        ),
        # DeepSpeed's way to call torch would fill the log, several lines for every layer and step.
        "PYTHONWARNINGS": "ignore::FutureWarning:torch.distributed.c10d_logger",
        "OMP_NUM_THREADS": str(task.settings["threads"]),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    how_many = [f"--nproc-per-node={how['ranks']}", f"--shutdown-timeout={LAST_WORDS}"]
    status = run_ranks([*torchrun, *how_many, "-m", __name__, str(path)], environment)
    if status:
        raise _said(work) or DataError(
            f"training on {how['ranks']} ranks in {task.work} ended with status {status}: one of "
            "them failed, or said nothing until the others gave it up. Their own words stand "
            "above. From the last checkpoint it goes on with: snakemake"
        )


def main(path: str) -> None:
    """What every rank runs: the task, written by rank 0 alone.

    A sentence of its own is left in a file: what torchrun prints of a failed rank would hide it.
    """
    die_with_parent()
    task = Task(**json.loads(Path(path).read_text(encoding="utf-8")))
    number = os.environ["RANK"]
    first = number == "0"
    try:
        perform(task, _say if first else _keep_quiet, first=first)
    except (ConfigError, DataError) as wrong:
        said = {"error": str(wrong), "final": isinstance(wrong, FinalError)}
        write_atomic(Path(task.work) / f"{SAID}{number}", canonical(said))
        sys.exit(1)


def leave(status: Any) -> None:
    """Ends this process at once, without Python's own way down.

    The threads of torch's groups may still run then, destroyed groups or not, and end the process
    with SIGABRT: a rank that has done its work would have failed (pytorch/pytorch issue 190489).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _said(work: Path) -> FinalError | DataError | None:
    """Returns what the first rank said that ended with a sentence."""
    files = sorted(work.glob(f"{SAID}*"), key=lambda path: path.stat().st_mtime_ns)
    if not files:
        return None
    said = json.loads(files[0].read_text(encoding="utf-8"))
    return (FinalError if said["final"] else DataError)(said["error"])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _keep_quiet(_: str) -> None:
    return


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except SystemExit as ended:  # with a sentence that is in its file, or asked to stop
        leave(ended.code)
    leave(0)
