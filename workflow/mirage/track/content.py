"""Which files of an artifact go to MLflow: what a person reads and what a report is rebuilt from.

Never weights (their hash stands in the model registry), and without ``track.content`` neither
questions, answers nor pictures.
"""

from __future__ import annotations

import dataclasses
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from mirage.contracts import Sample, read_rows, write_rows
from mirage.files import MANIFEST, canonical, sha256
from mirage.pictures import ELSEWHERE, PACK
from mirage.plan.artifact import lineage
from mirage.track.records import Record, manifests_text

MANIFESTS = "rebuild/manifests.json"
PICTURES = "rebuild/pictures.zip"
SAMPLES = "samples"
MODEL = "model"


def stage_files(record: Record, content: bool, folder: Path) -> None:
    """Lays out an artifact's files as MLflow shall show them.

    Args:
        record: The artifact.
        content: Whether questions, answers and pictures may be among them.
        folder: An empty folder to fill.

    Raises:
        DataError: A broken file of a parent.
    """
    shutil.copyfile(record.path / MANIFEST, folder / MANIFEST)
    if stage := STAGED.get(record.manifest.stage):
        stage(record, content, folder)


def holds_model(record: Record) -> bool:
    """Tells a model from the record of one, all that is left where its answers are committed."""
    return record.manifest.stage == "tune" and record.manifest.kind != "record"


def weights_hash(record: Record) -> str:
    """Returns the sha256 of a model's weights; one over all where they are several files."""
    files = record.manifest.files
    parts = [[n, files[n]["sha256"]] for n in sorted(files) if n.endswith(".safetensors")]
    return str(parts[0][1]) if len(parts) == 1 else sha256(canonical(parts).encode())


def _tune(record: Record, content: bool, folder: Path) -> None:
    for name in ("record.json", "curve.jsonl"):
        _copy(record.path / name, folder / name)
    if not holds_model(record):
        return
    for name in ("config.json", "generation_config.json"):
        _copy(record.path / name, folder / MODEL / name)
    weights = f"{record.folder}\nsha256 {weights_hash(record)}\n"
    (folder / MODEL / "weights.txt").write_text(weights, encoding="utf-8")


def _respond(record: Record, content: bool, folder: Path) -> None:
    names = ["speed.json", "speed.html", *(["responses.jsonl"] if content else [])]
    for name in names:
        _copy(record.path / name, folder / name)


def _judge(record: Record, content: bool, folder: Path) -> None:
    _copy(record.path / "verdicts.jsonl", folder / "verdicts.jsonl")
    for suite in dict.fromkeys(record.parents("suites")):
        source = record.store / suite / "samples.jsonl"
        target = folder / SAMPLES / f"{Path(suite).name}.jsonl"
        target.parent.mkdir(exist_ok=True)
        if content:
            shutil.copyfile(source, target)
        else:
            rows = [
                dataclasses.replace(s, question="", images=()) for s in read_rows(source, Sample)
            ]
            write_rows(target, rows)


def _score(record: Record, content: bool, folder: Path) -> None:
    # Of rates only the small one of two forms.
    for path in sorted([*record.path.glob("*.csv"), record.path / "rates.parquet"]):
        if path.name != "rates.csv":
            _copy(path, folder / path.name)


def _report(record: Record, content: bool, folder: Path) -> None:
    made = lineage(record.store, [record.folder])
    (folder / MANIFESTS).parent.mkdir()
    (folder / MANIFESTS).write_text(manifests_text(made), encoding="utf-8")
    names = ["tables", "figures", *(["report.html", "report.pdf"] if content else [])]
    for name in names:
        source = record.path / name
        if source.is_dir():
            ignore = None if content else shutil.ignore_patterns("gallery*")
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            _copy(source, folder / name)
    if content:
        shown = sorted({*record.parents("images"), *record.parents("suites")})
        trained = [name for name, manifest in made.items() if manifest.kind == "train"]
        _zip_pictures(record.store, shown, trained, folder / PICTURES)


def _zip_pictures(store: Path, folders: list[str], trained: list[str], target: Path) -> None:
    """Packs some folders' pictures, or where a user's lie, and the counts of the training data."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for folder in folders:
            for path in [p for n in (PACK, ELSEWHERE) for p in (store / folder).glob(n)]:
                archive.write(path, path.relative_to(store).as_posix())
        for folder in trained:
            for path in (store / folder).glob("report.json"):
                archive.write(path, path.relative_to(store).as_posix())


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


STAGED: dict[str, Callable[[Record, bool, Path], None]] = {
    "tune": _tune,
    "respond": _respond,
    "judge": _judge,
    "score": _score,
    "report": _report,
}
