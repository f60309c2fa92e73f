"""The data that a study, its suites or its recipes name, whether or not they were ever checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirage.plan.checked_data import how_of
from mirage.plan.entries import OWN
from mirage.plan.schema.published import HARMLESS
from mirage.plan.schema.recipe import Recipe
from mirage.plan.schema.suite import Suite
from mirage.plan.study.compose import LIST_GROUPS, Conf, Override, Request, compose_all
from mirage.plan.study.options import read_options
from mirage.plan.study.problems import PlanError, Problem
from mirage.plan.study.resolve import extra_folder
from mirage.plan.study.validate import check


@dataclass(frozen=True)
class DataBlock:
    """Data of a user's own or in a published format, as settings name them.

    Attributes:
        title: Who names them, for people.
        path: Where they lie.
        how: Which of their rows are wanted (``mirage.plan.checked_data.How``).
        expect: How many items the publication has, None where nobody says.
        answers: Whether every item needs an answer to train on.
        harmful: Whether their words should not be shown.
    """

    title: str
    path: Path
    how: Mapping[str, Any] = field(default_factory=dict)
    expect: int | None = None
    answers: bool = False
    harmful: bool = False


def data_blocks(config: Mapping[str, Any]) -> list[DataBlock]:
    """Returns the data that settings name, suites first; all else that they name is left out.

    Args:
        config: As behind ``snakemake --config``: ``suite``, ``recipe``, or a ``study`` whose own
            suites and recipes these replace.

    Raises:
        PlanError: An option does not exist or is wrong.
    """
    options, problems = read_options(config)
    conf = Conf(extra=extra_folder(options))
    problems += conf.extra_problems()
    lists = {key: list(options.study.get(key, [])) for key in ("suites", "recipes")}
    overrides = [Override(text, "--config hydra") for text in options.overrides]
    if study := options.choices.get("study"):
        tree, wrong = compose_all(conf, Request({"study": study}))
        problems += wrong + conf.missing("study", study, "--config", "study")
        plain = tree.get("study", {})
        lists = {key: names or list(plain.get(key, [])) for key, names in lists.items()}
        file = conf.file("study", study)
        overrides = [*(Override(text, file) for text in plain.get("overrides", [])), *overrides]
    many = {group: lists[key] for group, key in LIST_GROUPS.items() if key in lists}
    for group, names in many.items():
        for name in names:
            problems += conf.missing(group, name, "--config", LIST_GROUPS[group])
    ours = [each for each in overrides if each.key.split(".")[0] in many]
    tree, wrong = compose_all(conf, Request({}, many, ours, spare=ours))
    problems += wrong
    blocks = _blocks(conf, tree, problems)
    if problems:
        raise PlanError(problems)
    return blocks


def _blocks(conf: Conf, tree: Mapping[str, Any], problems: list[Problem]) -> list[DataBlock]:
    blocks = []
    for name, plain in tree.get("suites", {}).items():
        suite, wrong = check(Suite, plain, conf.file("suite", name), "suite", name)
        problems += wrong
        if suite is not None and suite.kind == OWN:
            about = suite.model_dump(mode="json")
            title = f"suite {name}"
            blocks.append(_block(title, about, suite.expect, False, suite.harmful))
    for name, plain in tree.get("recipes", {}).items():
        recipe, wrong = check(Recipe, plain, conf.file("recipe", name), "recipe", name)
        problems += wrong
        data = recipe.data if recipe is not None else None
        own = data.own_blocks() if data is not None else []
        for number, about in enumerate(own, 1):
            title = f"recipe {name}" + (f", part {number}" if len(own) > 1 else "")
            mild = about.get("format") in HARMLESS
            harmful = data is not None and data.harmful and not mild
            blocks.append(_block(title, about, about.get("expect"), True, harmful))
    return blocks


def _block(
    title: str, about: Mapping[str, Any], expect: int | None, answers: bool, harmful: bool
) -> DataBlock:
    path = Path(about["path"]).expanduser().absolute()
    return DataBlock(title, path, how_of(about), expect, answers, harmful)
