"""A changed key changes the ids of exactly the jobs it reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mirage.files import canonical
from mirage.plan.adoption import adoption_key
from mirage.plan.job import STAGES, Job, identified
from mirage.plan.study.resolve import resolve
from planned_jobs import jobs_of

Plan = Callable[..., dict[str, Job]]

ANSWERED = {"respond/{0}-s0", "judge/oracle-{0}-s0", "score/oracle-{0}-s0"}
TUNED = {"tune/{0}-s0", *ANSWERED}
CHAIN = {"build/{0}-s0", "build/fit_{0}-s0", *TUNED}
END = {"score/quick-oracle", "report/quick"}


def of(names: set[str], *recipes: str) -> set[str]:
    return {name.format(recipe) for name in names for recipe in recipes}


def changed(before: dict[str, Job], after: dict[str, Job]) -> set[str]:
    assert set(before) == set(after)
    return {name for name in before if before[name].id != after[name].id}


def test_the_default_study_has_its_jobs(plan: Plan) -> None:
    jobs = plan()
    stages = [job.stage for job in jobs.values()]
    assert stages.count("tune") == stages.count("respond") == 18  # three bases, five recipes each
    assert [stages.count(stage) for stage in ("judge", "score", "report")] == [18, 19, 1]
    base = jobs["tune/base-s0"]
    assert base.kind == "base"
    assert base.threads == base.settings["threads"] == 1
    mirage = jobs["tune/mirage-s0"]
    assert mirage.parents["base"] == [base.folder]
    assert jobs["build/images"].parents == {}
    asked = jobs["respond/mirage-s0"].settings["suites"]
    assert "fit_mirage_s0" in asked
    assert "gates" not in asked
    placebo = plan(study="paper")["respond/placebo-s0"]
    assert placebo.settings["suites"] == ["placebo", "fit_placebo_s0"]


def test_parents_stand_before_children_and_ids_check(plan: Plan) -> None:
    seen: set[str] = set()
    for job in plan().values():
        assert {p for many in job.parents.values() for p in many} <= seen
        seen.add(job.folder)
        assert job == identified(job)


@pytest.mark.parametrize(
    ("override", "want"),
    [
        ("recipe.mirage.data.unsafe=100", of(CHAIN, "mirage") | END),
        ("recipe.mirage.tune.epochs=9", of(TUNED, "mirage") | END),
        ("recipe.mirage.title=other", {"report/quick"}),
        ("recipe.mirage_twins.factor=other", {"report/quick"}),
        ("suite.hard.title=other", set()),
        ("suite.hard.models=[mirage]", None),
        ("score.n_resamples=300", None),
        ("score.contrasts=[]", END),
        ("report.gallery.quads=1", {"report/quick"}),
        ("track.experiment=other", set()),
        ("tune.checkpoint_every=5", set()),
        ("model.base.checkpoint_every=10", set()),
        ("model.resources.recipe.memory_mb=9000", set()),
        ("build.base_samples=10", None),
        ("suite.hard.kind=real", None),
    ],
)
def test_exactly_the_affected_jobs_change(plan: Plan, override: str, want: set[str] | None) -> None:
    before, after = plan(seeds=0), plan(seeds=0, hydra=override)
    got = changed(before, after)
    if override.startswith("build.base"):
        recipes = {n.split("/")[1][:-3] for n in before if n.startswith("tune/")}
        want = {"build/base-s0"} | of(TUNED, *recipes) | END
    if override.startswith(("suite.hard.kind", "suite.hard.models")):
        answering = {n for n in before if n.startswith("respond/")}
        asked = {n.split("/")[1][:-3] for n in answering}
        gone = {"build/hard"} if "kind" in override else set()
        want = gone | of(ANSWERED, *(name for name in asked if gone or name != "mirage")) | END
    if override.startswith("score.n_res"):
        want = {n for n in before if n.startswith("score/")} | END
    assert got == want


def test_what_only_reports_show_stands_in_no_other_id(plan: Plan) -> None:
    for job in plan(study="paper").values():
        told = {key: value for key, value in job.settings.items() if key != "claims"}
        assert ('"title":' in canonical(told)) == (job.stage == "report"), job.folder
    study = resolve({})
    gates = [gate.model_copy(update={"title": "other"}) for gate in study.score.gates]
    other = replace(study, score=study.score.model_copy(update={"gates": gates}))
    versions = dict.fromkeys(STAGES, "v")
    assert changed(jobs_of(study, versions), jobs_of(other, versions)) == {"report/quick"}


def test_how_often_checkpoints_are_written_moves_no_adoption_key(plan: Plan) -> None:
    override = ["tune.checkpoint_every=5", "model.base.checkpoint_every=10"]
    keys = [
        {name: adoption_key(job, defaultdict(str)) for name, job in jobs.items()}
        for jobs in (plan(), plan(hydra=override), plan(hydra="tune.log_every=1"))
    ]
    assert keys[0] == keys[1]
    assert keys[0] != keys[2]  # the curve that people look at has other points
    assert plan(hydra=override)["tune/mirage-s0"].settings["tune"]["checkpoint_every"] == 5


@pytest.mark.parametrize("override", ["tune.learning_rate=0.5", "tune.batch_size=3"])
def test_tuning_never_retrains_the_base(plan: Plan, override: str) -> None:
    before, after = plan(seeds=0), plan(seeds=0, hydra=override)
    recipes = [n.split("/")[1][:-3] for n in before if n.startswith("tune/") and "base" not in n]
    assert changed(before, after) == of(TUNED, *recipes) | END


def test_an_added_seed_keeps_all_that_was_made(plan: Plan) -> None:
    one, two = plan(seeds=0), plan(seeds=[0, 1])
    kept = {name for name in one if name in two and one[name].id == two[name].id}
    assert kept == {name for name in one if name not in END}


def test_an_added_recipe_keeps_all_that_was_made(plan: Plan) -> None:
    few, more = plan(recipe=["mirage"]), plan(recipe=["mirage", "vlguard_p"])
    assert {n for n in few if few[n].id != more[n].id} == END


def test_other_tables_or_a_new_title_change_the_report_alone(plan: Plan) -> None:
    before = plan()
    assert changed(before, plan(hydra="study.tables=[table11,fig4]")) == {"report/quick"}
    assert changed(before, plan(hydra="study.title=other")) == {"report/quick"}


def test_a_switch_back_gives_the_same_ids(plan: Plan) -> None:
    assert plan() == plan()
    assert plan(hydra="tune.batch_size=3") == plan(hydra="tune.batch_size=3")


@pytest.mark.parametrize("stage", STAGES)
def test_changed_code_reaches_its_stage_and_what_follows(plan: Plan, stage: str) -> None:
    before, after = plan(), plan(codes={stage: "w"})
    got = {before[name].stage for name in changed(before, after)}
    assert got == set(STAGES[STAGES.index(stage) :])


def test_two_models_need_a_tag(plan: Plan) -> None:
    tagged: dict[str, Any] = plan(hydra="++model.tag=small")
    assert "tune/mirage-small-s0" in tagged
    assert tagged["build/mirage-s0"] == plan()["build/mirage-s0"]
