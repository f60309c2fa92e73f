"""Seeds of the claims ledger are trained on when somebody says so, and not else."""

from __future__ import annotations

from typing import Any

import pytest

from mirage.plan.study.compose import Conf
from mirage.plan.study.confirmatory import first_confirmatory, not_on_purpose
from mirage.plan.study.options import read_options
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import resolve

WORD = "confirmatory=yes"


def said_of(config: dict[str, Any]) -> list[str]:
    try:
        resolve(config)
    except PlanError as wrong:
        return [str(problem) for problem in wrong.problems]
    return []


@pytest.mark.parametrize("seeds", [[200], [0, 209], [5000]])
def test_another_study_asks_for_the_word(seeds: list[int]) -> None:
    (problem,) = said_of({"recipe": "mirage", "seeds": seeds})
    assert problem.startswith(f"--config: seeds: {seeds[-1]} is kept for deciding the claims")
    assert "reports/claims.yaml reads bases from seed 200 on" in problem
    assert problem.endswith(f"if you mean these, add: {WORD}")
    assert not said_of({"recipe": "mirage", "seeds": seeds, "confirmatory": "yes"})
    assert said_of({"recipe": "mirage", "seeds": seeds, "confirmatory": False}) == [problem]


@pytest.mark.parametrize("study", ["confirm", "bases_from_scratch"])
def test_studies_made_for_these_seeds_need_no_word(study: str) -> None:
    assert not said_of({"study": study, "seeds": [200]})


def test_seeds_below_the_ledger_need_no_word() -> None:
    assert not said_of({"recipe": "mirage", "seeds": [0, 199]})


def test_of_committed_answers_nothing_is_trained() -> None:
    conf = Conf()
    study = resolve({"seeds": [0, 200, 201], "confirmatory": True}).study
    assert not not_on_purpose(conf, study, {200, 201}, said=False)
    (problem,) = not_on_purpose(conf, study, {200}, said=False)
    assert problem.text.startswith("201 is kept")


def test_the_first_seed_is_the_ledgers(conf: Conf) -> None:
    assert first_confirmatory(Conf()) == 200
    assert first_confirmatory(Conf(conf.root, conf.root / "absent")) is None


@pytest.mark.parametrize(
    ("value", "want"), [("yes", True), (True, True), ("no", False), (0, False)]
)
def test_the_word_is_yes_or_no(value: Any, want: bool) -> None:
    options, problems = read_options({"confirmatory": value})
    assert (options.confirmatory, problems) == (want, [])


def test_another_word_is_none() -> None:
    _, (problem,) = read_options({"confirmatory": "perhaps"})
    assert str(problem) == "--config: confirmatory: yes or no is needed, found 'perhaps'."
