"""A study's report made again from MLflow alone: from verdicts, never from logged tables.

Only pictures of a user's own suites are read where they lie; their digests must fit.

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

from mirage.context import DAMAGED, JobContext
from mirage.contracts import DataError, inside
from mirage.files import file_sha256
from mirage.pictures import read_elsewhere
from mirage.plan.artifact import Manifest
from mirage.plan.code_version import code_of
from mirage.plan.job import Job
from mirage.track.client import Tracker
from mirage.track.content import MANIFESTS, PICTURES, SAMPLES, judged_suites
from mirage.track.settings import Where

STORE = "store"

FETCHED = {"judge": "verdicts.jsonl", "respond": "responses.jsonl", "tune": "record.json"}
"""Stage -> the file of its artifacts that a report is made from."""

ABOVE = {"judge": "responses", "respond": "model"}
"""Stage -> role of the one parent that leads to the model."""


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
        DataError: It has no such study, lost or damaged files of it, or one that this version
            cannot read; or ``out`` holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise DataError(f"{out} is not empty. Give --rebuild a folder that does not exist yet.")
    tracker = Tracker(where, reading=True)
    run = _study_run(tracker, study)
    store = out / STORE
    manifests = _manifests(tracker.download(run, MANIFESTS, out / "work"))
    (report,) = [folder for folder, made in manifests.items() if made.stage == "report"]
    for folder, made in manifests.items():
        if made.stage not in ("score", "report"):
            made.write(store / folder)
    _fetch(tracker, run, manifests, store)
    with zipfile.ZipFile(tracker.download(run, PICTURES, out / "work")) as archive:
        archive.extractall(store)
    for folder, name in _changed(manifests, store):
        say(f"rebuild: {folder}/{name} is not what the run made; the tables follow what is there")
    for made in manifests.values():
        if _by_other_code(made):
            say(f"rebuild: the code of {made.name} is not what the run used; the tables may differ")
    scores = [folder for folder, made in manifests.items() if made.stage == "score"]
    for folder in sorted(scores, key=lambda name: manifests[name].kind == "study"):
        _run(manifests[folder], store, store / folder)
        manifests[folder].write(store / folder)
    _run(manifests[report], store, out / "report")
    shutil.rmtree(out / "work", ignore_errors=True)
    own = {str(each.root) for name in manifests if (each := read_elsewhere(store / name))}
    rest = f"and your own pictures in {', '.join(sorted(own))}" if own else "alone"
    say(f"rebuild: {out / 'report'} was made from {where.shown} {rest}")
    return out / "report"


def _study_run(tracker: Tracker, study: str | None) -> str:
    wanted = {"stage": "study", **({"study": study} if study else {})}
    runs = [run for run in tracker.find(**wanted) if run.info.status == "FINISHED"]
    if not runs:
        named = f"study {study!r}" if study else "study"
        raise DataError(
            f"{tracker.where.shown} has no finished {named}. "
            "Bring one there with: snakemake, then mirage track"
        )
    return str(runs[0].info.run_id)


def _manifests(path: Path) -> dict[str, Manifest]:
    """Reads the manifests of all that a report was made from.

    Raises:
        DataError: They are damaged, or name a folder outside the store.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        manifests = {folder: Manifest(**fields) for folder, fields in plain.items()}
        for folder, made in manifests.items():
            parents = [each for many in made.parents.values() for each in many]
            for name in (folder, made.id, *parents, *made.files):
                inside(name, folder)
    except DAMAGED as wrong:
        raise DataError(
            f"{MANIFESTS} in the tracking store cannot be used ({wrong}). "
            "Track the study again with: mirage track"
        ) from None
    return manifests


def _by_other_code(made: Manifest) -> bool:
    remade = made.stage in ("score", "report")
    return remade and code_of(made.stage, made.entries).version != made.code


def _fetch(tracker: Tracker, study: str, manifests: dict[str, Manifest], store: Path) -> None:
    """Lays out what the judges and the models left in the tracking store."""
    scratch = store.parent / "work"
    for suite in judged_suites(manifests):
        samples = tracker.download(study, f"{SAMPLES}/{Path(suite).name}.jsonl", scratch)
        shutil.copyfile(samples, store / suite / "samples.jsonl")
    runs = tracker.models(study)
    for folder, made in manifests.items():
        name = FETCHED.get(made.stage)
        model = _model_of(made, manifests)
        if name is None or model is None or (made.stage == "tune" and model.id not in runs):
            continue  # also bases that no table shows
        if model.id not in runs:
            raise DataError(
                f"{tracker.where.shown} has no run of {model.name}, whose {folder} is needed. "
                "Track it again with: mirage track"
            )
        file = tracker.download(str(runs[model.id].info.run_id), f"{folder}/{name}", scratch)
        shutil.copyfile(file, store / folder / name)


def _model_of(made: Manifest, manifests: dict[str, Manifest]) -> Manifest | None:
    """Returns the model that an artifact is about; None of one about several or none.

    A base that is asked in another way is known by its answers.
    """
    while made.stage != "tune" and "mode" not in made.settings:
        (folder,) = made.parents.get(ABOVE.get(made.stage, ""), [""])
        if folder not in manifests:
            return None
        made = manifests[folder]
    return made


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
    try:
        import_module(f"mirage.{made.stage}").run(JobContext(job, store.resolve(), work, out))
    except DAMAGED as wrong:
        if isinstance(wrong, DataError) or not _by_other_code(made):
            raise
        raise DataError(
            f"{made.stage} {made.name} was tracked by another version of the suite, and this one "
            f"cannot read it ({wrong!r}). Rebuild it with commit {made.provenance.get('commit')}."
        ) from wrong
