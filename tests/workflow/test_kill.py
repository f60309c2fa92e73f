"""kill -9 during a whole tiny run with the real stages, then the same command: the same tables."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from toy_checkout import Checkout

pytestmark = pytest.mark.real

MADE = ("tables", "figures", "numbers.tex", "report.html", "report.pdf")


@pytest.fixture
def tiny(tmp_path: Path, tiny_run: Checkout) -> Iterator[Checkout]:
    """The same checkout elsewhere, before anything ran in it."""
    left_out = shutil.ignore_patterns("results", ".snakemake")
    root = tmp_path / "checkout"
    shutil.copytree(tiny_run.root, root, symlinks=True, ignore=left_out)
    made = Checkout(root, "tiny")
    yield made
    for process in made.started:
        process.kill()
        process.wait()


def pages(checkout: Checkout) -> dict[str, bytes]:
    """Everything of the report that a person reads, but the provenance page."""
    report = checkout.root / "results/report/tiny"
    files = {p.relative_to(report).as_posix(): p for p in report.rglob("*") if p.is_file()}
    return {name: p.read_bytes() for name, p in files.items() if name.startswith(MADE)}


def job(snakemake: psutil.Process, words: str) -> psutil.Process | None:
    """A job of a running Snakemake by the words of its command."""
    for child in snakemake.children():
        try:
            if words in " ".join(child.cmdline()):
                return child
        except psutil.NoSuchProcess:
            continue
    return None


def between_checkpoints(work: Path) -> bool:
    return any(work.glob("*/**/checkpoint-*/manifest.json"))


def inside_a_checkpoint(work: Path) -> bool:
    return any(not (folder / "manifest.json").exists() for folder in work.glob("*/**/checkpoint-*"))


def answers_are_there(work: Path) -> bool:
    return any(path.stat().st_size for path in work.glob("answers/*/*.jsonl"))


def holds(there: Callable[[Path], bool], work: Path) -> bool:
    try:
        return there(work)
    except FileNotFoundError:  # a folder went away while it was read
        return False


def always(work: Path) -> bool:
    return True


PLACES: list[tuple[str, str, Callable[[Path], bool]]] = [
    ("snakemake", "mirage tune", always),
    ("mirage tune", "mirage tune", between_checkpoints),
    ("mirage tune", "mirage tune", inside_a_checkpoint),
    ("mirage respond", "mirage respond", answers_are_there),
    ("mirage report", "mirage report", lambda work: any(work.glob("*/*/out/*"))),
]


def entries(checkout: Checkout) -> int:
    """Files and folders of a store: how far a run has come."""
    return sum(
        len(files) + len(folders) for _, folders, files in os.walk(checkout.root / "results")
    )


def kill_at(checkout: Checkout, victim: str, running: str, there: Callable[[Path], bool]) -> None:
    """Starts the run, waits until ``running`` runs and ``there`` holds, and kills the victim."""
    process = checkout.start("snakemake", "--config", "study=tiny", "--quiet", "all")
    snakemake = psutil.Process(process.pid)
    found = None
    while process.poll() is None:
        found = found or job(snakemake, running)
        if found is not None and not found.is_running():
            found = None
        if found is not None and holds(there, checkout.root / "results/work"):
            (found if victim != "snakemake" else snakemake).kill()
            process.communicate()
            return
        time.sleep(0.001 if found else 0.02)
    text, _ = process.communicate()
    raise AssertionError(f"the run ended before {victim} could be killed:\n{text}")


def test_killed_everywhere_once(tiny: Checkout, tiny_run: Checkout) -> None:
    for victim, running, there in PLACES:
        kill_at(tiny, victim, running, there)
    tiny.snakemake()
    assert tiny.files() == tiny_run.files()
    assert pages(tiny) == pages(tiny_run)
    assert {"tables", "figures"} <= {name.split("/")[0] for name in pages(tiny)}
    assert "Nothing to be done" in tiny.snakemake()


def test_killed_at_random_moments(tiny: Checkout, tiny_run: Checkout) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # pytest shows it when the test fails
    draw = random.Random(seed)
    everything = entries(tiny_run)
    for _ in range(3):
        process = tiny.start("snakemake", "--config", "study=tiny", "--quiet", "all")
        # By what is there, never by seconds: so many further files and folders of the whole.
        enough = entries(tiny) + draw.uniform(0.1, 0.3) * everything
        while process.poll() is None and entries(tiny) < enough:
            time.sleep(0.01)
        if process.poll() is not None:
            break  # the run has come to its end
        alive = psutil.Process(process.pid)
        family = sorted([alive, *alive.children(recursive=True)], key=lambda p: p.pid)
        draw.choice(family).kill()
        if draw.random() < 0.5:
            process.kill()
        process.wait()
    tiny.snakemake()
    assert tiny.files() == tiny_run.files(), f"seed {seed}"
    assert pages(tiny) == pages(tiny_run)
