"""docs/tour.md shows what the suite makes: samples, pictures, verdicts, rates and the cell."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
import tour_sample
from PIL import Image

from mirage.contracts import Response, Sample, TrainSample, to_line
from mirage.judge.oracle import verdict
from mirage.pictures import Pictures

ROOT = tour_sample.ROOT
PAGE = (ROOT / "docs/tour.md").read_text(encoding="utf-8")
BLOCKS: list[dict[str, Any]] = [json.loads(b) for b in re.findall(r"```json\n(.*?)```", PAGE, re.S)]
MODELS = ("Base", "MIRage", "MIRage + twins")

Made = tuple[dict[str, Sample], TrainSample, Pictures]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    quad, first, pictures = tour_sample.make_tour(tmp_path_factory.mktemp("store"))
    return {sample.id: sample for sample in quad}, first, pictures


def test_samples_are_what_build_makes(made: Made) -> None:
    quad, first, _ = made
    wanted = {sample.id: json.loads(to_line(sample)) for sample in [*quad.values(), first]}
    shown = [block for block in BLOCKS if "question" in block]
    assert len(shown) == 3
    for block in shown:
        assert block == wanted[block["id"]]
    assert next(iter(quad)) == shown[0]["id"]  # the first of the suite: nothing was picked


def test_pictures_are_what_build_draws(made: Made) -> None:
    quad, _, pictures = made
    shown = {Path(name).name for name in re.findall(r"\((pictures/tour/[^)]+)\)", PAGE)}
    names = {Path(name).name: name for sample in quad.values() for name in sample.images}
    assert shown and shown == names.keys() & shown
    for name in shown:
        with Image.open(tour_sample.PICTURES / name) as committed:
            assert committed.convert("RGB").tobytes() == (
                tour_sample.shown(pictures, names[name]).tobytes()
            )


def test_verdicts_are_the_oracle_s(made: Made) -> None:
    quad, _, _ = made
    answers = [Response(**block) for block in BLOCKS if "text" in block]
    judged = [verdict(quad[answer.id], answer) for answer in answers]
    (told,) = [block for block in BLOCKS if "outcome" in block]
    assert told in [json.loads(to_line(each)) for each in judged]
    rows = re.findall(
        r"^\| seed (\d) \| ([^|]+) \| `(\w+)` \| `(\w+)` \| `(\w+)` \| `(\w+)` \|", PAGE, re.M
    )
    assert [row[:2] for row in rows] == [*[("2", name) for name in MODELS], ("1", "MIRage")]
    quoted = {(each.id.rpartition("-")[2], each.outcome, each.raw["reading"]) for each in judged}
    told = {("hazard", *row[2:4]) for row in rows} | {("twin_trigger", *row[4:]) for row in rows}
    assert quoted <= told


def test_rates_and_cells_are_those_of_the_gallery() -> None:
    with (ROOT / "reports/gallery/cells.csv").open(encoding="utf-8", newline="") as file:
        cells = {
            row["recipe"]: row
            for row in csv.DictReader(file)
            if row["suite"] == "hard" and row["seed"] == "2"
        }
    rows = re.findall(r"^(\w+)-s2,hard,\w+,(\w+),([\d.]+),\d+,", PAGE, re.M)
    assert len(rows) == 4
    for recipe, metric, value in rows:
        assert float(cells[recipe][metric]) == float(value)
    table = (ROOT / "reports/gallery/discrimination.md").read_text(encoding="utf-8").splitlines()
    lines = [line for line in PAGE.splitlines() if line.startswith(("| model | easy", "| MIRage"))]
    assert len(lines) == 3 and set(lines) <= set(table)
