"""A user's own ledger: beside the suite's, never with it, and on bases that nobody has read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mirage.plan.job import Job
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import Resolved, resolve
from planned_jobs import jobs_of

LEDGER: dict[str, Any] = {
    "model": "nano_internvl",
    "alpha": 0.05,
    "seeds": {"first": 300, "n": 5},
    "population": {"suites": ["hard"], "where": {"level": "L1"}},
    "needs": {"H10": ["naming_1"]},
    "claims": {
        "H10": {
            "text": "twins raise J",
            "why": "a test",
            "parts": [
                {
                    "id": "j",
                    "text": "J on hard",
                    "comparison": ">",
                    "margin": 10,
                    "quantity": {"terms": [{"recipe": "mirage", "suite": "hard", "metric": "j"}]},
                }
            ],
        }
    },
}


def resolved(folder: Path, tables: str = "own_claims,gates", **changes: Any) -> Resolved:
    path = folder / "mine/reports/claims.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(LEDGER | changes), encoding="utf-8")
    config = {
        "study": "quick",
        "seeds": [300, 301],
        "confirmatory": "yes",
        "extra": str(folder / "mine"),
    }
    return resolve(config | {"hydra": f"study.tables=[{tables}]"})


def refused(folder: Path, **changes: Any) -> str:
    with pytest.raises(PlanError) as caught:
        resolved(folder, **changes)
    return str(caught.value)


def scores(study: Resolved) -> Job:
    (job,) = (job for job in jobs_of(study).values() if (job.stage, job.kind) == ("score", "study"))
    return job


def test_the_ledger_and_its_gates_reach_the_scores_of_the_study_alone(tmp_path: Path) -> None:
    own = resolved(tmp_path)
    settings = scores(own).settings
    assert list(settings["claims"]["claims"]) == ["H10"]
    assert settings["claims"]["seeds"] == {"first": 300, "n": 5}
    # The gates of the suite's claims bind them as before.
    assert settings["score"]["needs"]["H10"] == ["naming_1"]
    assert settings["score"]["needs"]["C1"]
    config = {
        "study": "quick",
        "seeds": [300, 301],
        "confirmatory": "yes",
        "hydra": "study.tables=[gates]",
    }
    without = {job.id for job in jobs_of(resolve(config)).values()}
    moved = [job for job in jobs_of(own).values() if job.id not in without]
    assert {(job.stage, job.kind) for job in moved} == {("score", "study"), ("report", "report")}


def test_the_hash_covers_the_file_and_the_gates(tmp_path: Path) -> None:
    first = scores(resolved(tmp_path / "a")).settings["claims"]["sha256"]
    second = scores(resolved(tmp_path / "b", alpha=0.01)).settings["claims"]["sha256"]
    suite = resolve({"study": "confirm"}).ledger.claims
    assert suite is not None
    assert len({first, second, suite.sha256}) == 3


def test_one_study_shows_one_ledger(tmp_path: Path) -> None:
    told = refused(tmp_path, tables="claims,own_claims")
    assert "a study shows one ledger" in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": {"first": 205, "n": 5}}, "bases up to 209 are for development, or were read"),
        ({"needs": {"H10": ["namig_1"]}}, "there is no gate 'namig_1'; did you mean 'naming_1'?"),
        ({"needs": {"H11": ["naming_1"]}}, "needs names H11, which is no claim of this file"),
        ({"claims": {"C1": LEDGER["claims"]["H10"]}, "needs": {}}, "C1 could be taken for a claim"),
        ({"claims": {"H3": LEDGER["claims"]["H10"]}, "needs": {}}, "call yours H10 and up"),
    ],
)
def test_what_a_ledger_may_not_say(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    told = refused(tmp_path, **changes)
    assert words in told
    assert str(tmp_path / "mine/reports/claims.yaml") in told


def test_without_a_folder_the_missing_file_is_named() -> None:
    with pytest.raises(PlanError) as caught:
        resolve({"hydra": "study.tables=[own_claims]"})
    assert "there is no <folder>/reports/claims.yaml" in str(caught.value)
