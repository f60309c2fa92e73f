"""What the sample browser shows: some samples, every model's answer and verdict, as plain values.

Texts and pictures that occur often are stored once and pointed at by number, so that a page of many
models stays small. Foreign text is made visible here; the page's script only ever sets it as text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from mirage.contracts import Sample, Verdict
from mirage.mlflow_address import TRAINING
from mirage.plan.schema.report import Browser as Settings
from mirage.report.data import ReportData
from mirage.report.escape import visible
from mirage.report.samples.gallery import CORNER_WORDS, tone, words
from mirage.report.samples.meanings import (
    CORNER_MEANINGS,
    OUTCOME_MEANINGS,
    meaning,
    outcome_words,
)

FACTS = ("kind", "format", "wording", "cue", "probe", "family", "gate", "level")
"""What a reader may want to know of an item beside suite, category and corner."""

CORNERS = tuple(CORNER_WORDS)
PROVENANCE = "provenance.html#mlflow"
PAPERS_RECIPE = "mirage"
BEST_BY = ("hard", "j", "pair")
"""The rate by which the best model is chosen: suite, metric, corner."""


@dataclass(frozen=True)
class Browser:
    """The sample browser.

    Attributes:
        data: What the page embeds as JSON; no samples where there are no answers.
        meanings: (word, what it means) of the corners and outcomes that are shown.
        summary: How many of how many samples, and how they were chosen.
    """

    data: Mapping[str, Any]
    summary: str
    meanings: tuple[tuple[str, str], ...] = ()

    @property
    def json(self) -> str:
        """The data as JSON that can stand inside a ``script`` element, whatever it holds."""
        return script_json(self.data)


@dataclass
class Pool:
    """Values by number, each kept once, in the order of their first use."""

    places: dict[Any, int] = field(default_factory=dict)

    def place(self, value: Any) -> int:
        """Returns the number of a value."""
        return self.places.setdefault(value, len(self.places))

    @property
    def values(self) -> list[Any]:
        """All values, by number."""
        return list(self.places)


def script_json(value: object) -> str:
    """Returns JSON without any character that ends a script or starts markup in HTML.

    Pure ASCII, so the line separators U+2028 and U+2029 are escapes as well.
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def group_of(sample: Sample) -> str:
    """Returns what items shown beside each other have in common: a quad, or an item's variants."""
    truth = sample.truth
    source = str(truth.get("twin_of", sample.id)).partition("/")[0]
    if "quad" in truth:
        return f"{source}/{truth['quad']}"
    return str(truth.get("intact") or truth.get("item") or sample.id)


