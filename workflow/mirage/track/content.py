"""Which files go to MLflow: what a person reads and what a report is rebuilt from.

A run holds its artifacts' files where the store has them, ``judge/oracle-mirage-s0-1a2b3c4d/...``,
so that a new edition lies beside an earlier one. Never weights (their hash stands in the model
registry), and without ``track.content`` neither questions, answers nor pictures, nor what a judge
read off an answer. Of suites with ``harmful: true`` none of that is logged in any case.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from mirage.contracts import Response, Sample, Verdict, read_rows, write_rows
from mirage.files import MANIFEST, canonical, sha256
from mirage.harmful import (
    bare_response,
    bare_sample,
    bare_verdict,
    harmful_suites,
    is_harmful,
    suite_of,
)
from mirage.pictures import ELSEWHERE, PACK
from mirage.plan.artifact import Manifest, lineage
from mirage.report.blocks import WITH_SAMPLES
from mirage.score.frame import Suite
from mirage.track.family import Family, ModelRun
from mirage.track.tables import ANSWER, RATES, Answer, write_answers, write_rates

REBUILD: Final = "rebuild"
MANIFESTS: Final = f"{REBUILD}/manifests.json"
PICTURES: Final = f"{REBUILD}/pictures.zip"
SAMPLES: Final = f"{REBUILD}/samples"
MODEL: Final = "model"
VERDICTS: Final = "verdicts.jsonl"
RESPONSES: Final = "responses.jsonl"

PLAIN: Final = {
    "tune": ("record.json", "curve.jsonl"),
    "respond": ("speed.json", "speed.html"),
    "judge": (VERDICTS,),
    "score": ("*.csv", "rates.parquet"),
    "report": ("tables", "figures"),
}
"""Stage -> files that are always logged, of a report without those of ``WITH_SAMPLES``."""

CONTENT: Final = {"respond": (RESPONSES,), "report": ("report.html", "report.pdf")}
"""Stage -> files with answers or pictures."""

COUNTS: Final = ("items", "parts")
"""What a report reads of the counts of training data."""

TWICE: Final = "rates.csv"
"""The larger one of two forms of the same rates."""


def stage_model(model: ModelRun, content: bool, out: Path) -> None:
    """Lays out a model's files as MLflow shall show them.

    Args:
        model: The model.
        content: Whether answers may be among them.
        out: An empty folder to fill.
    """
    suites = (f for made in model.made.values() for f in made.parents.get("suites", []))
    hidden = harmful_suites(model.store / folder for folder in dict.fromkeys(suites))
    for folder, made in model.made.items():
        _stage(model.store, folder, made.stage, content, out, hidden)
    if holds_model(model):
        for name in ("config.json", "generation_config.json"):
            _copy(model.store / model.folder / name, out / MODEL / name)
        weights = f"{model.folder}\nsha256 {weights_hash(model)}\n"
        (out / MODEL / "weights.txt").write_text(weights, encoding="utf-8")
    if model.score:
        write_rates(model.store / model.score / "rates.parquet", out / RATES)


def stage_study(family: Family, report: str, rows: list[Answer], content: bool, out: Path) -> None:
    """Lays out a study's files: its answer, its report, and what that is rebuilt from.

    Raises:
        DataError: A broken file of a suite.
    """
    made = lineage(family.store, [report])
    for folder, one in made.items():
        if one.stage == "report" or (one.stage, one.kind) == ("score", "study"):
            _stage(family.store, folder, one.stage, content, out)
    for folder in family.speeds:
        _stage(family.store, folder, "respond", content, out)
    write_answers(rows, out / ANSWER)
    (out / SAMPLES).mkdir(parents=True)
    manifests = {folder: dataclasses.asdict(one) for folder, one in made.items()}
    text = json.dumps(manifests, indent=1) + "\n"
    (out / MANIFESTS).write_text(text, encoding="utf-8")
    hidden = {
        name for name, one in made.items() if one.stage == "build" and is_harmful(one.settings)
    }
    judged = judged_suites(made)
    bare = [folder for folder in judged if folder in hidden or not content]
    stage_samples(family.store, [f for f in judged if f not in bare], bare, out / SAMPLES)
    if content:
        (root,) = (one for one in made.values() if one.stage == "report")
        shown = sorted({*root.parents.get("images", ()), *root.parents["suites"]} - hidden)
        trained = [name for name, one in made.items() if one.kind == "train"]
        _zip_pictures(family.store, shown, trained, out / PICTURES)


def stage_samples(store: Path, whole: Iterable[str], bare: Iterable[str], out: Path) -> None:
    """Lays out samples for a report to be rebuilt from.

    A bare one has the rank of its cluster's name as its pair: which resamples ``score`` draws
    depends on the order of these names, and claims join clusters over suites.

    Args:
        store: The store.
        whole: Folders of suites that are laid out as they are.
        bare: Those of which no words may be told.
        out: Folder to fill.

    Raises:
        DataError: A broken file of a suite.
    """
    for folder in whole:
        _copy(store / folder / "samples.jsonl", out / f"{Path(folder).name}.jsonl")
    suites = {
        Path(folder).name: Suite(folder, read_rows(store / folder / "samples.jsonl", Sample))
        for folder in bare
    }
    names = sorted({str(name) for suite in suites.values() for name in suite.own_pairs})
    ranks = {name: f"{rank:0{len(str(len(names)))}}" for rank, name in enumerate(names)}
    for suite, samples in suites.items():
        rows = [
            dataclasses.replace(row, truth=row.truth | {"pair": ranks[name]})
            for row, name in zip(map(bare_sample, samples.samples), samples.own_pairs, strict=True)
        ]
        write_rows(out / f"{suite}.jsonl", rows)


def judged_suites(made: Mapping[str, Manifest]) -> list[str]:
    """Returns the folders of all suites that a judge has read, each once."""
    judges = (one for one in made.values() if one.stage == "judge")
    return sorted({suite for one in judges for suite in one.parents["suites"]})


def holds_model(model: ModelRun) -> bool:
    """Tells a model from the record of one, all that is left where its answers are committed."""
    return model.folder in model.made and model.tune.kind != "record"


def weights_hash(model: ModelRun) -> str:
    """Returns the sha256 of a model's weights; one over all where they are several files."""
    files = model.made[model.folder].files
    parts = [[n, files[n]["sha256"]] for n in sorted(files) if n.endswith(".safetensors")]
    return str(parts[0][1]) if len(parts) == 1 else sha256(canonical(parts).encode())


