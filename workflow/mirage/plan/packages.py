"""Which pinned packages decide a job's numbers, and whether the installed ones are those.

An id holds these versions alone, not a whole list of an environment: one more package in
``envs/cpu.txt`` moves no id.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from mirage.context import ConfigError
from mirage.final_error import FinalError
from mirage.plan.absent import AbsentError
from mirage.plan.code_version import PACKAGE

ENVS = PACKAGE.parent.parent / "envs"
MODEL = ("torch", "transformers", "tokenizers", "numpy", "pillow")
NUMERIC = {"build": ("numpy", "pillow"), "tune": MODEL, "respond": MODEL, "score": ("numpy",)}
"""Stage -> packages that decide what it computes; engines and backends add their own."""


@cache
def pins(lists: tuple[str, ...], envs: Path = ENVS) -> dict[str, str]:
    """Returns package -> version, as some lists of ``envs/`` pin them.

    Args:
        lists: Names of files in ``envs/`` without ``.txt``.
        envs: Where they lie.

    Raises:
        ConfigError: No such list.
    """
    pinned: dict[str, str] = {}
    for name in lists:
        path = envs / f"{name}.txt"
        if not path.is_file():
            raise ConfigError(f"There is no list of packages {path}. See conf/site and envs/.")
        text = path.read_text(encoding="utf-8")
        for package, version in re.findall(r"^([\w.-]+)==([\w.!]+)", text, re.MULTILINE):
            pinned[package.lower()] = version
    return pinned


def numeric_packages(stage: str, lists: Iterable[str], more: Iterable[str] = ()) -> dict[str, str]:
    """Returns the pinned versions that belong into a job's id.

    Args:
        stage: The job's stage.
        lists: The lists of the job's environment.
        more: Further packages that the job computes with, e.g. ``deepspeed``.

    Raises:
        ConfigError: A list is missing, or none pins such a package.
    """
    wanted = [*NUMERIC.get(stage, ()), *more]
    lists = tuple(lists)
    pinned = pins(lists) if wanted else {}
    if missing := [name for name in wanted if name not in pinned]:
        files = " and ".join(f"envs/{name}.txt" for name in lists)
        raise ConfigError(
            f"{files} pins no {', '.join(missing)}, which decides what {stage} computes. Add it "
            "as name==version, or name another list in conf/site."
        )
    return {name: pinned[name] for name in wanted}


def check_present(names: Iterable[str], lists: Iterable[str]) -> None:
    """Checks that what a job needs beside the usual packages is there, for the plan: it is quick.

    Args:
        names: Packages that are imported under their own names, e.g. ``deepspeed``.
        lists: The lists of the environment, which is the one that plans.

    Raises:
        ConfigError: One is absent.
    """
    for name in names:
        if find_spec(name) is None:
            pinning = next((each for each in lists if name in pins((each,))), "")
            raise AbsentError(
                f"Jobs of this study compute with {name}, which {sys.executable} lacks. Install "
                f"it: {sys.executable} -m pip install -r envs/{pinning}.txt"
            )


def check_installed(pinned: Mapping[str, str]) -> None:
    """Compares what is installed with what a job was planned with.

    Raises:
        FinalError: A package is missing or has another version.
    """
    if not pinned:
        return
    from importlib import metadata  # 50 ms, which a job without packages need not spend

    for name, want in pinned.items():
        try:
            # What stands behind a plus names a build, as +cpu: the platform tells those apart.
            have = metadata.version(name).partition("+")[0]
        except metadata.PackageNotFoundError:
            have = "not installed"
        if have != want:
            raise FinalError(
                f"{name} is {have} here, and the plan is for {want} (envs/). "
                "Install it: make env, or with pip from the list in envs/ that pins it"
            )
