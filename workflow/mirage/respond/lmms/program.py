"""One run of lmms-eval: its command line, its surroundings, and the two files that it leaves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirage.context import ConfigError
from mirage.contracts import DataError

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}
TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
"""Keys that nothing offline needs; lmms-eval would hand one to its uploader."""
SHOWN = 15
"""Lines of its log that an error repeats."""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Files:
    """What one run leaves.

    Attributes:
        results: The JSON file of aggregated scores and versions.
        samples: JSON lines, one for each item.
    """

    results: Path
    samples: Path


def command(model: Path, harness: Mapping[str, Any]) -> list[str]:
    """Returns the command line for one task, without ``--output_path``.

    Args:
        model: The model's folder.
        harness: Settings of the suite, with the class of lmms-eval that opens the folder.

    Raises:
        ConfigError: An argument that lmms-eval's ``key=value,key=value`` cannot hold.
    """
    arguments = {"pretrained": model, **harness["arguments"]}
    texts = {key: str(value) for key, value in arguments.items()}
    for key, text in texts.items():
        if "," in text or "=" in text:
            raise ConfigError(
                f"lmms-eval cannot be given {key}={text}: commas and equal signs separate its "
                "arguments. Choose a folder or a value without them."
            )
    words = [sys.executable, "-m", "lmms_eval", "--model", harness["model"]]
    words += ["--model_args", ",".join(f"{key}={text}" for key, text in texts.items())]
    words += ["--tasks", harness["task"], "--batch_size", str(harness["batch_size"])]
    # Some tasks guess where they find no letter: one thread guesses in the order of the items.
    words += ["--process_docs_parallel", "1", "--log_samples"]
    limit = harness.get("limit")
    return words + (["--limit", str(limit)] if limit else [])


def evaluate(words: list[str], task: str, folder: Path) -> Files:
    """Runs lmms-eval on one task; what it says goes to ``lmms_eval.log`` in the folder.

    Args:
        words: Its command line.
        task: The task's name.
        folder: An empty folder for its files.

    Raises:
        DataError: It failed; it ends with success then as well, so its files are what counts.
    """
    log = folder / "lmms_eval.log"
    run([*words, "--output_path", str(folder)], log)
    results = sorted(folder.rglob("*_results.json"))
    samples = sorted(folder.rglob(f"*_samples_{task}.jsonl"))
    if len(results) != 1 or len(samples) != 1:
        raise DataError(
            f"lmms-eval left {len(results)} results and {len(samples)} files of samples of "
            f"{task} where one of each is due. {tail(log)}"
        )
    return Files(results[0], samples[0])


def run(words: list[str], log: Path) -> None:
    """Runs a command offline; its words and all that it says are appended to a log.

    Raises:
        DataError: It ended with an error.
    """
    inherited = {key: value for key, value in os.environ.items() if key not in TOKENS}
    with log.open("ab") as said:
        said.write((" ".join(words) + "\n").encode("utf-8", "surrogateescape"))
        said.flush()
        ended = subprocess.run(
            words, stdout=said, stderr=subprocess.STDOUT, env=inherited | OFFLINE, check=False
        )
    if ended.returncode:
        raise DataError(f"lmms-eval ended with status {ended.returncode}. {tail(log)}")


def tail(log: Path) -> str:
    """Returns the end of a log for an error, and what most often helps."""
    text = COLOURS.sub("", log.read_text(encoding="utf-8", errors="replace"))
    lines = text.splitlines()[-SHOWN:]
    return (
        "Are its data in the cache (docs/general_benchmarks.md)? It says, in "
        f"{log}:\n" + "\n".join(lines)
    )
