"""A study's report made again from MLflow alone: from verdicts, never from logged tables.

Samples, verdicts, responses and pictures are laid out as the artifacts they were; then score and
report run over them as they always do.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from mirage.context import JobContext
from mirage.contracts import DataError
from mirage.files import file_sha256
from mirage.plan.artifact import Manifest
from mirage.plan.code_version import code_of
from mirage.plan.job import Job
from mirage.track.client import Tracker
from mirage.track.content import MANIFESTS, PICTURES, SAMPLES
from mirage.track.settings import Where

STORE = "store"


def rebuild(where: Where, study: str | None, out: Path, say: Callable[[str], None]) -> Path:
    """Makes a study's report from the tracking store.

    Args:
        where: The tracking store; artifacts are not read.
        study: The study; None for the one tracked last.
        out: Folder to make; ``report/`` holds the report, ``store/`` what it was made from.
        say: Told what was done, and which files differ from what was first made.

    Returns:
        The folder of the report.

    Raises:
        ConnectionError: The tracking store cannot be reached.
        DataError: It has no such study, or lost files of it; or ``out`` holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise DataError(f"{out} is not empty. Give --rebuild a folder that does not exist yet.")
    tracker = Tracker(where)
    run = _study_run(tracker, study)
    store = out / STORE
    plain = json.loads(tracker.download(run, MANIFESTS, out / "work").read_text(encoding="utf-8"))
    manifests = {folder: Manifest(**fields) for folder, fields in plain.items()}
    (report,) = [folder for folder, made in manifests.items() if made.stage == "report"]
    for folder, made in manifests.items():
        if made.stage not in ("score", "report"):
            made.write(store / folder)
    _fetch(tracker, manifests, store, out / "work")
    with zipfile.ZipFile(tracker.download(run, PICTURES, out / "work")) as archive:
        archive.extractall(store)
    for folder, name in _changed(manifests, store):
        say(f"rebuild: {folder}/{name} is not what the run made; the tables follow what is there")
    for made in manifests.values():
        remade = made.stage in ("score", "report")
        if remade and code_of(made.stage, made.entries).version != made.code:
            say(f"rebuild: the code of {made.name} is not what the run used; the tables may differ")
    scores = [folder for folder, made in manifests.items() if made.stage == "score"]
    for folder in sorted(scores, key=lambda name: manifests[name].kind == "study"):
        _run(manifests[folder], store, store / folder)
        manifests[folder].write(store / folder)
    _run(manifests[report], store, out / "report")
    shutil.rmtree(out / "work", ignore_errors=True)
    say(f"rebuild: {out / 'report'} was made from {where.shown} alone")
    return out / "report"


def _study_run(tracker: Tracker, study: str | None) -> str:
    wanted = {"stage": "report", **({"study": study} if study else {})}
    runs = [run for run in tracker.find(**wanted) if run.info.status == "FINISHED"]
    if not runs:
        named = f"study {study!r}" if study else "study"
        raise DataError(
            f"{tracker.where.shown} has no finished {named}. "
            "Bring one there with: snakemake, then mirage track"
        )
    return str(runs[0].info.run_id)


def _fetch(tracker: Tracker, manifests: dict[str, Manifest], store: Path, scratch: Path) -> None:
    """Lays out what the judges and the models left in the tracking store."""
    for folder, made in manifests.items():
        if made.stage not in ("judge", "respond", "tune"):
            continue
        run = tracker.complete(made.id)
        if run is None:
            raise DataError(
                f"{tracker.where.shown} has no finished run of {folder}. "
                "Track it again with: mirage track"
            )
        if made.stage == "judge":
            verdicts = tracker.download(run, "verdicts.jsonl", scratch)
            shutil.copyfile(verdicts, store / folder / "verdicts.jsonl")
            for suite in dict.fromkeys(made.parents["suites"]):
                samples = tracker.download(run, f"{SAMPLES}/{Path(suite).name}.jsonl", scratch)
                shutil.copyfile(samples, store / suite / "samples.jsonl")
        elif made.stage == "respond":
            answers = tracker.download(run, "responses.jsonl", scratch)
            shutil.copyfile(answers, store / folder / "responses.jsonl")
        else:
            record = tracker.download(run, "record.json", scratch)
            shutil.copyfile(record, store / folder / "record.json")


def _changed(manifests: dict[str, Manifest], store: Path) -> list[tuple[str, str]]:
    return [
        (folder, name)
        for folder, made in manifests.items()
        for name, want in made.files.items()
        if (store / folder / name).is_file()
        and file_sha256(store / folder / name) != want["sha256"]
    ]


def _run(made: Manifest, store: Path, out: Path) -> None:
    job = Job(
        stage=made.stage,
        kind=made.kind,
        name=made.name,
        id=made.id,
        settings=made.settings,
        parents=made.parents,
        entries=made.entries,
    )
    work = store / "work" / made.id
    work.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    import_module(f"mirage.{made.stage}").run(JobContext(job, store.resolve(), work, out))
