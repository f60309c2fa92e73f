"""Every file of ``conf/`` is composed, validated and used by some plan."""

from __future__ import annotations

import re
import shlex

import pytest
import yaml

from mirage.plan.rehearsal import Rehearsal
from mirage.plan.study.compose import CONF, LIST_GROUPS, SINGLE_GROUPS, Conf
from mirage.plan.study.options import from_words
from mirage.plan.study.resolve import resolve
from planned_jobs import jobs_of

OTHERS = ("schema", "site")
"""What no study chooses from: see test_schema.py and test_platform.py."""

OPTIONS = {
    group: Conf().options(group)
    for group in sorted(p.name for p in CONF.iterdir() if p.is_dir() and p.name not in OTHERS)
}
KEY = {"world": "data", "track": "track", "study": "study"}


def test_every_group_is_known_and_nothing_else_lies_there() -> None:
    assert set(OPTIONS) == {*SINGLE_GROUPS, *LIST_GROUPS, "study"}
    files = [p for p in CONF.rglob("*") if p.is_file() and p.parent.name not in OTHERS]
    assert len(files) == sum(map(len, OPTIONS.values())) + 1  # config.yaml
    assert {p.suffix for p in files} == {".yaml"}


def test_how_many_there_are() -> None:
    counted = {group: len(options) for group, options in OPTIONS.items()}
    assert counted == COUNTS


PRETRAINED = [
    option
    for option in OPTIONS["model"]
    if "\nsource:" in (CONF / f"model/{option}.yaml").read_text(encoding="utf-8")
]
"""Models whose weights lie elsewhere: see test_pretrained.py."""


@pytest.mark.usefixtures("published_data")
@pytest.mark.parametrize(
    ("group", "option"),
    [(g, o) for g, many in OPTIONS.items() for o in many if o not in PRETRAINED],
)
def test_each_composes_and_validates(group: str, option: str) -> None:
    if group == "recipe":
        config = {"recipe": option, "hydra": "study.helpers=[]"}
    elif group in LIST_GROUPS:
        config = {group: option}
    elif group in KEY:
        config = {KEY[group]: option}
    else:
        config = {"hydra": f"{group}={option}"}
    study = resolve(config, rehearsal=Rehearsal())  # weights are not here
    if group == "recipe":
        assert [each.recipe.name for each in study.recipes] == [option]
    elif group == "suite":
        assert [suite.name for suite in study.suites] == [option]


@pytest.mark.parametrize(("group", "option"), [(g, o) for g, many in OPTIONS.items() for o in many])
def test_each_opens_with_the_command_that_uses_it(group: str, option: str) -> None:
    first = (CONF / group / f"{option}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(("# snakemake", "# mirage", "# make"))


HEADERS = sorted(
    {
        found[1]
        for path in CONF.rglob("*.yaml")
        for line in path.read_text(encoding="utf-8").splitlines()[:3]
        if (found := re.match(r"# +(?:MIRAGE_SITE=\S+ )?(snakemake\b.*?)(?:\s{2}|$)", line))
    }
)


@pytest.mark.usefixtures("published_data")
@pytest.mark.parametrize("header", HEADERS)
def test_the_command_of_each_header_plans(header: str) -> None:
    program, *words = shlex.split(header)
    assert program == "snakemake"
    while words and words[0] in ("--profile", "--resources"):
        del words[:2]
    assert not words or words.pop(0) == "--config"
    jobs_of(resolve(from_words(words), rehearsal=Rehearsal()))  # weights are not here


COUNTS = {
    "build": 4,
    "judge": 6,
    "model": 16,
    "recipe": 51,
    "report": 1,
    "respond": 3,
    "score": 2,
    "study": 22,
    "suite": 39,
    "track": 1,
    "tune": 4,
    "world": 1,
}


def test_a_recipe_states_its_one_factor_and_inherits_the_rest() -> None:
    """What a child says beside its name, title and factor is at most three keys."""
    for path in sorted((CONF / "recipe").glob("*.yaml")):
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
        if plain.get("parent") is None:
            continue
        assert plain["defaults"] == [plain["parent"], "_self_"], path.name
        said = [key for part in ("data", "tune") for key in plain.get(part, {})]
        assert 1 <= len(said) <= 3, (path.name, said)
