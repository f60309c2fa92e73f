"""The stage as a job: files in, files out, equal bytes."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from mirage import score as stage
from mirage.context import JobContext
from mirage.contracts import DataError, Verdict, write_rows
from mirage.plan.job import Job
from mirage.plan.schema.score import Score
from mirage.score.compute import Scores
from mirage.score.csv_rows import from_csv
from mirage.score.frame import suites_of
from mirage.score.gates import GateResult
from mirage.score.means import means
from mirage.score.outcomes import read_outcomes
from mirage.score.rate_table import TEXTS, RateFile, rate_table, read_rate_table
from mirage.score.store import read_scores
from synthetic_study import Study, models_of


class Jobs:
    """The score jobs of the made-up study, over folders on disk."""

    def __init__(self, root: Path, made: Study, settings: Score) -> None:
        self.root, self.settings = root, settings
        self.cards = models_of(made.verdicts)
        self.suites = sorted({s.suite for s in made.samples})
        self.more: dict[str, Any] = {}
        for name in self.suites:
            rows = [s for s in made.samples if s.suite == name]
            write_rows(root / f"build/{name}/samples.jsonl", rows)
        for model, verdicts in made.verdicts.items():
            write_rows(root / f"judge/{model}/verdicts.jsonl", verdicts)
            write_rows(root / f"respond/{model}/responses.jsonl", made.responses[model])

    def context(self, kind: str, name: str, settings: Any, parents: Any) -> JobContext:
        work, out = self.root / "work" / name, self.root / "score" / name
        for folder in (work, out):
            folder.mkdir(parents=True, exist_ok=True)
        shared = {"score": self.settings.model_dump(mode="json"), "judge": "oracle"}
        job = Job("score", kind, name, "0" * 64, {**shared, **settings}, parents)
        return JobContext(job, self.root, work, out)

    def model(self, name: str) -> JobContext:
        (card,) = [card for card in self.cards if card.name == name]
        parents = {"verdicts": [f"judge/{name}"], "responses": [f"respond/{name}"]}
        parents["suites"] = [f"build/{suite}" for suite in self.suites]
        about = {"card": replace(card, platform="cpu-test").to_json(), "unseen": []}
        return self.context("model", name, about, parents)

    def study(self) -> JobContext:
        cards = [card.to_json() for card in self.cards]
        parents = {"scores": [f"score/{card}" for card in self.cards]}
        parents["suites"] = [f"build/{suite}" for suite in self.suites]
        return self.context("study", "quick-oracle", {"models": cards, **self.more}, parents)

    def run(self) -> JobContext:
        for card in self.cards:
            stage.run(self.model(card.name))
        whole = self.study()
        stage.run(whole)
        return whole


@pytest.fixture
def jobs(tmp_path: Path, made: Study, settings: Score) -> Jobs:
    return Jobs(tmp_path, made, settings)


def contents(*folders: Path) -> dict[str, bytes]:
    return {f"{f.name}/{p.name}": p.read_bytes() for f in folders for p in f.iterdir()}


def test_files_equal_what_is_computed_in_memory(jobs: Jobs, made: Study, scores: Scores) -> None:
    whole = jobs.run()
    read = read_scores(whole.out)
    assert list(read.rates) == scores.rates
    assert len(read.lengths) > 50
    assert replace(read, rates=scores.rates, lengths=[]) == scores
    model = whole.store / "score/base-s0"
    assert sorted(p.name for p in whole.out.iterdir()) == [
        "claim_verdicts.csv", "claims.csv", "contrasts.csv", "factorial.csv", "gates.csv",
        "lengths.csv", "means.csv", "paper_contrasts.csv", "rates.csv", "rates.parquet",
        "record.json",
    ]  # fmt: skip
    assert sorted(p.name for p in model.iterdir()) == [
        "gates.csv", "lengths.csv", "outcomes.parquet", "rates.parquet", "record.json",
    ]  # fmt: skip
    record = json.loads((model / "record.json").read_text(encoding="utf-8"))
    assert record["metrics"]["hard/hazard/asr"] == 100.0
    assert record["metrics"]["gate/naming_1"] == 100.0
    before = contents(model, whole.out)
    jobs.run()
    assert contents(model, whole.out) == before


def test_a_new_model_leaves_the_scores_of_the_others(
    tmp_path: Path, made: Study, settings: Score
) -> None:
    few = replace(made, verdicts={k: v for k, v in made.verdicts.items() if k != "mirage-s0"})
    jobs = Jobs(tmp_path, few, settings)
    jobs.run()
    before = contents(*(tmp_path / "score" / name for name in few.verdicts))
    more = Jobs(tmp_path, made, settings)
    stage.run(more.model("mirage-s0"))
    stage.run(more.study())
    assert contents(*(tmp_path / "score" / name for name in few.verdicts)) == before
    assert {r.model for r in read_scores(tmp_path / "score/quick-oracle").rates} == {*made.verdicts}


def test_a_study_is_compared_without_its_verdicts_and_answers(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.run()
    for stage_name in ("judge", "respond"):
        shutil.rmtree(jobs.root / stage_name)
    rates: list[str] = []

    def read(path: Path) -> Any:
        rates.append(path.parent.name)
        return read_rate_table(path)

    monkeypatch.setattr("mirage.score.stage.read_rate_table", read)
    stage.run(jobs.study())
    assert sorted(rates) == sorted(card.name for card in jobs.cards), "each file is read once"


IMPORTED = """
import json, sys
from pathlib import Path
from mirage import score
from mirage.context import JobContext
from mirage.plan.job import Job
root, job, work, out = map(Path, sys.argv[1:])
score.run(JobContext(Job.from_json(json.loads(job.read_text())), root, work, out))
print("pandas" in sys.modules)
"""


def test_a_study_is_compared_without_pandas(jobs: Jobs) -> None:
    """It would take longer to import than a hundred models' files to read."""
    whole = jobs.run()
    path = whole.work / "job.json"
    path.write_text(json.dumps(whole.job.to_json()), encoding="utf-8")
    folders = [jobs.root, path, whole.work, whole.out]
    command = [sys.executable, "-c", IMPORTED, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_texts_of_rates_are_read_once_each_and_plain_to_others(jobs: Jobs, scores: Scores) -> None:
    whole = jobs.run()
    tables = [read_rate_table(jobs.root / f"score/{card}/rates.parquet") for card in jobs.cards]
    assert all(len(table.column("suite").chunk(0).dictionary) < 12 for table in tables)
    for path in (whole.out / "rates.parquet", jobs.root / "score/base-s0/rates.parquet"):
        assert str(pq.read_table(path).schema.field("suite").type) == "string"
    # A file of plain texts, as an earlier version wrote it, has the same means.
    seeds = [rate_table([replace(r, seed=k) for r in scores.rates]) for k in (0, 1)]
    texts = [(name, pa.string()) for name in seeds[0].schema.names if name in TEXTS]
    numbers = [(f.name, f.type) for f in seeds[0].schema if f.name not in TEXTS]
    plain = [seed.select([n for n, _ in texts + numbers]) for seed in seeds]
    plain = [seed.cast(pa.schema(texts + numbers)) for seed in plain]
    assert means(plain) == means(seeds) != []


def test_outcomes_are_read_back_and_are_plain_columns_to_others(jobs: Jobs, made: Study) -> None:
    jobs.run()
    table = pq.read_table(jobs.root / "score/vlguard_r-s0/outcomes.parquet")
    by_id = {v.id: v.outcome for v in made.verdicts["vlguard_r-s0"]}
    ids, outcomes = table.column("id").to_pylist(), table.column("outcome").to_pylist()
    assert dict(zip(ids, outcomes, strict=True)) == by_id
    suites = suites_of([s for s in made.samples if s.suite == "hard"])
    path = jobs.root / "score/vlguard_r-s0/outcomes.parquet"
    (hard,) = read_outcomes(path, models_of(["vlguard_r-s0"])[0], suites)
    names = [hard.outcome.names[code] for code in hard.outcome.codes]
    assert names == [by_id[s.id] for s in suites["hard"].samples]
    with pytest.raises(DataError, match="items of suite hard, which has 3"):
        read_outcomes(path, hard.model, suites_of(list(suites["hard"].samples[:3])))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=r"outcomes\.parquet is missing or not what"):
        read_outcomes(path, hard.model, suites)


