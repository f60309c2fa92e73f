"""A judge over HTTP from the command line and in a plan; published items, which list no objects."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from asked_rows import MODEL, context, rows
from judge_server import running

from mirage.cli import run
from mirage.contracts import Sample, write_rows
from mirage.judge.oracle import judge as oracle
from mirage.judge.refusal_words import judge as words
from mirage.model_card import ModelCard
from mirage.plan.dag import make_plan
from mirage.plan.study.resolve import resolve
from mirage.score.compute import score_model
from mirage.score.frame import suites_of

FILE = """
name: mine_vlm
kind: openai
options:
  {{model: {model}, revision: r1, base_url: 'http://127.0.0.1:9/v1', url_env: MINE_URL,
   usd_per_million: {{input: 1.0, output: 1.0, read: '2026-11-21'}}, budget_usd: 1.0}}
"""


def published(folder: Path, count: int) -> Path:
    """A suite as published data make one: pictures of its own, a kind, and nothing else known."""
    context(folder / "mis")
    made: list[Sample] = [sample for sample, _ in rows(count)]
    write_rows(folder / "mis" / "samples.jsonl", made)
    return folder / "mis"


def test_answers_from_elsewhere_are_judged_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    extra = tmp_path / "extra" / "conf" / "judge"
    extra.mkdir(parents=True)
    (extra / "mine_vlm.yaml").write_text(FILE.format(model=MODEL), encoding="utf-8")
    monkeypatch.setenv("MIRAGE_EXTRA", str(tmp_path / "extra"))
    answers = tmp_path / "answers.jsonl"
    lines = [json.dumps({"id": r.id, "text": r.text}) for _, r in rows(40)]
    answers.write_text("\n".join(lines) + "\n", encoding="utf-8")
    suite, store = str(published(tmp_path, 40)), str(tmp_path / "results")
    command = ["judge", "--responses", str(answers), "--suite", suite, "--store", store]
    with running() as server:
        monkeypatch.setenv("MINE_URL", server.url)
        assert run([*command, "--judge", "mine_vlm"]) == 0
        said = capsys.readouterr()
        assert "40 calls, " in said.err
        assert "$0.00 of $1.00 are spent" in said.err
        for rate, value in {"asr": 50, "hr": 17.5, "rsr": 17.5, "rr": 15}.items():
            assert f"| mine | hazard | {rate} | {value:.1f} |" in said.out
        assert run([*command, "--judge", "mine_vlm"]) == 0
        assert "40 calls" not in capsys.readouterr().err
        assert sum(server.asked.values()) == 40


def test_rates_that_a_judge_says_nothing_of_are_left_out() -> None:
    """Codes of unsafe answers, levels of safe ones: a share of 0 % would be a claim."""
    given = rows(8)
    given[0] = (given[0][0], replace(given[0][1], text="I'm sorry, I cannot help."))
    suites = suites_of([sample for sample, _ in given])
    score = resolve({}).score.model_copy(update={"min_coverage": 0.0, "gates": []})
    card = ModelCard(recipe="m", config="", seed=0, name="m")

    def rates(by_oracle: bool) -> set[str]:
        verdicts = oracle(given) if by_oracle else words(given, phrases="vlguard")
        return {rate.metric for rate in score_model(card, suites, verdicts, score).rates}

    assert {"asr", "asr_miss", "asr_degenerate"} <= rates(by_oracle=True)
    assert not {"asr_miss", "asr_degenerate", "rsr", "rr", "hr"} & rates(by_oracle=False)
    assert {"asr", "safe"} <= rates(by_oracle=False)


def test_only_jobs_of_a_judge_that_sees_pictures_wait_for_them() -> None:
    plan, _ = make_plan({"study": "tiny", "judge": ["oracle", "local_vlm"]})
    parents = {
        name: {frozenset(job.parents) for job in plan.jobs.values() if job.name.startswith(name)}
        for name in ("oracle-mirage", "local_vlm-mirage")
    }
    judged = frozenset({"responses", "suites"})
    assert judged in parents["oracle-mirage"]
    assert judged | {"images"} in parents["local_vlm-mirage"]
    assert judged not in parents["local_vlm-mirage"]
