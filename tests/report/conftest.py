"""Report data of the made-up study, with and without hostile texts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml
from PIL import Image

from mirage.plan.schema.report import Report
from mirage.plan.schema.score import Score
from mirage.report import nano
from mirage.report.build import BLOCKS
from mirage.report.data import BASE, ModelInfo, RecipeInfo, ReportData, StudyInfo
from mirage.report.load import hazard_rows
from synthetic_study import PROFILES, scored, study

CONF = Path(__file__).parents[2] / "conf"
PLAIN = tuple(name for name in BLOCKS if name not in nano.MAKERS or name == "table12")
"""What the made-up study has the suites for; test_nano makes the rest from a wider one."""

OURS = ("mirage_single_image", "mirage_twins")
RECIPES = tuple(
    RecipeInfo(
        name,
        name.replace("mirage", "MIRage").replace("_", " "),
        "mirage" if name.startswith("mirage_") else None,
        None,
        name in OURS,
    )
    for name in PROFILES
    if name != "base"
)
TRAINED = tuple(ModelInfo(recipe, "nano", 0, f"{recipe.name}-s0") for recipe in (BASE, *RECIPES))


def make_data(hostile: bool) -> ReportData:
    made = study(pairs=6, items=1, hostile=hostile)
    plain = yaml.safe_load((CONF / "score" / "default.yaml").read_text(encoding="utf-8"))
    report = yaml.safe_load((CONF / "report" / "default.yaml").read_text(encoding="utf-8"))
    picture = io.BytesIO()
    Image.new("RGB", (32, 32), (200, 120, 30)).save(picture, "PNG")
    return ReportData(
        study=StudyInfo(
            name="quick",
            mode="as_published",
            trained=TRAINED,
            suites=("easy", "hard", "real"),
            tables=PLAIN,
        ),
        settings=Report.model_validate(report),
        scores=scored(made.samples, made.verdicts, Score.model_validate({**plain, "draws": 200})),
        samples=tuple(made.samples),
        verdicts={name: {v.id: v for v in rows} for name, rows in made.verdicts.items()},
        responses={name: {r.id: r.text for r in rows} for name, rows in made.responses.items()},
        images={(s.suite, path): picture.getvalue() for s in made.samples for path in s.images},
        hazards=hazard_rows(),
    )


@pytest.fixture(scope="session")
def data() -> ReportData:
    return make_data(hostile=False)


@pytest.fixture(scope="session")
def hostile() -> ReportData:
    return make_data(hostile=True)
