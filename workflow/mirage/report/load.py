"""Report data from artifact folders."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mirage.contracts import DataError, Response, Sample, read_rows
from mirage.plan.artifact import Manifest
from mirage.plan.schema.report import Report
from mirage.report.data import BASE, ModelInfo, RecipeInfo, ReportData, StudyInfo
from mirage.report.gallery import gallery_samples
from mirage.score.store import read_scores, read_verdicts
from mirage.world.hazards import table


def study_info(settings: Mapping[str, Any], judge: str) -> StudyInfo:
    """Returns what the tables need to know of a study.

    Args:
        settings: The report job's settings: ``study``, ``models`` (a card each) and ``suites``.
        judge: Name of the judge whose verdicts are shown.
    """
    study = settings["study"]
    return StudyInfo(
        name=study["name"],
        mode=study["mode"],
        trained=tuple(_model(card) for card in settings["models"] if not card["helper"]),
        suites=tuple(settings["suites"]),
        tables=tuple(study["tables"]),
        judge=judge,
    )


def _model(card: Mapping[str, Any]) -> ModelInfo:
    recipe = BASE
    if card["recipe"] != BASE.name:
        recipe = RecipeInfo(
            card["recipe"],
            card["title"] or card["recipe"],
            card["parent"],
            card["factor"],
            card["marked_ours"],
        )
    return ModelInfo(recipe, card["model"], int(card["seed"]), card["name"])


def hazard_rows() -> tuple[dict[str, str], ...]:
    """Returns the committed hazard table, a mapping per line."""
    return tuple({k: str(v) for k, v in dataclasses.asdict(rule).items()} for rule in table())


def load(settings: Mapping[str, Any], parents: Mapping[str, Sequence[Path]]) -> ReportData:
    """Reads everything a report shows.

    Args:
        settings: The job's settings.
        parents: Role -> artifact folders: score, verdicts, responses, suites, images. With several
            judges the first one's numbers are shown.

    Raises:
        DataError: A file is missing or broken.
    """
    report = Report.model_validate(settings["report"])
    judge = str(Manifest.read(parents["score"][0]).settings["judge"])
    samples: list[Sample] = []
    homes: dict[str, Path] = {}
    for folder in parents["suites"]:
        mine = read_rows(folder / "samples.jsonl", Sample)
        samples += mine
        homes |= {sample.suite: folder for sample in mine}
    shown = gallery_samples(samples, report.gallery.suites, report.gallery.quads)
    wanted = {sample.id for sample in shown}
    verdicts = read_verdicts(parents["verdicts"][:1])
    return ReportData(
        study=study_info(settings, judge),
        settings=report,
        scores=read_scores(parents["score"][0]),
        samples=tuple(samples),
        verdicts={
            name: {v.id: v for v in rows if v.id in wanted} for name, rows in verdicts.items()
        },
        responses={
            Manifest.read(folder).name: {
                r.id: r.text
                for r in read_rows(folder / "responses.jsonl", Response)
                if r.id in wanted
            }
            for folder in parents["responses"]
        },
        images=read_images(shown, parents["images"][0], homes),
        hazards=hazard_rows(),
    )


def read_images(
    samples: Iterable[Sample], images: Path, homes: Mapping[str, Path]
) -> dict[tuple[str, str], bytes]:
    """Reads the images of some samples.

    Args:
        samples: Samples to show.
        images: Artifact that image paths are relative to.
        homes: Suite -> its own folder, for paths that start with ``own/``.

    Raises:
        DataError: An image is missing.
    """
    found: dict[tuple[str, str], bytes] = {}
    for sample in samples:
        for name in sample.images:
            path = (homes[sample.suite] if name.startswith("own/") else images) / name
            if not path.is_file():
                raise DataError(
                    f"{path} is missing, though sample {sample.id} shows it. Remove "
                    f"{images} and run snakemake again."
                )
            found[sample.suite, name] = path.read_bytes()
    return found
