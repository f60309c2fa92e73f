"""Report data from artifact folders."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mirage.context import DAMAGED
from mirage.contracts import DataError, Response, Sample, Verdict, read_rows, read_some
from mirage.evidence import TRAINING
from mirage.harmful import bare_sample, harmful_suites
from mirage.model_card import BASE, ModelCard
from mirage.pictures import Pictures, SamplePictures
from mirage.plan.artifact import Manifest
from mirage.plan.schema.exhibit import Exhibit
from mirage.plan.schema.report import Report
from mirage.report.data import End, ReportData, StudyInfo, Training
from mirage.report.exhibits.factorial_levels import words_of_cells
from mirage.report.samples.browser import browser_samples
from mirage.report.samples.gallery import gallery_samples
from mirage.score.store import read_scores
from mirage.world.hazards import table


def study_info(settings: Mapping[str, Any], judge: str, outside: bool = False) -> StudyInfo:
    """Returns what the tables need to know of a study.

    Args:
        settings: The report job's settings: ``study``, ``models`` (a card each), ``suites``,
            ``gates`` (their titles) and ``exhibits`` (what stands under each of the ``tables``).
        judge: Name of the judge whose verdicts are shown.
        outside: Whether any suite is of data from outside the household world.

    Raises:
        DataError: A card does not fit.
    """
    study = settings["study"]
    cards = [ModelCard.from_json(card) for card in settings["models"]]
    return StudyInfo(
        name=study["name"],
        mode=study["mode"],
        trained=_in_words(_disambiguate_titles([card for card in cards if not card.helper])),
        suites=tuple(settings["suites"]),
        exhibits={
            name: [Exhibit.model_validate(plain) for plain in settings["exhibits"][name]]
            for name in study["tables"]
        },
        judge=judge,
        about=study.get("title", ""),
        published=bool(study.get("published", False)),
        gates=settings["gates"],
        released=tuple(settings.get("released", ())),
        outside=outside,
    )


def _disambiguate_titles(models: Sequence[ModelCard]) -> tuple[ModelCard, ...]:
    """Gives recipes of one title, as variants of a recipe are, their own names as titles."""
    owners: dict[str, set[str]] = {}
    for model in models:
        owners.setdefault(model.title, set()).add(model.recipe)
    return tuple(
        dataclasses.replace(model, title=model.recipe.replace("_", " "))
        if len(owners[model.title]) > 1
        else model
        for model in models
    )


def _in_words(models: Sequence[ModelCard]) -> tuple[ModelCard, ...]:
    """Names cells of an axis (``cell: images one of two``) as tables of cells name their levels."""
    words = words_of_cells(m for m in models if ": " in m.title)
    return tuple(
        dataclasses.replace(m, title=f"{m.title.partition(': ')[0]}: {words[m.recipe]}")
        if m.recipe in words
        else m
        for m in models
    )


def hazard_rows() -> tuple[dict[str, str], ...]:
    """Returns the committed hazard table, a mapping per line."""
    return tuple({k: str(v) for k, v in dataclasses.asdict(rule).items()} for rule in table())


def load(settings: Mapping[str, Any], parents: Mapping[str, Sequence[Path]]) -> ReportData:
    """Reads everything a report shows.

    Args:
        settings: The job's settings.
        parents: Role -> artifact folders: score, verdicts, responses, suites, images, models. With
            several judges the first one's numbers are shown.

    Raises:
        DataError: A file is missing or broken.
    """
    report = Report.model_validate(settings["report"])
    judge = str(Manifest.read(parents["score"][0]).settings["judge"])
    samples: list[Sample] = []
    homes: dict[str, Path] = {}
    hidden = harmful_suites(parents["suites"])
    for folder in parents["suites"]:
        rows = read_rows(folder / "samples.jsonl", Sample)
        samples += [bare_sample(row) if row.suite in hidden else row for row in rows]
        homes |= {sample.suite: folder for sample in rows}
    # Of benchmarks that another program asks, there is nothing to show but rates.
    shown = [sample for sample in samples if sample.question and sample.suite not in hidden]
    displayed = gallery_samples(shown, report.gallery.suites, report.gallery.quads)
    study = study_info(settings, judge, from_outside(parents["suites"]))
    models = {model.name for model in study.answering(report.models_with_answers)}
    displayed += browser_samples(shown, report.browser, len(models))
    wanted = {sample.id for sample in displayed}
    return ReportData(
        study=study,
        settings=report,
        scores=read_scores(parents["score"][0]),
        samples=tuple(samples),
        hidden=hidden,
        verdicts=_verdicts(parents["verdicts"], wanted, models),
        responses=_answers(parents["responses"], wanted, models),
        images=read_images(displayed, next(iter(parents.get("images", ())), None), homes),
        runs={made.name: _run(made) for made in map(Manifest.read, parents["responses"])},
        hazards=hazard_rows(),
        trainings=trainings_of(parents.get("models", ())),
        ends=ends_of(parents.get("models", ())),
    )


def from_outside(suites: Iterable[Path]) -> bool:
    """Tells whether any suite is of published or own data: what is built of the world names it.

    Raises:
        DataError: A manifest that cannot be read.
    """
    return any("world" not in Manifest.read(folder).settings for folder in suites)


def _run(made: Manifest) -> str:
    """The artifact whose run gave the answers: of committed ones the original."""
    return str(made.settings.get("run", made.id))


def _verdicts(
    folders: Iterable[Path], wanted: set[str], models: set[str]
) -> dict[str, dict[str, Verdict]]:
    """Reads some models' verdicts on some items; the score stage has checked the others."""
    return {
        model: {v.id: v for v in read_some(folder / "verdicts.jsonl", Verdict, wanted)}
        for folder in folders
        if (model := str(Manifest.read(folder).settings["judge"]["model"])) in models
    }


