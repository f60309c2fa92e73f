"""General benchmarks: a program with the command line and files of lmms-eval asks and marks."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import fake_lmms_eval
import pytest
import yaml

from mirage import build, judge, respond
from mirage.context import ConfigError, JobContext
from mirage.contracts import DataError, Response, Verdict, read_rows, write_rows
from mirage.model_card import ModelCard
from mirage.plan.job import Job
from mirage.plan.schema.score import Score
from mirage.plan.study.compose import CONF
from mirage.respond.lmms.program import command
from mirage.score.compute import score_model
from mirage.score.frame import suites_of
from mirage.score.store import read_samples

HARNESS: dict[str, dict[str, Any]] = {
    "mmstar": {"task": "mmstar", "metric": "average", "out_of": 1},
    "mmmu": {"task": "mmmu_val", "metric": "mmmu_acc", "out_of": 1},
    "mmt_bench": {"task": "mmt_mi_val", "metric": "accuracy", "out_of": 100},
}
ASKED = {"model": "internvl_hf", "arguments": {"max_patches": 4}, "batch_size": 1}


@pytest.fixture(autouse=True)
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [*fake_lmms_eval.install(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, places)))
    monkeypatch.setenv("HF_TOKEN", "a key that stays here")


def go_wrong(monkeypatch: pytest.MonkeyPatch, **how: Any) -> None:
    monkeypatch.setenv(fake_lmms_eval.SAID, json.dumps(how))


def context(store: Path, items: int = 3, suites: tuple[str, ...] = tuple(HARNESS)) -> JobContext:
    for name in suites:
        about = {"kind": "suite", "suite": {"name": name, "kind": "lmms", "items": items}}
        entries = {"suite": "mirage.build.lmms:lmms_suite"}
        job = Job("build", "suite", name, "0" * 64, about, {}, entries=entries)
        out = store / "build" / name
        out.mkdir(parents=True, exist_ok=True)
        build.run(JobContext(job, store, store / "work", out))
    job = Job(
        "respond",
        "general",
        "general-toy",
        "0" * 64,
        {"harness": {name: HARNESS[name] | ASKED for name in suites}, "threads": 1},
        {"model": ["tune/toy"], "suites": [f"build/{name}" for name in suites]},
        entries={"harness": "mirage.respond.lmms.benchmarks:evaluate"},
    )
    work, out = store / "work/first", store / "respond/general"
    for folder in (work, out, store / "tune/toy"):
        folder.mkdir(parents=True, exist_ok=True)
    return JobContext(job, store, work, out)


def verdicts(ctx: JobContext) -> dict[str, Verdict]:
    return {each.id: each for each in read_rows(ctx.out / "verdicts.jsonl", Verdict)}


def test_every_item_is_right_or_wrong_as_the_task_itself_counts(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    respond.run(ctx)
    made = verdicts(ctx)
    for suite in HARNESS:
        outcomes = [made[f"{suite}/{at}"].outcome for at in range(3)]
        assert outcomes == ["correct", "wrong", "correct"]
    assert made["mmmu/1"].judge == "lmms-eval 0.7.3"
    assert made["mmmu/1"].raw["task"] == "mmmu_val"
    answers = read_rows(ctx.out / "responses.jsonl", Response)
    assert [(a.id, a.text, a.n_tokens) for a in answers[:2]] == [
        ("mmstar/0", "A", 2),
        ("mmstar/1", "B", 2),
    ]
    record = json.loads((ctx.out / "record.json").read_text())
    assert record["metrics"]["mmstar_score"] == pytest.approx(0.75)  # the mean of two categories
    assert record["metrics"]["mmt_bench_score"] == pytest.approx(2 / 3, abs=1e-4)
    assert record["params"]["mmstar_lmms_eval"] == "0.7.3"
    questions = {name: record["params"][f"{name}_questions"] for name in HARNESS}
    assert len(set(questions.values())) == 3  # each task has prompts of its own


def test_the_rates_are_those_of_the_marks(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    respond.run(ctx)
    write_rows(tmp_path / "respond/toy/responses.jsonl", [])
    job = Job(
        "judge",
        "judge",
        "oracle-toy",
        "0" * 64,
        {"judge": {"name": "oracle", "options": {}, "model": "toy"}},
        {"responses": ["respond/toy"], "suites": [], "harness": ["respond/general"]},
        entries={"judge": "mirage.judge.oracle:judge"},
    )
    out = tmp_path / "judge/toy"
    out.mkdir(parents=True)
    judge.run(JobContext(job, tmp_path, tmp_path / "work", out))
    rows = read_rows(out / "verdicts.jsonl", Verdict)
    assert [row.id for row in rows] == list(verdicts(ctx))
    suites = suites_of(read_samples([tmp_path / "build" / name for name in HARNESS]))
    settings = yaml.safe_load((CONF / "score/default.yaml").read_text(encoding="utf-8"))
    few = Score.model_validate({**settings, "n_resamples": 300})
    scores = score_model(ModelCard("base", "toy", 0, "toy"), suites, rows, few)
    found = [r for r in scores.rates if (r.suite, r.metric) == ("mmmu", "accuracy")]
    assert [(r.value, r.n) for r in found] == [(pytest.approx(200 / 3), 3)]
    assert found[0].low < found[0].value < found[0].high


def test_a_task_that_is_done_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_wrong(monkeypatch, fails="mmmu_val")
    ctx = context(tmp_path)
    with pytest.raises(DataError, match=r"left 0 results.*general_benchmarks\.md"):
        respond.run(ctx)
    go_wrong(monkeypatch, fails="mmstar")
    later = tmp_path / "work/second"
    later.mkdir()
    respond.run(dataclasses.replace(ctx, work=later, earlier={ctx.work: True}))
    assert len(verdicts(ctx)) == 9
    assert not (later / "lmms_eval/mmstar").exists()


def test_its_error_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_wrong(monkeypatch, fails="mmstar")
    with pytest.raises(DataError, match="Couldn't reach 'Lin-Chen/MMStar'"):
        respond.run(context(tmp_path))


def test_what_is_not_marked_is_unjudged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_wrong(monkeypatch, unscored=1, dropped=2)
    ctx = context(tmp_path, suites=("mmstar",))
    respond.run(ctx)
    states = [(v.status, v.reason) for v in verdicts(ctx).values()]
    assert states == [
        ("judged", ""),
        ("unjudged", "lmms-eval gave no score"),
        ("unjudged", "lmms-eval left it out"),
    ]


def test_an_error_that_its_class_only_logs_is_no_wrong_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_wrong(monkeypatch, silent=0)
    ctx = context(tmp_path, suites=("mmstar",))
    respond.run(ctx)
    states = [(v.status, v.reason) for v in verdicts(ctx).values()]
    assert states == [
        ("unjudged", "the model failed in lmms-eval"),
        ("judged", ""),
        ("judged", ""),
    ]


def test_a_model_that_answers_nothing_ends_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_wrong(monkeypatch, silent="all")
    with pytest.raises(DataError, match="answered none of 3 items"):
        respond.run(context(tmp_path, suites=("mmstar",)))


def test_marks_that_do_not_give_its_score_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_wrong(monkeypatch, more=0.01)
    with pytest.raises(DataError, match=r"give a average of 0\.75, but lmms-eval reported 0\.76"):
        respond.run(context(tmp_path, suites=("mmstar",)))


def test_a_benchmark_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"items that the suite's 2 do not hold \(1, mmstar/2"):
        respond.run(context(tmp_path, items=2, suites=("mmstar",)))


def test_its_command_line() -> None:
    words = command(Path("/store/tune/toy"), HARNESS["mmmu"] | ASKED | {"limit": 20})
    assert " ".join(words[1:]) == (
        "-m lmms_eval --model internvl_hf --model_args pretrained=/store/tune/toy,max_patches=4"
        " --tasks mmmu_val --batch_size 1 --process_docs_parallel 1 --log_samples --limit 20"
    )
    with pytest.raises(ConfigError, match=r"cannot be given pretrained=/a,b"):
        command(Path("/a,b"), HARNESS["mmmu"] | ASKED)
