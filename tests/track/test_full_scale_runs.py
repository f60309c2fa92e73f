"""Runs of models on published data: their numbers, and what the study's run says first."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from track_store import Made, model_of

from mirage.track.facts import metrics
from mirage.track.family import Family, ModelRun
from mirage.track.note import BEYOND_NANO, LEGEND, note
from mirage.track.tables import FULL_SCALE, HEADLINES, answers, headlines, write_answers

RATES = {
    "mis_hard/hazard/asr": 12.5,
    "mis_hard/hazard/rsr": 80.0,
    "mss_chat/benign/useful": 87.0,
    "mossbench/benign/over_refusal": 20.0,
    "mmstar/accuracy": 61.0,
}


def measured(model: ModelRun, **card: Any) -> ModelRun:
    """A model whose scores recorded ``RATES``."""
    assert model.score
    path = model.store / model.score / "record.json"
    path.write_text(json.dumps({"metrics": RATES}), encoding="utf-8")
    return replace(model, card={**model.card, **card})


def family_of(models: list[ModelRun]) -> Family:
    first = models[0]
    made = Family(first.store, "paper", first.platform, report="report/paper-0")
    made.models = {model.key: model for model in models}
    made.shown = list(made.models)
    return made


def test_suites_without_twins_have_metrics_too(made: Made) -> None:
    found = metrics(measured(model_of(made, "mirage-s0"), world_answers=False))
    assert (found["asr_mis_hard"], found["rsr_mis_hard"]) == (12.5, 80.0)
    assert (found["helped_mss_chat"], found["over_refusal_mossbench"]) == (87.0, 20.0)
    assert found["accuracy_mmstar"] == 61.0


def test_nano_models_keep_theirs(made: Made) -> None:
    found = metrics(measured(model_of(made, "mirage-s0")))
    assert found
    assert not any(name.endswith(("mis_hard", "mss_chat", "mmstar")) for name in found)


def test_the_note_shows_what_there_is(made: Made, tmp_path: Path) -> None:
    names = ("base-s0", "mirage-s0")
    models = [measured(model_of(made, name), world_answers=False) for name in names]
    rows = answers(family_of(models))
    columns = ("asr_mis_hard", "helped_mss_chat", "over_refusal_mossbench")
    assert headlines(rows) == columns
    assert set(columns) < set(FULL_SCALE)
    runs = {model.key: f"run{place}" for place, model in enumerate(models)}
    text = note(family_of(models), rows, {**runs, family_of(models).key: "top"}, "#/x", "#/y")
    assert "over-refusal mossbench" in text
    assert "| 12.5 | 87.0 | 20.0 |" in text
    assert BEYOND_NANO in text
    assert "Nano" not in text and "sorted by J" not in text
    write_answers(rows, tmp_path / "answer.json")
    plain = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert plain["columns"][3:6] == list(columns)
    assert plain["data"][0][3:6] == [12.5, 87.0, 20.0]


def test_the_note_of_a_nano_study_is_as_ever(made: Made) -> None:
    models = [model_of(made, "mirage-s0")]
    rows = answers(family_of(models))
    assert headlines(rows) == HEADLINES
    runs = {models[0].key: "run", family_of(models).key: "top"}
    text = note(family_of(models), rows, runs, "#/x", "#/y")
    assert "| recipe | ASR | over-refusal | J | J, lowest to highest | skills | models |" in text
    assert LEGEND in text
