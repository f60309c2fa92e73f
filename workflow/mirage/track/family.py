"""What a store gives MLflow to show: per study a family of runs, the study's and its models'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from mirage.files import MANIFEST, canonical, sha256
from mirage.plan.artifact import Manifest
from mirage.plan.frozen_plan import Frozen
from mirage.plan.job import Job

LAYOUT: Final = "2"
"""How runs are laid out; another number brings all of them again."""

Key = tuple[str, str, str]
"""Study, platform, and the id of a model or nothing: what a run is for, whatever it holds."""


@dataclass(frozen=True)
class ModelRun:
    """One model in one study.

    Attributes:
        card: What the report says of the model, as JSON: other versions have other keys.
        tune: The artifact of its training, finished or planned; ``folder`` is its place.
        answers: Id of its answers, by which pages of reports link it; empty where unknown.
        asked: Id of its answers where the model is a base that is asked in another way: what tells
            it from that base, whose weights it has; empty for all others.
        made: Folder -> manifest of what is finished of it, from its training to its scores.
        score: Folder of the scores that are shown; None while they lack.
    """

    store: Path
    study: str
    platform: str
    card: Mapping[str, Any]
    folder: str
    tune: Manifest | Job
    answers: str
    made: Mapping[str, Manifest]
    score: str | None
    asked: str = ""

    @property
    def id(self) -> str:
        """What the model is known by."""
        return self.asked or self.tune.id

    @property
    def key(self) -> Key:
        """What the run is for: scores and answers of a model may be made again, in its run."""
        return self.study, self.platform, self.id

    @property
    def worldly(self) -> bool:
        """Whether it speaks as the nano world does; of cards of other versions: yes."""
        return bool(self.card.get("world_answers", True))

    @property
    def started(self) -> float | None:
        """When the first of it was begun, in seconds; None where that is not known."""
        first = next(iter(self.made.values()), None)
        return first.timing.get("started") if first else None

    @property
    def digest(self) -> str:
        """Changes with all that the run is to hold."""
        return _digest([*self.key, sorted(made.id for made in self.made.values())])

    @property
    def age(self) -> float:
        """When the scores were made, in seconds; 0 without any: what is newer is shown."""
        return self.made[self.score].timing.get("started", 0.0) if self.score else 0.0


@dataclass
class Family:
    """A study on one platform: its run, and those of its models.

    Attributes:
        report: Folder of the newest finished report; None while there is none.
        shown: Keys of the models of the newest edition, in the order of its tables.
        models: Key -> model, of all editions: a changed recipe is another model beside the first.
        speeds: Folders of measured times of its models.
    """

    store: Path
    study: str
    platform: str
    report: str | None = None
    made: Manifest | None = None
    shown: list[Key] = field(default_factory=list)
    models: dict[Key, ModelRun] = field(default_factory=dict)
    speeds: dict[str, Manifest] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What the study's run is for."""
        return self.study, self.platform, ""

    @property
    def digest(self) -> str:
        """Changes with all that the study's run is to hold."""
        ids = [made.id for made in (self.made, *self.speeds.values()) if made]
        return _digest([*self.key, sorted(ids)])

    @property
    def age(self) -> float:
        """When the report was made, in seconds; 0 without one."""
        return self.made.timing.get("started", 0.0) if self.made else 0.0

    @property
    def begun(self) -> list[ModelRun]:
        """The models of which anything is finished."""
        return [model for model in self.models.values() if model.made]

    @property
    def digests(self) -> set[str]:
        """What the runs are to hold of all that is finished."""
        of_models = {model.digest for model in self.begun}
        return of_models | {self.digest} if self.made else of_models

    def add(self, model: ModelRun) -> None:
        """Takes a model; one that is there already stays, unless only the other one has scores."""
        there = self.models.get(model.key)
        if there is None or (there.score is None and model.score is not None):
            self.models[model.key] = model