def content_digest(manifest: Manifest) -> str:
    """Returns a hash over an artifact's files, short enough for MLflow (36 characters)."""
    return sha256(canonical(manifest.files).encode())[:36]


def _stage(
    store: Path,
    folder: str,
    stage: str,
    content: bool,
    out: Path,
    hidden: Collection[str] = (),
) -> None:
    """Lays out the files of an artifact; of the hidden suites' items neither text nor reading."""
    _copy(store / folder / MANIFEST, out / folder / MANIFEST)
    for pattern in (*PLAIN[stage], *(CONTENT.get(stage, ()) if content else ())):
        for source in sorted((store / folder).glob(pattern)):
            if source.is_dir():
                # A table or figure is files of the same name, ``<id>.csv``, in any folder.
                shown = () if content else (f"{name}.*" for name in WITH_SAMPLES)
                ignore = shutil.ignore_patterns(*shown)
                shutil.copytree(source, out / folder / source.name, ignore=ignore)
            elif source.name == VERDICTS and (hidden or not content):
                rows = (
                    bare_verdict(row) if not content or suite_of(row.id) in hidden else row
                    for row in read_rows(source, Verdict)
                )
                write_rows(out / folder / source.name, rows)
            elif source.name == RESPONSES and hidden:
                answers = (
                    bare_response(row) if suite_of(row.id) in hidden else row
                    for row in read_rows(source, Response)
                )
                write_rows(out / folder / source.name, answers)
            elif source.name != TWICE:
                _copy(source, out / folder / source.name)


def _zip_pictures(
    store: Path, folders: Iterable[str], trained: Iterable[str], target: Path
) -> None:
    """Packs some folders' pictures, or where a user's lie, and the counts of the training data."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for folder in folders:
            for path in [p for n in (PACK, ELSEWHERE) for p in (store / folder).glob(n)]:
                archive.write(path, path.relative_to(store).as_posix())
        for folder in trained:
            for path in (store / folder).glob("report.json"):
                archive.writestr(path.relative_to(store).as_posix(), _counts(path))


def _counts(path: Path) -> str:
    """What was counted in training data; not the labels of a user's harmful ones, any words."""
    text = path.read_text(encoding="utf-8")
    if not is_harmful(Manifest.read(path.parent).settings):
        return text
    plain = json.loads(text)
    return json.dumps({key: plain[key] for key in COUNTS if key in plain}) + "\n"


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
