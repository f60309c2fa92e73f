"""Suites of kind ``lmms``: one job a model asks and marks them, and its marks reach the scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError
from test_asked_base import put

from mirage.context import ConfigError
from mirage.plan.job import Job
from mirage.plan.jobs import plan_jobs
from mirage.plan.packages import pins
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.schema.suite import LMMS, Suite
from mirage.plan.site import read_site
from mirage.plan.study.compose import CONF, Conf
from mirage.plan.study.resolve import resolve
from planned_jobs import jobs_of

Plan = Callable[..., dict[str, Job]]
STUDY = {"study": "tiny", "suite": ["hard", "mmstar", "mmt_bench"], "recipe": ["mirage"]}
PUBLISHED = {"mmstar": 1500, "mmmu": 900, "muirbench": 2600, "mmt_bench": 3127, "q_bench": 1495}


def test_the_papers_benchmarks_are_there_in_the_papers_sizes() -> None:
    files = [yaml.safe_load(path.read_text()) for path in (CONF / "suite").glob("*.yaml")]
    suites = [Suite.model_validate(plain) for plain in files if plain["kind"] == LMMS]
    assert {suite.name: suite.expect for suite in suites} == PUBLISHED


def test_each_compared_model_has_one_job_of_its_own(plan: Plan) -> None:
    jobs = plan(**STUDY)
    general = [name for name in jobs if name.startswith("respond/general-")]
    assert general == ["respond/general-base-tiny-s0", "respond/general-mirage-tiny-s0"]
    job, answers = jobs[general[1]], jobs["respond/mirage-tiny-s0"]
    assert (job.kind, job.environment) == ("general", "lmms")
    assert job.parents["model"] == answers.parents["model"]
    assert answers.settings["suites"] == ["hard", "fit_mirage_s0"]
    assert job.packages["lmms-eval"] == pins(("lmms",))["lmms-eval"]
    asked = job.settings["harness"]["mmt_bench"]
    assert (asked["task"], asked["model"], asked["out_of"]) == ("mmt_mi_val", "internvl_hf", 100)


def test_its_marks_reach_the_judges_and_the_scores(plan: Plan) -> None:
    jobs = plan(**STUDY)
    general = jobs["respond/general-mirage-tiny-s0"]
    verdicts = jobs["judge/oracle-mirage-tiny-s0"]
    assert verdicts.parents["harness"] == [general.folder]
    scored = jobs["score/oracle-mirage-tiny-s0"].parents["suites"]
    assert set(general.parents["suites"]) < set(scored)
    assert set(general.parents["suites"]) < set(jobs["report/tiny"].parents["suites"])
    assert "harness" not in jobs["judge/oracle-placebo-tiny-s0"].parents
    assert "world" not in jobs["build/mmstar"].settings, "so a report knows published data"


def test_other_suites_of_the_study_keep_their_ids(plan: Plan) -> None:
    jobs, without = plan(**STUDY), plan(study="tiny", suite=["hard"], recipe=["mirage"])
    for name in ("build/hard", "respond/mirage-tiny-s0", "judge/oracle-placebo-tiny-s0"):
        assert jobs[name].id == without[name].id


def test_a_base_asked_in_another_way_is_not_asked_by_lmms_eval(conf: Conf) -> None:
    put(conf, "asked")
    jobs = jobs_of(resolve({**STUDY, "recipe": ["asked"]}, conf))
    assert "respond/general-base-tiny-s0" in jobs
    assert "respond/general-asked-tiny-s0" not in jobs
    assert jobs["respond/asked-tiny-s0"].settings["suites"] == ["hard"]


def test_a_trial_asks_fewer(plan: Plan, conf: Conf) -> None:
    path = conf.root / "suite/mmstar.yaml"
    path.write_text(path.read_text() + "limit: 20\n")
    jobs = jobs_of(resolve(STUDY, conf))
    assert jobs["build/mmstar"].settings["suite"]["items"] == 20
    assert jobs["respond/general-base-tiny-s0"].settings["harness"]["mmstar"]["limit"] == 20


def test_without_its_environment_a_plan_is_shown_and_no_run_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"\.venv-lmms/bin/python is not there.*env-lmms"):
        plan_jobs(resolve(STUDY), lambda *_: "v", read_site())
    rehearsal = Rehearsal()
    plan_jobs(resolve(STUDY), lambda *_: "v", read_site(), rehearsal)
    assert "make env-lmms" in "\n".join(rehearsal.lines())


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"kind": "lmms", "expect": 3}, "needs a harness"),
        ({"kind": "hard", "harness": {"task": "t", "metric": "m"}}, "no other kind takes one"),
        ({"kind": "lmms", "harness": {"task": "t", "metric": "m"}}, "needs expect"),
        ({"kind": "lmms", "expect": 3, "harness": {"task": "a,b", "metric": "m"}}, "task"),
    ],
)
def test_settings_that_cannot_be(keys: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Suite.model_validate({"name": "mine", **keys})
