"""The tables of training sets count the data as built, not as planned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from wide_data import data_of

from build_settings import load, recipe_samples
from mirage.build.dataset import DataSet
from mirage.plan.artifact import Manifest
from mirage.plan.schema.recipe import Recipe
from mirage.plan.study.hold_out import rotated
from mirage.report.blocks import Number, Table, Text
from mirage.report.data import ReportData
from mirage.report.load import trainings_of
from report_exhibits import block_named
from synthetic_wide import card, wide


def _built(store: Path, recipe: str) -> Path:
    """Builds a recipe's data for seed 0 and returns the folder of a model tuned on them."""
    settings: dict[str, Any] = Recipe.model_validate(load(f"recipe/{recipe}.yaml")).model_dump(
        mode="json"
    )
    data = settings["data"]
    data["hold_out"]["categories"] = rotated(data["hold_out"].pop("rotate_categories"), 0)
    rows = recipe_samples(load("world/household.yaml"), data, recipe, 0)
    home, model = store / "build" / recipe, store / "tune" / recipe
    home.mkdir(parents=True)
    model.mkdir(parents=True)
    DataSet(rows).write(home)
    block = {"recipe": {"name": recipe, "data": data}}
    Manifest("build", "train", recipe, "0" * 64, block, {}, "code", {}).write(home)
    made = {"data": [f"build/{recipe}"]}
    Manifest("tune", "recipe", recipe, "1" * 64, settings, made, "code", {}).write(model)
    return model


@pytest.fixture(scope="module")
def study() -> ReportData:
    """A study of recipes; what they were trained on is still to be set."""
    names = ("base", "twins_unseen", "mirage", "vlguard_p", "textual_sft_plus")
    return data_of(wide([card(name) for name in names], 2, ("hard",)), "paper", ("data",))


@pytest.mark.parametrize(
    ("recipe", "counts"),
    [
        ("twins_unseen", (3118, 1309, 1309, 500)),  # two of six categories leave both sides
        ("mirage", (4427, 3927, 0, 500)),
        ("vlguard_p", (3000, 2000, 1000, 0)),  # benign items without a truth
        ("textual_sft_plus", (3500, 2000, 1000, 500)),
    ],
)
def test_items_are_counted_in_the_built_data(
    study: ReportData, tmp_path: Path, recipe: str, counts: tuple[int, ...]
) -> None:
    trained = trainings_of([_built(tmp_path, recipe)])
    table = block_named("data_training", replace(study, trainings=trained))
    assert isinstance(table, Table)
    (row,) = table.rows
    assert isinstance(row[0], Text)
    assert tuple(cell.value for cell in row[1:5] if isinstance(cell, Number)) == counts