class Shelf:
    """A store's artifacts, each manifest read once, and what a plan says of unfinished ones."""

    def __init__(self, store: Path, plan: Frozen | None) -> None:
        """Opens a store.

        Args:
            store: Root of all artifacts.
            plan: Its last plan.
        """
        self.store = store
        self._planned = dict(plan.jobs) if plan else {}
        self._read: dict[str, Manifest | None] = {}

    def finished(self, folder: str) -> Manifest | None:
        """Returns the manifest of an artifact; None of one that is not finished.

        Raises:
            DataError: The manifest cannot be read.
        """
        if folder not in self._read:
            there = (self.store / folder / MANIFEST).is_file()
            self._read[folder] = Manifest.read(self.store / folder) if there else None
        return self._read[folder]

    def find(self, folder: str) -> Manifest | Job | None:
        """Returns an artifact, finished or planned."""
        return self.finished(folder) or self._planned.get(folder)

    def of_stage(self, stage: str) -> list[str]:
        """Returns the folders of a stage's finished artifacts."""
        return sorted(
            path.parent.relative_to(self.store).as_posix()
            for path in (self.store / stage).glob(f"*/{MANIFEST}")
            if not path.parent.is_symlink()
        )

    @cached_property
    def editions(self) -> list[tuple[str, Manifest | Job]]:
        """Reports by folder, the newest first: what is planned and not made yet, then the rest."""
        planned = [job for job in self._planned.values() if job.stage == "report"]
        todo = [(job.folder, job) for job in planned if not self.finished(job.folder)]
        done = [(name, made) for name in self.of_stage("report") if (made := self.finished(name))]
        done.sort(key=lambda each: each[1].timing.get("started", 0.0), reverse=True)
        return [*todo, *done]


def families(store: Path, plan: Frozen | None, study: str | None = None) -> list[Family]:
    """Returns all studies of a store, finished or planned, with their models.

    Args:
        store: Root of all artifacts.
        plan: Its last plan.
        study: Only this study.

    Raises:
        DataError: A manifest that cannot be read.
    """
    shelf = Shelf(store, plan)
    found: dict[Key, Family] = {}
    for folder, report in shelf.editions:
        name = str(report.settings["study"]["name"])
        if study in (None, name):
            cards = report.settings["models"]
            platform = _joined(card.get("platform") for card in cards)
            family = found.setdefault((name, platform, ""), Family(store, name, platform))
            models = _models(shelf, report, name, platform)
            family.shown = family.shown or [model.key for model in models]
            for model in models:
                family.add(model)
            if family.made is None and isinstance(report, Manifest):
                family.report, family.made = folder, report
                family.shown = [model.key for model in models]
    _add_speeds(shelf, found.values())
    return list(found.values())


def _models(shelf: Shelf, report: Manifest | Job, study: str, platform: str) -> list[ModelRun]:
    """The models of one edition. All lists of parents are in the order of the models."""
    models = []
    comparisons = [made for name in report.parents["score"] if (made := shelf.find(name))]
    for at, card in enumerate(report.settings["models"]):
        folder, answers = report.parents["models"][at], report.parents["responses"][at]
        # Further judges' verdicts are known by their scores alone; the first judge's are shown.
        scores = [made.parents["scores"][at] for made in comparisons]
        judged = [each for name in scores if (each := shelf.find(name))]
        verdicts = [report.parents["verdicts"][at]]
        verdicts += [name for each in judged for name in each.parents["verdicts"]]
        tune, answer = shelf.find(folder), shelf.find(answers)
        if tune is None:
            continue  # a person removed it
        asked = answer.id if answer is not None and "mode" in answer.settings else ""
        # Of a base that is asked in another way, weights and training are in the base's own run.
        parts = dict.fromkeys([*([] if asked else [folder]), answers, *verdicts, *scores])
        whole = shelf.finished(folder) is not None
        done = {name: one for name in parts if whole and (one := shelf.finished(name))}
        models.append(
            ModelRun(
                store=shelf.store,
                study=study,
                platform=platform,
                card=card,
                folder=folder,
                tune=tune,
                answers=str(answer.settings.get("run", answer.id)) if answer else "",
                made=done,
                score=scores[0] if scores and scores[0] in done else None,
                asked=asked,
            )
        )
    return models


def _add_speeds(shelf: Shelf, found: Iterable[Family]) -> None:
    """Gives measured times to the studies whose models were measured."""
    measured = {name: made for name in shelf.of_stage("respond") if (made := shelf.finished(name))}
    for folder, made in measured.items():
        if made.kind == "speed":
            for family in found:
                models = {model.folder for model in family.models.values()}
                if set(made.parents["model"]) <= models:
                    family.speeds[folder] = made


def _joined(names: Iterable[str | None]) -> str:
    return " + ".join(sorted({name for name in names if name})) or "unknown"


def _digest(parts: list[Any]) -> str:
    return sha256(canonical([LAYOUT, *parts]).encode())