def _answers(
    folders: Iterable[Path], wanted: set[str], models: set[str]
) -> dict[str, dict[str, str]]:
    """Reads the texts of some models' answers to some items."""
    return {
        model: {r.id: r.text for r in read_some(folder / "responses.jsonl", Response, wanted)}
        for folder in folders
        if (model := Manifest.read(folder).name) in models
    }


def trainings_of(models: Iterable[Path]) -> tuple[Training, ...]:
    """Returns what models were trained on beyond their base, one entry a recipe.

    Args:
        models: Folders of models; their data lie in the same store. Of a recipe's models the first
            counts, so that many seeds are not read to show one.

    Raises:
        DataError: A manifest, or the counts of some data, are missing or broken.
    """
    first: dict[str, Training] = {}
    for folder in models:
        made = Manifest.read(folder)
        for name in made.parents.get("data", []):
            home = folder.parents[1] / name
            recipe = Manifest.read(home).settings["recipe"]
            if recipe["name"] != BASE and recipe["name"] not in first:
                first[recipe["name"]] = _training(made, recipe, home)
    return tuple(first.values())


def _training(made: Manifest, recipe: Mapping[str, Any], home: Path) -> Training:
    own = made.settings.get("recipe", {}).get("tune", {})
    path = home / "report.json"
    try:
        items = {str(k): int(n) for k, n in json.loads(path.read_bytes())["parts"].items()}
    except (OSError, *DAMAGED) as broken:
        raise DataError(
            f"{path} has no counts of items ({broken}). Remove {home} and run snakemake again."
        ) from None
    return Training(
        recipe=recipe["name"],
        data=recipe["data"],
        items=items,
        epochs=None if own.get("supervised_tokens") else own.get("epochs"),
        learning_rate=own.get("learning_rate"),
        parts=tuple(own.get("parts", ())),
    )


def ends_of(models: Iterable[Path]) -> dict[str, End]:
    """Returns where trainings stopped, by name of the model, of those that stop at the criterion.

    Raises:
        DataError: A manifest, or what it promises, is missing or broken.
    """
    made = ((folder, Manifest.read(folder)) for folder in models)
    return {
        each.name: _end(folder / TRAINING)
        for folder, each in made
        if each.settings.get("recipe", {}).get("tune", {}).get("until")
    }


def _end(path: Path) -> End:
    try:
        facts = json.loads(path.read_bytes())
        return End(int(facts["steps_to_criterion"]), facts["capped"] is True)
    except (OSError, *DAMAGED) as broken:
        raise DataError(
            f"{path} does not say where training stopped ({broken}). Remove {path.parent} and run "
            "snakemake again."
        ) from None


def read_images(
    samples: Iterable[Sample], images: Path | None, homes: Mapping[str, Path]
) -> dict[tuple[str, str], bytes]:
    """Reads the images of some samples.

    Args:
        samples: Samples to show.
        images: Artifact that image paths are relative to, where suites share one.
        homes: Suite -> its own folder.

    Raises:
        DataError: An image is missing.
    """
    shared = Pictures(images) if images else None
    places = {suite: SamplePictures(folder, shared) for suite, folder in homes.items()}
    bytes_by_name: dict[tuple[str, str], bytes] = {}
    for sample in samples:
        for name in sample.images:
            bytes_by_name[sample.suite, name] = places[sample.suite].file(name).read(sample.id)
    return bytes_by_name