def test_claims_and_contrasts_of_the_settings_are_scored(jobs: Jobs) -> None:
    reports = Path(__file__).parents[2] / "reports"
    for key in ("claims", "paper_contrasts"):
        plain = yaml.safe_load((reports / f"{key}.yaml").read_text(encoding="utf-8"))
        jobs.more[key] = {**plain, "model": "nano", "sha256": "f" * 64}
    whole = jobs.run()
    scores = read_scores(whole.out)
    assert {v.verdict for v in scores.claim_verdicts} == {"no verdict"}
    assert {v.sha256 for v in scores.claim_verdicts} == {"f" * 64}
    known = {(p.claim, p.part): p for p in scores.claims}
    assert known["C12", "white"].missing == ""
    assert known["C12", "white"].n == 12
    assert known["C13", "asr"].missing == "mirage_unseen of nano"
    assert len(scores.paper_contrasts) >= 24
    record = json.loads((whole.out / "record.json").read_text(encoding="utf-8"))
    assert record["params"]["claim C1"] == "no verdict"


def test_one_altered_verdict_changes_the_numbers(jobs: Jobs) -> None:
    job = jobs.model("base-s0")
    stage.run(job)
    before = contents(job.out)
    path = jobs.root / "judge/base-s0/verdicts.jsonl"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"outcome": "asr"', '"outcome": "rr"', 1), encoding="utf-8")
    stage.run(job)
    after = contents(job.out)
    assert {name for name in before if before[name] != after[name]} >= {
        "base-s0/rates.parquet", "base-s0/outcomes.parquet",
    }  # fmt: skip


