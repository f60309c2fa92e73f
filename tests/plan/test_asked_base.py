"""Recipes without training: a base's weights, asked in another way, as a model of the study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_resolve import problems

from mirage.model_card import ModelCard
from mirage.plan.job import Job
from mirage.plan.study.compose import CONF, Conf
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import resolve
from planned_jobs import jobs_of

Plan = Callable[..., dict[str, Job]]
PROMPTED = ("cot_prompt", "cot_prompt_custom", "cot_prompt_safety")
WORDS = {"respond": {"mode": "suffix", "options": {"text": "what is it ?"}}}
"""A sentence of the nano world: what a nano model can be asked."""


def put(conf: Conf, name: str, **keys: Any) -> None:
    plain = {"name": name, "title": name, **WORDS} | keys
    (conf.root / f"recipe/{name}.yaml").write_text(yaml.safe_dump(plain))


@pytest.fixture
def jobs(conf: Conf) -> dict[str, Job]:
    put(conf, "asked")
    return jobs_of(resolve({"study": "tiny", "recipe": ["mirage", "asked"]}, conf))


def test_it_is_the_base_with_answers_of_its_own(jobs: dict[str, Job]) -> None:
    about = [name for name in jobs if "asked" in name]
    assert about == [
        "respond/asked-tiny-s0",
        "judge/oracle-asked-tiny-s0",
        "score/oracle-asked-tiny-s0",
    ]
    base, own = jobs["respond/base-tiny-s0"], jobs["respond/asked-tiny-s0"]
    assert own.parents["model"] == base.parents["model"] == [jobs["tune/base-tiny-s0"].folder]
    assert own.settings["mode"] == WORDS["respond"]
    assert own.entries["mode"] == "mirage.respond.modes.suffix:suffix"
    assert own.id != base.id
    assert "mode" not in base.settings
    assert "mode" not in base.entries
    assert own.settings["suites"] == ["easy", "hard"]  # no suite of training items


def test_its_card_says_whose_weights_it_has(jobs: dict[str, Job]) -> None:
    cards = {c["name"]: ModelCard.from_json(c) for c in jobs["report/tiny"].settings["models"]}
    card = cards["asked-tiny-s0"]
    assert (card.base, card.title, card.is_base) == ("base-tiny-s0", "asked", False)
    assert (card.general_share, card.unsafe, card.factors, card.held_out) == (None, 0, {}, ())


def test_nothing_of_other_models_moves(jobs: dict[str, Job], conf: Conf) -> None:
    before = jobs_of(resolve({"study": "tiny", "recipe": ["mirage"]}, conf))
    moved = {name for name in before if before[name].id != jobs[name].id}
    assert moved == {"score/tiny-oracle", "report/tiny"}


def test_overrides_of_all_recipes_and_axes_leave_it_alone(conf: Conf) -> None:
    put(conf, "asked")
    put(conf, "child", defaults=["asked", "_self_"], title="child")
    hydra = "recipe.tune.epochs=3 study.axes={recipe.tune.lr_ratio:[1.0,2.0]}"
    study = resolve({"study": "tiny", "recipe": ["mirage", "asked", "child"], "hydra": hydra}, conf)
    names = [item.recipe.name for item in study.recipes if not item.helper]
    assert names == ["mirage", "mirage_lr_ratio_2_0", "asked", "child"]
    assert [item.recipe.tune.epochs for item in study.recipes[:2] if item.recipe.tune] == [3, 3]
    alone = resolve({"study": "tiny", "recipe": ["asked"], "hydra": "recipe.tune.epochs=3"}, conf)
    assert alone.recipes[0].recipe.tune is None
    whole = "recipe.asked.tune={epochs: 3, lr_ratio: 1.0, parts: [projector]}"
    (wrong,) = problems(conf, study="tiny", recipe=["asked"], hydra=whole)
    assert "respond asks the base without training; remove tune, or respond" in wrong


@pytest.mark.parametrize("name", [*PROMPTED, "ecso"])
def test_a_nano_model_cannot_read_the_papers_sentences(plan: Plan, name: str) -> None:
    with pytest.raises(PlanError, match=f"recipe {name} asks in words that the nano model tiny"):
        plan(study="tiny", recipe=[name])


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"respond": {"mode": "suffix"}}, "mode suffix needs exactly the options text"),
        (
            {"respond": {"mode": "suffix", "options": {"text": 3}}},
            "text of mode suffix should be a t",
        ),
        ({"respond": {"mode": "sufix", "options": {}}}, "No mode is called 'sufix'"),
        (
            {
                "respond": {
                    "mode": "ecso",
                    "options": {
                        "check": "bad ?",
                        "check_tokens": 1,
                        "caption": "{question}",
                        "answer": "{caption} {question}",
                    },
                }
            },
            "option check of mode ecso needs {question} and {answer}",
        ),
        ({"mode": "matched", "marked_ours": True}, "mode matched is about sizes and steps"),
    ],
)
def test_what_a_block_lacks_is_one_sentence(conf: Conf, keys: dict[str, Any], words: str) -> None:
    put(conf, "asked", **keys)
    (wrong,) = problems(conf, study="tiny", recipe=["asked"])
    assert wrong.startswith("conf/recipe/asked.yaml: recipe")
    assert words in wrong


def test_a_recipe_that_says_nothing_is_told_of_both_kinds(conf: Conf) -> None:
    put(conf, "asked", respond=None)
    (wrong,) = problems(conf, study="quick", recipe=["asked"])
    assert "data and tune is missing; a recipe without training has respond instead" in wrong


def test_a_users_own_mode_takes_any_options(conf: Conf) -> None:
    own = {"mode": "my_modes:loud", "options": {"volume": 11}}
    put(conf, "asked", respond=own)
    job = jobs_of(resolve({"study": "tiny", "recipe": ["asked"]}, conf))["respond/asked-tiny-s0"]
    assert (job.entries["mode"], job.settings["mode"]) == ("my_modes:loud", own)


def test_the_papers_rows_say_whose_words_they_are() -> None:
    for name in (*PROMPTED, "ecso"):
        text = (CONF / f"recipe/{name}.yaml").read_text()
        head = text[: text.index("name:")].replace("\n# ", " ")
        assert " ours, after " in head, Path(name)
