"""The jobs after the answers: judging and scoring a model at a time, comparing a study's models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mirage.model_card import ModelCard, unseen_categories
from mirage.plan.base_jobs import imported_base
from mirage.plan.builder import Builder, Parents, Settings, plain
from mirage.plan.entries import resolve
from mirage.plan.schema.judge import Judge
from mirage.plan.study.resolve import Resolved

PROBES = "item_probes"
"""The suite on which a base is asked what each hard item takes to see."""


SHOWN = ("title", "factor")
"""Of a model's card, what reports alone show."""


OF_STUDY = ("contrasts", "needs")
"""Of the settings of scores, what the scores of one model do not depend on."""


@dataclass(frozen=True)
class Judged:
    """One judge's part of a study.

    Attributes:
        verdicts: Its folders, a model each.
        scores: The folder of the study's scores.
    """

    verdicts: list[str]
    scores: str


def add_scoring_jobs(
    builder: Builder,
    study: Resolved,
    about: Settings,
    answered: Mapping[ModelCard, str],
    suites: Mapping[str, str],
    images: Parents,
    marked: Mapping[ModelCard, str],
) -> list[Judged]:
    """Adds, for every judge, a judge job and a score job per model, and a score job of the study.

    Args:
        builder: Takes the jobs.
        study: The study.
        about: What the study's scores say of it: ``study``, ``models`` and ``suites``.
        answered: Model -> folder of its answers, in the order of ``about["models"]``.
        suites: Suite of the study -> its folder.
        images: Where the pictures lie, for judges that look at them.
        marked: Model -> folder of its general benchmarks, where it has any.
    """
    return [
        _judged(builder, study, about, answered, suites, images, marked, judge)
        for judge in study.judges
    ]


def _judged(
    builder: Builder,
    study: Resolved,
    about: Settings,
    answered: Mapping[ModelCard, str],
    suites: Mapping[str, str],
    images: Parents,
    marked: Mapping[ModelCard, str],
    judge: Judge,
) -> Judged:
    pictures = images if judge.sees_pictures else {}
    verdicts = {
        card: builder.add(
            stage="judge",
            name=f"{judge.name}-{card}",
            settings={"judge": {"name": judge.name, "options": judge.options, "model": card.name}},
            parents={
                "responses": [folder],
                "suites": builder.jobs[folder].parents["suites"],
                **pictures,
                **({"harness": [marked[card]]} if card in marked else {}),
            },
            entries={"judge": resolve("judge", judge.kind)},
        )
        for card, folder in answered.items()
    }
    scores = _scored(builder, study, judge.name, answered, verdicts, marked, suites.get(PROBES))
    whole = builder.add(
        stage="score",
        kind="study",
        name=f"{study.study.name}-{judge.name}",
        settings={
            "score": _without_titles(study),
            "judge": judge.name,
            **_ledger(study),
            **about,
            "models": [
                {key: value for key, value in card.items() if key not in SHOWN}
                for card in about["models"]
            ],
        },
        parents={"scores": scores, "suites": list(suites.values())},
    )
    return Judged(list(verdicts.values()), whole)


def _scored(
    builder: Builder,
    study: Resolved,
    judge: str,
    answered: Mapping[ModelCard, str],
    verdicts: Mapping[ModelCard, str],
    marked: Mapping[ModelCard, str],
    probes: str | None,
) -> list[str]:
    """One score job per model; what compares models is the study's, and scores none again."""
    settings = {k: value for k, value in _without_titles(study).items() if k not in OF_STUDY}
    unseen = unseen_categories(answered)
    bases = {(card.config, card.seed): card for card in answered if card.is_base}
    folders = []
    for card, answers in answered.items():
        asked = [
            *builder.jobs[answers].parents["suites"],
            *(builder.jobs[marked[card]].parents["suites"] if card in marked else ()),
        ]
        parents = {"verdicts": [verdicts[card]], "responses": [answers], "suites": list(asked)}
        base = bases.get((card.config, card.seed))
        if base and probes and probes in builder.jobs[answered[base]].parents["suites"]:
            parents["base_verdicts"] = [verdicts[base]]
            parents["suites"] += [probes] if probes not in asked else []
        folders.append(
            builder.add(
                stage="score",
                kind="model",
                name=f"{judge}-{card}",
                settings={
                    "score": settings,
                    "judge": judge,
                    "card": _decisive(card) | {"platform": builder.platform(answers)},
                    "unseen": list(unseen[card.name]),
                    **_known_gates(study, card),
                },
                parents=parents,
            )
        )
    return folders


def _known_gates(study: Resolved, card: ModelCard) -> Settings:
    """What a released base was said to be by the gates that it is not asked again."""
    base = imported_base(study, card) if card.is_base else None
    if base is None:
        return {}
    return {
        "released_gates": {
            gate: {"value": said["value"], "n": said["n"]}
            for gate, said in base.provenance["gates"].items()
            if said["value"] is not None
        }
    }


def _without_titles(study: Resolved) -> Settings:
    """The settings of scores; what gates are called, reports say."""
    settings = plain(study.score)
    for gate in settings["gates"]:
        del gate["title"]
    return settings


def _decisive(card: ModelCard) -> Settings:
    """What of a card stands in its rates; titles and parents do not."""
    keys = ("recipe", "config", "seed", "name")
    return {key: value for key, value in card.to_json().items() if key in keys}


def _ledger(study: Resolved) -> Settings:
    """Claims and published contrasts enter the scores of the studies that show them."""
    claims, contrasts = study.ledger.claims, study.ledger.contrasts
    return ({"claims": plain(claims)} if claims else {}) | (
        {"paper_contrasts": plain(contrasts)} if contrasts else {}
    )
