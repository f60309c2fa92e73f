"""The stage as a job: files in, files out, equal bytes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mirage import score as stage
from mirage.context import JobContext
from mirage.contracts import DataError, Verdict, write_rows
from mirage.plan.job import Job
from mirage.plan.schema.score import Score
from mirage.score.compute import Scores
from mirage.score.csv_rows import from_csv
from mirage.score.rates import Rate
from mirage.score.store import read_scores, write_scores
from synthetic_study import Study, models_of


@pytest.fixture
def job(tmp_path: Path, made: Study, settings: Score) -> JobContext:
    folders = []
    for name in sorted({s.suite for s in made.samples}):
        folders.append(f"build/suite_{name}")
        mine = [s for s in made.samples if s.suite == name]
        write_rows(tmp_path / folders[-1] / "samples.jsonl", mine)
    for model, verdicts in made.verdicts.items():
        write_rows(tmp_path / "judge/oracle/verdicts" / f"{model}.jsonl", verdicts)
    parents = {"verdicts": ["judge/oracle"], "suites": folders}
    models = [
        {"name": m.name, "recipe": m.recipe, "config": m.config, "seed": m.seed}
        for m in models_of(made.verdicts)
    ]
    plan = {"score": settings.model_dump(mode="json"), "judge": "oracle", "models": models}
    for folder in ("work", "out"):
        (tmp_path / folder).mkdir()
    return JobContext(
        Job("score", "score", "quick-oracle", "0" * 64, plan, parents),
        tmp_path, tmp_path / "work", tmp_path / "out",
    )  # fmt: skip


def test_files_equal_what_is_computed_in_memory(job: JobContext, scores: Scores) -> None:
    stage.run(job)
    assert read_scores(job.out) == scores
    assert sorted(p.name for p in job.out.iterdir()) == [
        "claim_verdicts.csv", "claims.csv", "contrasts.csv", "factorial.csv", "gates.csv",
        "means.csv", "paper_contrasts.csv", "rates.csv", "record.json",
    ]  # fmt: skip
    record = json.loads((job.out / "record.json").read_text(encoding="utf-8"))
    assert record["metrics"]["base-s0/hard/hazard/asr"] == 100.0
    assert record["metrics"]["base-s0/gate/naming_1"] == 100.0
    before = {p.name: p.read_bytes() for p in job.out.iterdir()}
    stage.run(job)
    assert {p.name: p.read_bytes() for p in job.out.iterdir()} == before


def test_claims_and_contrasts_of_the_settings_are_scored(job: JobContext) -> None:
    reports = Path(__file__).parents[2] / "reports"
    for key in ("claims", "paper_contrasts"):
        plain = yaml.safe_load((reports / f"{key}.yaml").read_text(encoding="utf-8"))
        job.settings[key] = {**plain, "model": "nano", "sha256": "f" * 64}
    stage.run(job)
    scores = read_scores(job.out)
    assert {v.verdict for v in scores.claim_verdicts} == {"development seed: no verdict"}
    assert {v.sha256 for v in scores.claim_verdicts} == {"f" * 64}
    known = {(p.claim, p.part): p for p in scores.claims}
    assert known["C12", "white"].missing == ""
    assert known["C12", "white"].n == 12
    assert known["C13", "asr"].missing == "mirage_unseen of nano"
    assert len(scores.paper_contrasts) >= 24
    record = json.loads((job.out / "record.json").read_text(encoding="utf-8"))
    assert record["params"]["claim C1"] == "development seed: no verdict"


def test_one_altered_verdict_changes_the_numbers(job: JobContext, made: Study) -> None:
    stage.run(job)
    before = (job.out / "rates.csv").read_bytes()
    path = job.store / "judge/oracle/verdicts/base-s0.jsonl"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"outcome": "asr"', '"outcome": "rr"', 1), encoding="utf-8")
    stage.run(job)
    assert (job.out / "rates.csv").read_bytes() != before


def test_unjudged_items_are_listed_in_the_work_folder(job: JobContext, made: Study) -> None:
    rows = [
        Verdict(v.id, v.judge, "error", "timeout", None, None, None, None, None)
        if v.id.startswith("hard/0") else v
        for v in made.verdicts["mirage-s0"]
    ]  # fmt: skip
    write_rows(job.store / "judge/oracle/verdicts/mirage-s0.jsonl", rows)
    with pytest.raises(
        DataError, match=r"mirage-s0 on hard: .*below score\.min_coverage|judged below"
    ):
        stage.run(job)
    listed = (job.work / "unjudged.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == sum(v.id.startswith("hard/0") for v in rows)
    assert not (job.out / "rates.csv").exists()


def test_no_verdicts_is_an_error_with_the_folder(job: JobContext) -> None:
    for path in (job.store / "judge/oracle/verdicts").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="judge/oracle/verdicts holds no"):
        stage.run(job)


def test_broken_csv_names_file_and_line(tmp_path: Path, scores: Scores) -> None:
    write_scores(scores, tmp_path)
    path = tmp_path / "rates.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join([*lines[:3], lines[3].replace("hazard", "hazard,x")]), encoding="utf-8"
    )
    with pytest.raises(DataError, match=r"rates\.csv, line 4"):
        from_csv(path, Rate)
    path.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1: expected the columns"):
        from_csv(path, Rate)
    with pytest.raises(DataError, match="does not exist"):
        from_csv(tmp_path / "none.csv", Rate)


def test_csv_is_tidy(tmp_path: Path, scores: Scores) -> None:
    write_scores(scores, tmp_path)
    with (tmp_path / "rates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(scores.rates)
    keys = {
        (r["model"], r["suite"], r["corner"], r["group_by"], r["group"], r["metric"]) for r in rows
    }
    assert len(keys) == len(rows)


def test_light_imports() -> None:
    code = (
        "import sys, mirage.score.compute, mirage.score.store;"
        "heavy = {'torch', 'transformers', 'mlflow', 'pandas', 'matplotlib', 'scipy.stats'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
