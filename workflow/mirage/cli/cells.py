"""Rates of a study base by base, as the gallery keeps them and other machines are held against."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.files import MANIFEST
from mirage.model_card import ModelCard, in_any_order
from mirage.plan.artifact import Manifest
from mirage.score.rate_table import RateFile
from mirage.score.store import RATES

FILE: Final = "cells.csv"
READ: Final = {("asr", "hazard"): "asr", ("over_refusal", "twin_trigger"): "over_refusal"}
READ_J: Final = ("j", "pair")


@dataclass(frozen=True)
class Cell:
    """One tuned model on one suite.

    Attributes:
        base: First digits of the digest of the base that it was tuned from.
        n: Hazards of the suite.
        asr: Percent, as over-refusal on benign twins; J = 100 less both.
    """

    recipe: str
    config: str
    seed: int
    suite: str
    base: str
    platform: str
    n: int
    asr: float
    over_refusal: float
    j: float

    @property
    def origin(self) -> tuple[str, str, int, str]:
        """What models that differ in tuning order alone have in common."""
        return in_any_order(self.recipe), self.config, self.seed, self.suite


def cells_of(report: Path) -> list[Cell]:
    """Reads the cells of a finished report, in the order of its models.

    A model whose base is its own (it was mixed into base training) has none: there is nothing that
    two machines would start from.

    Raises:
        DataError: The report, or what it was made from, is missing or damaged.
    """
    made = Manifest.read(report)
    store = report.resolve().parent.parent
    rates = RateFile(store / made.parents["score"][0] / RATES)
    cells = []
    cards = map(ModelCard.from_json, made.settings["models"])
    for card, folder in zip(cards, made.parents["models"], strict=True):
        base = None if card.helper else base_of(store, Manifest.read(store / folder))
        cells += _cells(card, base, rates) if base else []
    return cells


def base_of(store: Path, made: Manifest) -> str | None:
    """Returns the first digits of the digest of a model's base; None for one that has none."""
    bases = made.parents.get("base")
    return Manifest.read(store / bases[0]).payload[:12] if bases else made.settings.get("base")


def _cells(card: ModelCard, base: str, rates: RateFile) -> list[Cell]:
    found: dict[str, dict[str, float]] = {}
    sizes: dict[str, int] = {}
    for rate in rates.of(card.name):
        name = "j" if (rate.metric, rate.corner) == READ_J else READ.get((rate.metric, rate.corner))
        if name and rate.group_by == "all" and rate.value is not None:
            found.setdefault(rate.suite, {})[name] = rate.value
            sizes[rate.suite] = rate.n if name == "asr" else sizes.get(rate.suite, 0)
    return [
        Cell(
            recipe=card.recipe,
            config=card.config,
            seed=card.seed,
            suite=suite,
            base=base,
            platform=card.platform or "",
            n=sizes[suite],
            asr=values["asr"],
            over_refusal=values["over_refusal"],
            j=values["j"],
        )
        for suite, values in found.items()
        if values.keys() == {"asr", "over_refusal", "j"}
    ]


def write_cells(cells: Iterable[Cell], path: Path) -> None:
    """Writes cells as CSV, a column per attribute."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in dataclasses.fields(Cell)])
        writer.writerows(dataclasses.astuple(cell) for cell in cells)


def read_cells(path: Path) -> list[Cell]:
    """Reads what ``write_cells`` wrote.

    Raises:
        DataError: No such file, or another one.
    """
    kinds = {"str": str, "int": int, "float": float}
    fields = {field.name: kinds[str(field.type)] for field in dataclasses.fields(Cell)}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [Cell(**{name: kind(row[name]) for name, kind in fields.items()}) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise DataError(
            f"{path} holds no rates by base ({broken!r}). Make it with: mirage gallery"
        ) from None


def find_cells(place: Path, study: str | None) -> tuple[str, list[Cell]]:
    """Reads cells wherever they lie: a store, a report, a folder of the gallery, or the file.

    Args:
        place: The file or folder.
        study: Of a store, which; None for the one shown by default.

    Returns:
        The name of the study, empty where the place does not say it, and the cells.

    Raises:
        ConfigError: There are none.
    """
    if (place / "plan").is_dir():
        place = place / "report" / (study or "quick")
    if (place / MANIFEST).is_file():
        return str(Manifest.read(place).settings["study"]["name"]), cells_of(place)
    path = place / FILE if place.is_dir() else place
    if not path.is_file():
        raise ConfigError(
            f"{place} is no finished report, no store and no folder with {FILE}. Name one of "
            "these, as in: mirage compare results"
        )
    return "", read_cells(path)
