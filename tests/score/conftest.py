"""The committed settings of the stage, and one made-up study."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mirage.plan.schema.score import Score
from mirage.score.compute import Scores
from synthetic_study import Study, scored, study

CONF = Path(__file__).parents[2] / "conf" / "score" / "default.yaml"


@pytest.fixture(scope="session")
def settings() -> Score:
    plain = yaml.safe_load(CONF.read_text(encoding="utf-8"))
    return Score.model_validate({**plain, "n_resamples": 300})


@pytest.fixture(scope="session")
def made() -> Study:
    return study()


@pytest.fixture(scope="session")
def scores(made: Study, settings: Score) -> Scores:
    return scored(made.samples, made.verdicts, settings)