def test_unjudged_items_are_listed_in_the_work_folder(jobs: Jobs, made: Study) -> None:
    rows = [
        Verdict(v.id, v.judge, "error", "timeout", None, None, None, None, None)
        if v.id.startswith("hard/0") else v
        for v in made.verdicts["mirage-s0"]
    ]  # fmt: skip
    write_rows(jobs.root / "judge/mirage-s0/verdicts.jsonl", rows)
    job = jobs.model("mirage-s0")
    with pytest.raises(
        DataError, match=r"mirage-s0 on hard: .*below score\.min_coverage|judged below"
    ):
        stage.run(job)
    listed = (job.work / "unjudged.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == sum(v.id.startswith("hard/0") for v in rows)
    assert not (job.out / "rates.parquet").exists()


def test_no_verdicts_is_an_error_with_the_file(jobs: Jobs) -> None:
    (jobs.root / "judge/base-s0/verdicts.jsonl").unlink()
    with pytest.raises(DataError, match=r"judge/base-s0/verdicts\.jsonl does not exist"):
        stage.run(jobs.model("base-s0"))


def test_rates_leave_in_one_tidy_file(jobs: Jobs, scores: Scores) -> None:
    whole = jobs.run()
    with (whole.out / "rates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    asked = "model recipe seed suite corner metric group_by group n value low high coverage judge"
    assert {*asked.split(), "platform"} <= set(rows[0])
    assert {(r["judge"], r["platform"]) for r in rows} == {("oracle", "cpu-test")}
    keys = {
        (r["model"], r["suite"], r["corner"], r["group_by"], r["group"], r["metric"]) for r in rows
    }
    assert len(keys) == len(rows) == len(scores.rates)
    plain = pq.read_table(whole.out / "rates.parquet").to_pylist()
    assert [(r["model"], r["metric"], r["value"]) for r in plain] == [
        (r["model"], r["metric"], float(r["value"]) if r["value"] else None) for r in rows
    ]


def test_broken_files_name_file_and_line(jobs: Jobs) -> None:
    whole = jobs.run()
    path = whole.out / "gates.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:3], lines[3] + ",x"]), encoding="utf-8")
    with pytest.raises(DataError, match=r"gates\.csv, line 4"):
        from_csv(path, GateResult)
    path.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1: expected the columns"):
        from_csv(path, GateResult)
    with pytest.raises(DataError, match="does not exist"):
        from_csv(whole.out / "none.csv", GateResult)
    (whole.out / "rates.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="no Parquet file"):
        RateFile(whole.out / "rates.parquet")


def test_light_imports() -> None:
    code = (
        "import sys, mirage.score.compute, mirage.score.store;"
        "heavy = {'torch', 'transformers', 'mlflow', 'pandas', 'matplotlib', 'scipy.stats'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_items_without_kind_are_counted(
    tmp_path: Path, made: Study, settings: Score, capsys: pytest.CaptureFixture[str]
) -> None:
    first = next(s for s in made.samples if s.suite == "general")
    nameless = replace(first, truth={})
    said = replace(made.verdicts["base-s0"][0], id=first.id, status="unjudged", outcome=None)
    few = replace(
        made,
        samples=[nameless if s is first else s for s in made.samples],
        verdicts={"base-s0": [said if v.id == first.id else v for v in made.verdicts["base-s0"]]},
    )
    stage.run(Jobs(tmp_path, few, settings).model("base-s0"))
    record = json.loads((tmp_path / "score/base-s0/record.json").read_text(encoding="utf-8"))
    counts = {k: v for k, v in record["metrics"].items() if "items_without_kind" in k}
    assert counts == {"general/items_without_kind": 1}
    assert "general: 1 items have no truth.kind" in capsys.readouterr().err
