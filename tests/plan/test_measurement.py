"""The measurement of seconds: only where it is asked for, and no answer depends on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mirage.context import ConfigError
from mirage.plan.frozen_plan import assemble
from mirage.plan.job import Job

Plan = Callable[..., dict[str, Job]]

ASKED = "respond.speed.measure=true"

NOTHING: dict[str, Any] = {"resources": {}, "environments": {}, "track": {}}


def test_a_run_measures_only_where_it_is_asked_to(plan: Plan) -> None:
    without, with_it = plan(), plan(hydra=ASKED)
    assert set(with_it) - set(without) == {"respond/speed-quick"}
    assert {name: with_it[name].id for name in without} == {
        name: job.id for name, job in without.items()
    }


def test_it_measures_the_first_seed_and_comes_last(plan: Plan) -> None:
    jobs = plan(hydra=ASKED, seeds=[3, 1])
    speed = jobs["respond/speed-quick"]
    assert speed.settings["models"] == ["base-s3", "mirage-s3"]
    assert speed.parents["model"] == [jobs[f"tune/{m}-s3"].folder for m in ("base", "mirage")]
    assert speed.parents["suites"] == [jobs["build/hard"].folder]
    assert "measure" not in speed.settings["speed"]
    assert list(jobs)[-1] == "respond/speed-quick"
    made = assemble(study="quick", store="s", jobs=[*jobs.values()], **NOTHING)
    assert made.measurements == [speed.folder]
    assert made.targets == [made.manifest(jobs["report/quick"].folder), made.manifest(speed.folder)]


def test_other_batches_are_another_measurement(plan: Plan) -> None:
    one, two = plan(hydra=ASKED), plan(hydra=f"{ASKED} respond.speed.batch_sizes=[2]")
    assert [name for name in one if one[name].id != two[name].id] == ["respond/speed-quick"]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("respond.speed.suite=absent", "has no suite 'absent', only easy, hard"),
        ("respond.speed.recipes=[absent]", "has none of absent"),
    ],
)
def test_what_the_study_lacks_is_named(plan: Plan, override: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        plan(hydra=f"{ASKED} {override}")
