"""The ledger at plan time: wrong terms are found, and changed settings are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mirage.plan.job import Job
from mirage.plan.study.compose import CONF, Conf
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import resolve

Plan = Callable[..., dict[str, Job]]

REPORTS = CONF.parent / "reports"


def with_term(tmp_path: Path, **changes: Any) -> str:
    """What the plan says of a ledger whose first term is changed."""
    for name in ("claims.yaml", "paper_contrasts.yaml"):
        plain = yaml.safe_load((REPORTS / name).read_text(encoding="utf-8"))
        if name == "claims.yaml":
            term = plain["claims"]["C1"]["parts"][0]["quantity"]["terms"][0]
            term.update(changes)
        (tmp_path / name).write_text(yaml.safe_dump(plain), encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        resolve({"study": "confirm"}, Conf(CONF, tmp_path))
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"metric": "asr_stric"}, "there is no metric 'asr_stric'; did you mean 'asr_strict'?"),
        ({"corner": "hazzard"}, "there is no corner 'hazzard'; did you mean 'hazard'?"),
        ({"where": {"formt": "white"}}, "there is no key of where 'formt'; did you mean 'format'?"),
        ({"where": {"format": "withe"}}, "there is no value of where.format 'withe'; did you mean"),
        ({"where": {"held_out_family": "yes"}}, "no value of where.held_out_family 'yes'."),
    ],
)
def test_a_term_that_could_select_nothing_is_found(
    tmp_path: Path, changes: dict[str, Any], text: str
) -> None:
    told = with_term(tmp_path, **changes)
    assert "reports/claims.yaml: claims.C1.asr: " in told
    assert text in told


def score_of(jobs: dict[str, Job]) -> dict[str, Any]:
    (job,) = (job for job in jobs.values() if (job.stage, job.kind) == ("score", "study"))
    return job.settings


SEEDS = {"study": "confirm", "seeds": [200, 201]}


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"hydra": "score.gates=[] score.alpha=0.4"}, ["score.gates=[]", "score.alpha=0.4"]),
        ({"hydra": "build=tiny"}, ["build=tiny"]),
        ({"hydra": "++recipe.mirage.tune.epochs=9"}, ["++recipe.mirage.tune.epochs=9"]),
        ({"hydra": "tune.learning_rate=1e-3"}, ["tune.learning_rate=1e-3"]),
        ({"hydra": "study.overrides=['build=tiny']"}, ["study.overrides=['build=tiny']"]),
        ({"hydra": "study.bases=scratch"}, ["study.bases=scratch"]),
        ({"judge": "oracle"}, ["judge=oracle"]),
        ({"recipe": ["mirage", "vlguard_p"]}, []),
        ({"suite": ["hard", "gates"]}, []),
        ({"hydra": "report=default"}, []),
    ],
)
def test_settings_changed_on_the_command_line_reach_the_scores(
    plan: Plan, config: dict[str, Any], told: list[str]
) -> None:
    jobs = plan(**SEEDS, **config)
    assert score_of(jobs)["claims"]["changed"] == told
    others = [job for job in jobs.values() if (job.stage, job.kind) != ("score", "study")]
    assert not any("changed" in job.settings for job in others)


def test_the_scores_alone_are_new_where_a_change_decides_nothing_else(plan: Plan) -> None:
    committed = plan(**SEEDS)
    assert score_of(committed)["claims"]["changed"] == []
    changed = plan(**SEEDS, hydra="score.alpha=0.4")
    stages = {changed[n].stage for n in changed if changed[n].id != committed[n].id}
    assert stages == {"score", "report"}


def test_development_seeds_and_studies_without_claims_tell_nothing(plan: Plan) -> None:
    jobs = plan(study="confirm", seeds=[0], hydra="score.alpha=0.4")
    assert score_of(jobs)["claims"]["changed"] == []
    assert "claims" not in score_of(plan(hydra="score.alpha=0.4"))