def chosen_groups(
    samples: Iterable[Sample], suites: Sequence[str], groups: int
) -> list[list[Sample]]:
    """Picks whole groups evenly over each suite, by place alone, never by what a model said.

    Args:
        samples: All samples.
        suites: Suites to pick from, in order; one that the study does not have is left out.
        groups: Most groups of each suite.

    Returns:
        Groups; inside each, corners in the order of the gallery, then by id.
    """
    groups_by_suite: dict[str, dict[str, list[Sample]]] = {suite: {} for suite in suites}
    for sample in samples:
        if sample.suite in groups_by_suite:
            groups_by_suite[sample.suite].setdefault(group_of(sample), []).append(sample)
    picked = []
    for group in groups_by_suite.values():
        names = sorted(group)
        count = min(groups, len(names))
        places = [len(names) * i // count for i in range(count)]
        picked += [sorted(group[names[place]], key=_order) for place in places]
    return picked


def fitting_groups(
    samples: Sequence[Sample], settings: Settings, models: int
) -> list[list[Sample]]:
    """Picks as many groups a suite as keep the number of answers, samples x models, within bounds.

    At least one group of each suite is kept.
    """
    for many in range(settings.groups, 0, -1):
        groups = chosen_groups(samples, settings.suites, many)
        if many == 1 or sum(map(len, groups)) * models <= settings.answers:
            return groups
    return []


def browser_samples(samples: Sequence[Sample], settings: Settings, models: int) -> list[Sample]:
    """Returns the samples whose images, answers and verdicts the browser of some models needs."""
    return [sample for group in fitting_groups(samples, settings, models) for sample in group]


def browser(data: ReportData) -> Browser:
    """Returns the sample browser of a report; the same data give the same bytes."""
    settings = data.settings.browser
    groups: list[list[Sample]] = []
    if data.responses:
        groups = fitting_groups(data.shown, settings, len(data.answering))
    texts, pictures, verdicts = Pool(), Pool(), Pool()
    rows = [
        _row(data, sample, number, (texts, pictures, verdicts))
        for number, group in enumerate(groups)
        for sample in group
    ]
    models = [
        {
            "label": visible(data.study.label(model)),
            "link": run_link(settings.mlflow, data.runs.get(model.name, "")),
        }
        for model in data.answering
    ]
    values = {
        "models": models,
        "shown": shown(data, settings.models),
        "samples": rows,
        "texts": texts.values,
        "pictures": [_uri(bytes_) for bytes_ in pictures.values],
        "verdicts": [dict(verdict) for verdict in verdicts.values],
    }
    words = summary(groups, data.samples) + data.answering_sentence
    return Browser(values, words, tuple(_meanings(groups, verdicts.values)))


def summary(groups: Sequence[Sequence[Sample]], samples: Sequence[Sample]) -> str:
    """Says how many of how many samples are shown and how they were chosen."""
    suites = [group[0].suite for group in groups]
    most = max((suites.count(suite) for suite in suites), default=0)
    many = sum(sample.suite in suites for sample in samples)
    return (
        f"{sum(map(len, groups)):,} of the {many:,} samples of {len(set(suites))} suites: from "
        f"each suite at most {most} whole groups (a quad, or one item in all its variants), evenly "
        "spaced by position in the suite, never by outcome."
    )


def shown(data: ReportData, most: int) -> list[int]:
    """Returns the places of the models that are chosen when the page opens, all of one base.

    Of the first seed: the base, the paper's recipe, the one that tells hazards from their twins
    best (J on ``hard``), then the others in the order of the study.
    """
    seed = data.answering[0].seed if data.answering else 0
    models = {at: model for at, model in enumerate(data.answering) if model.seed == seed}
    separation = {at: data.rates.find(model, *BEST_BY) for at, model in models.items()}
    known = {at: r.value for at, r in separation.items() if r is not None and r.value is not None}
    first = [at for at, model in models.items() if model.is_base]
    first += [at for at, model in models.items() if model.recipe == PAPERS_RECIPE]
    first += [max(known, key=lambda at: known[at])] if known else []
    return sorted(list(dict.fromkeys([*first, *models]))[:most])


def run_link(mlflow: str, artifact: str) -> str:
    """Returns where MLflow lists the run of an artifact; empty where the artifact is unknown.

    Without an address of MLflow it is the page that tells how to open it: the address depends on
    the machine, and the report does not.

    Run ids are drawn at random when results are tracked. The tag ``mirage.artifact`` is not, so
    a search for it gives a link that is the same in every rebuild.
    """
    if not artifact:
        return ""
    if not mlflow:
        return PROVENANCE
    wanted = f"tags.`mirage.artifact` = '{artifact}'"
    mark = "&" if "?" in mlflow else "?"
    return f"{mlflow}{mark}{TRAINING}&searchFilter={quote(wanted, safe='')}"


def _meanings(
    groups: Iterable[Sequence[Sample]], verdicts: Iterable[tuple[tuple[str, Any], ...]]
) -> Iterator[tuple[str, str]]:
    corners = {str(sample.truth.get("corner", "")) for group in groups for sample in group}
    outcomes = {dict(verdict)["outcome"] for verdict in verdicts}
    yield from ((CORNER_WORDS[name], CORNER_MEANINGS[name]) for name in CORNERS if name in corners)
    for outcome, told in OUTCOME_MEANINGS.items():
        if (name := outcome_words(outcome)) in outcomes:
            yield name, told


def _order(sample: Sample) -> tuple[int, str]:
    corner = str(sample.truth.get("corner", ""))
    return (CORNERS.index(corner) if corner in CORNERS else len(CORNERS)), sample.id


def _row(
    data: ReportData, sample: Sample, group: int, pools: tuple[Pool, Pool, Pool]
) -> dict[str, Any]:
    texts, pictures, verdicts = pools
    pictures_of_sample = (data.images.get((sample.suite, path)) for path in sample.images)
    corner = str(sample.truth.get("corner", ""))
    return {
        "id": visible(sample.id),
        "suite": sample.suite,
        "category": visible(sample.category),
        "corner": visible(CORNER_WORDS.get(corner, corner.replace("_", " "))),
        "group": group,
        "facts": [f"{key} {visible(str(sample.truth[key]))}" for key in FACTS if _has(sample, key)],
        "prompt": texts.place(visible(sample.question)),
        "pictures": [pictures.place(image) for image in pictures_of_sample if image is not None],
        "said": [_said(data, sample, model.name, texts, verdicts) for model in data.answering],
    }


def _has(sample: Sample, key: str) -> bool:
    return sample.truth.get(key) not in (None, "")


def _said(
    data: ReportData, sample: Sample, model: str, texts: Pool, verdicts: Pool
) -> list[int] | None:
    """Number of the answer and of the verdict; None where the model was not asked."""
    verdict = data.verdicts.get(model, {}).get(sample.id)
    answer = data.responses.get(model, {}).get(sample.id)
    if verdict is None or answer is None:
        return None
    return [texts.place(visible(answer)), verdicts.place(tuple(_verdict(verdict).items()))]


def _verdict(verdict: Verdict) -> dict[str, Any]:
    judged = verdict.status == "judged"
    outcome = (verdict.outcome or "not judged") if judged else "not judged"
    return {
        "outcome": visible(outcome_words(outcome)),
        "words": visible(words(verdict)),
        "meaning": meaning(verdict),
        "tone": tone(verdict),
    }


def _uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
