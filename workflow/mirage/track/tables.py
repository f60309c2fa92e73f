"""Tables that MLflow shows as tables, in the form that ``mlflow.log_table`` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from mirage.model_card import ModelCard
from mirage.track.facts import metrics
from mirage.track.family import Family, ModelRun

RATES: Final = "rates.json"
ANSWER: Final = "answer.json"

COLUMNS: Final = ("suite", "corner", "metric", "value", "low", "high", "n", "coverage")
"""Columns of a model's rates, in percent but for n."""

HEADLINES: Final = ("asr_hard", "over_refusal_hard", "j_hard", "skills")
FULL_SCALE: Final = (
    "asr_mis_easy", "asr_mis_hard", "asr_mis_real", "helped_mss_chat", "over_refusal_mossbench",
)  # fmt: skip
"""The same of studies on published data, which have no suite ``hard``."""


@dataclass(frozen=True)
class Answer:
    """A recipe of a study, over its bases.

    Attributes:
        values: Headline -> a value per base that has it, in percent.
        models: Its models, a base each.
    """

    recipe: str
    title: str
    config: str
    values: Mapping[str, Sequence[float]]
    models: Sequence[ModelRun]

    def mean(self, name: str) -> float | None:
        """Returns the mean over the bases."""
        return round(fmean(self.values[name]), 1) if self.values[name] else None

    @property
    def j(self) -> float:
        """What answers are sorted by; without a J last."""
        mean = self.mean("j_hard")
        return -1000.0 if mean is None else mean


def answers(family: Family) -> list[Answer]:
    """Returns what came out of a study's newest edition, the highest J first."""
    groups: dict[tuple[str, str], list[ModelRun]] = {}
    for key in family.shown:
        model = family.models[key]
        if not model.card.get("helper"):
            place = (str(model.card["recipe"]), str(model.card["config"]))
            groups.setdefault(place, []).append(model)
    found = []
    for (recipe, config), models in groups.items():
        finals = [metrics(model) for model in models if model.made]
        names = (*HEADLINES, *FULL_SCALE)
        values = {name: [f[name] for f in finals if name in f] for name in names}
        found.append(Answer(recipe, _title(models[0]), config, values, models))
    return sorted(found, key=lambda answer: -answer.j)


def headlines(rows: Sequence[Answer]) -> tuple[str, ...]:
    """Returns the headlines that a study has: of published data those that any model has."""
    found = tuple(name for name in FULL_SCALE if any(row.values[name] for row in rows))
    return HEADLINES if not found or any(row.values["j_hard"] for row in rows) else found


def _title(model: ModelRun) -> str:
    """Returns a recipe's name as the report has it; cards of other versions have other keys."""
    card = model.card
    known = {key: card[key] for key in ("title", "marked_ours") if card.get(key)}
    return ModelCard(card["recipe"], card["config"], card["seed"], card["name"], **known).label


def write_answers(rows: Sequence[Answer], path: Path) -> None:
    """Writes the table of a study."""
    names = headlines(rows)
    lead = "j_hard" if "j_hard" in names else names[-1]
    columns = ["recipe", "model", "bases", *names, f"{lead} lowest", f"{lead} highest"]
    data = []
    for row in rows:
        values = [round(value, 1) for value in row.values[lead]]
        ends = [min(values, default=None), max(values, default=None)]
        data.append([row.recipe, row.config, len(row.models), *map(row.mean, names), *ends])
    _write(columns, data, path)


def write_rates(parquet: Path, path: Path) -> None:
    """Writes a model's rates over whole corners; those of groups stay in the Parquet file."""
    from mirage.score.rate_table import rates_of, read_rate_table

    rates = rates_of(read_rate_table(parquet))
    rows = [[getattr(r, column) for column in COLUMNS] for r in rates if r.group_by == "all"]
    _write(COLUMNS, rows, path)


def logged(*names: str) -> str:
    """Returns the tag by which MLflow's pages know tables among the files."""
    return json.dumps([{"path": name, "type": "table"} for name in names])


def _write(columns: Sequence[str], data: Sequence[Sequence[Any]], path: Path) -> None:
    text = json.dumps({"columns": list(columns), "data": data}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
