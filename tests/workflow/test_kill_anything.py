"""kill -9 at exact places of a run with toy stages, then the same command: the same files."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import psutil
import pytest
from toy_checkout import Checkout, gone, wait_for


@pytest.fixture(scope="module")
def undisturbed(toy_run: Checkout) -> dict[str, bytes]:
    return toy_run.files()


@pytest.mark.parametrize("place", ["before", "while writing"])
@pytest.mark.parametrize("job", ["tune/base-s0", "report/toy"])
def test_a_killed_job(
    checkout: Checkout, undisturbed: dict[str, bytes], job: str, place: str
) -> None:
    checkout.hold(job, place)
    process = checkout.start("snakemake", "--config", "study=toy")
    os.kill(checkout.reached(), signal.SIGKILL)
    text, _ = process.communicate()
    assert process.returncode != 0, text
    stage = job.split("/", maxsplit=1)[0]
    assert not list((checkout.root / "results" / stage).glob("*/manifest.json"))
    checkout.go_on()
    checkout.snakemake()
    assert checkout.files() == undisturbed
    assert checkout.runs.count(job) == 1


@pytest.mark.parametrize("place", ["before", "while writing"])
def test_a_killed_snakemake_takes_its_jobs_along(
    checkout: Checkout, undisturbed: dict[str, bytes], place: str
) -> None:
    checkout.hold("tune/mirage-s0", place)
    process = checkout.start("snakemake", "--config", "study=toy")
    job = checkout.reached()
    process.kill()
    process.communicate()
    wait_for(lambda: gone(job))
    checkout.go_on()
    checkout.snakemake()
    assert checkout.files() == undisturbed


def test_two_runs_beside_each_other(checkout: Checkout, undisturbed: dict[str, bytes]) -> None:
    one = checkout.start("snakemake", "--config", "study=toy")
    two = checkout.start("snakemake", "--config", "study=toy")
    for process in (one, two):
        text, _ = process.communicate()
        assert process.returncode == 0, text
    assert checkout.files() == undisturbed
    assert len(checkout.runs) == len(set(checkout.runs))


def test_what_another_run_finished_outlives_a_failing_job(checkout: Checkout) -> None:
    checkout.hold("tune/base-s0", "before")
    process = checkout.start("snakemake", "--config", "study=toy")
    job = checkout.reached()
    (name,) = (path.stem for path in (checkout.root / "results/plan/jobs/tune").glob("base-s0-*"))
    manifest = checkout.root / "results/tune" / name / "manifest.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text("by another run")
    os.kill(job, signal.SIGKILL)
    text, _ = process.communicate()
    assert process.returncode != 0, text
    assert manifest.read_text() == "by another run"


def test_snakemake_keeps_no_copies_that_runs_would_share(checkout: Checkout) -> None:
    checkout.hold("tune/base-s0", "before")
    process = checkout.start("snakemake", "--config", "study=toy")
    checkout.reached()
    (name,) = (
        path.stem for path in (checkout.root / "results/plan/jobs/respond").glob("base-s0-*")
    )
    manifest = checkout.root / "results/respond" / name / "manifest.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text("by another run")
    checkout.go_on()
    process.communicate()
    assert not (checkout.root / ".snakemake" / "backups").exists()
    assert manifest.read_text() == "by another run"


def test_a_report_without_its_manifest(finished: Checkout, undisturbed: dict[str, bytes]) -> None:
    (report,) = [p for p in (finished.root / "results/report").glob("toy-*") if p.is_dir()]
    (report / "manifest.json").unlink()
    finished.snakemake()
    assert finished.files() == undisturbed
    assert len(finished.runs) == len(set(finished.runs))
    (report / "manifest.json").unlink()
    (report / "text.txt").write_text("half")
    text = finished.snakemake(fails=True)
    assert f"Remove it: rm -r results/report/{report.name}" in text
    assert not (report / "manifest.json").exists()
    shutil.rmtree(report)
    finished.snakemake()
    assert finished.files() == undisturbed


def test_a_job_by_hand_dies_with_whoever_started_it(checkout: Checkout) -> None:
    checkout.snakemake("--dry-run")
    (frozen,) = (checkout.root / "results/plan/jobs/build").glob("images-*.json")
    checkout.hold("build/images", "before")
    script = (
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-m', 'mirage', 'build', 'results/build/{frozen.stem}'])"
    )
    Path(checkout.root / "parent.py").write_text(script)
    parent = checkout.start("parent")
    job = checkout.reached()
    assert psutil.Process(job).ppid() == parent.pid
    parent.kill()
    wait_for(lambda: gone(job))
