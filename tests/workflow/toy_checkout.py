"""A checkout in a temporary folder: the real plan, rules and profiles; stages that are toys.

A toy stage writes what its parents wrote and waits where a test told it to, so that a test can kill
a process at an exact place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from mirage.plan.code_version import PACKAGE
from mirage.plan.job import STAGES

ROOT = PACKAGE.parent.parent

TOY = """
import hashlib, json, os, time
from pathlib import Path

def held_at():
    try:  # the test may remove the file at any moment
        return Path(os.environ["TOY_HOLD"]).read_text()
    except FileNotFoundError:
        return ""

def wait_at(ctx, place):
    while held_at() == f"{ctx.job.stage}/{ctx.job.name} {place}":
        (Path(os.environ["TOY_HOLD"]).parent / "reached").write_text(str(os.getpid()))
        time.sleep(0.05)

def run(ctx):
    with ctx.work_clock():
        wait_at(ctx, "before")
        seen = [
            (folder / "text.txt").read_text()
            for role in sorted(ctx.job.parents) for folder in ctx.parents(role)
        ]
        text = hashlib.sha256(json.dumps([ctx.settings, seen], sort_keys=True).encode()).hexdigest()
        with (ctx.out / "text.txt").open("w") as file:
            file.write(text[:20])
            file.flush()
            wait_at(ctx, "while writing")
            file.write(text[20:])
        (ctx.out / "tables").mkdir(exist_ok=True)
        (ctx.out / "tables" / "threads.csv").write_text(os.environ["OMP_NUM_THREADS"])
        with (Path(os.environ["TOY_HOLD"]).parent / "runs").open("a") as file:
            file.write(f"{ctx.job.stage}/{ctx.job.name}\\n")
"""


@dataclass
class Checkout:
    """A checkout with toy stages."""

    root: Path
    study: str = "toy"
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        path = {"PYTHONPATH": str(self.root / "workflow"), "TOY_HOLD": str(self.root / "hold")}
        clean = {k: v for k, v in os.environ.items() if not k.startswith("MIRAGE_")}
        return clean | path | {"HOME": str(self.root / "home")}

    def start(self, *command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.root,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *command: str, fails: bool = False) -> str:
        process = self.start(*command)
        text, _ = process.communicate()
        assert (process.returncode != 0) == fails, text
        return text

    def snakemake(self, *options: str, fails: bool = False) -> str:
        return self.run("snakemake", "--config", f"study={self.study}", *options, fails=fails)

    def hold(self, job: str, place: str) -> None:
        (self.root / "reached").unlink(missing_ok=True)
        (self.root / "hold").write_text(f"{job} {place}")

    def go_on(self) -> None:
        (self.root / "hold").unlink(missing_ok=True)

    def reached(self) -> int:
        """Waits until a toy stage waits, and returns its process id."""
        return int(wait_for(self._reached))

    def _reached(self) -> str | None:
        ended = [process for process in self.started if process.poll() is not None]
        assert len(ended) < len(self.started), "the run ended before a job waited"
        return read_if_there(self.root / "reached")

    @property
    def runs(self) -> list[str]:
        """Jobs that ran to their end, in order."""
        return (read_if_there(self.root / "runs") or "").splitlines()

    def files(self) -> dict[str, bytes]:
        """Every file of every artifact but manifests and provenance: what must be equal."""
        store = self.root / "results"
        return {
            path.relative_to(store).as_posix(): path.read_bytes()
            for stage in STAGES
            for path in sorted((store / stage).rglob("*"))
            if path.is_file() and path.name not in ("manifest.json", "provenance.html")
        }


def read_if_there(path: Path) -> str | None:
    try:
        return path.read_text() or None
    except FileNotFoundError:
        return None


def wait_for(what: Callable[[], str | None]) -> str:
    """Waits as long as it takes; what never comes is ended by pytest's timeout."""
    while (answer := what()) is None:
        time.sleep(0.02)
    return answer


def gone(pid: int) -> str | None:
    """For ``wait_for``: whether a process has ended."""
    try:
        ended = psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        ended = True
    return "gone" if ended else None


def make_checkout(root: Path, study: str = "toy") -> Checkout:
    """Builds a checkout: with toy stages for the study ``toy``, else with the real ones."""
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "workflow", root / "workflow", ignore=ignore)
    for name in ("conf", "envs", "profiles", "reports"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "Snakefile", root / "Snakefile")
    (root / "slurm").symlink_to("profiles/slurm")
    if study == "toy":
        _put_toys(root)
    return Checkout(root, study)


def leave_tracking_out(root: Path) -> None:
    """Where the run itself is tested: MLflow at its end has tests of its own."""
    (root / "workflow/mirage/track/__init__.py").write_text("def main(argv):\n    return 0\n")


def _put_toys(root: Path) -> None:
    package = root / "workflow" / "mirage"
    for stage in STAGES:
        # The other modules stay: the plan's entries name some of them.
        (package / stage / "__init__.py").write_text(TOY)
    # Toys take no time: nothing is worth measuring this machine for.
    speed = package / "plan" / "machine_speed.py"
    speed.write_text(speed.read_text().replace("= _measure(copies, threads)", "= None"))
    shutil.rmtree(package / "track")
    (package / "track").mkdir()
    leave_tracking_out(root)
    quick = (root / "conf/study/quick.yaml").read_text()
    toy = quick.replace("name: quick", "name: toy").split("recipes:")
    (root / "conf/study/toy.yaml").write_text(
        toy[0]
        + "recipes: [mirage, vlguard_p]\nseeds: [0]\nsuites: [easy, gates]\njudges: [oracle]\n"
    )
