"""Every command that README, CONTRIBUTING and the pages of docs/ show can be typed as it stands.

Options and commands are held against the parsers, `--config` against the suite's own check of a
plan: studies, recipes, seeds, keys and values that do not exist are problems.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import pytest
from snakemake.cli import parse_args
from typed_commands import named, typed

from mirage.cli import INTERNAL
from mirage.context import ConfigError
from mirage.plan.job import STAGES
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.study.options import from_words, read_options
from mirage.plan.study.resolve import resolve

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs/_ext"))
from command_reference import parsers  # noqa: E402

PARSERS = parsers()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PAGES += [p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts]
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
THEIRS = re.compile(r"extra=|/path/to|path/to/|=/data/|mine\b")
"""Words of a command that reads files of the reader's own: their names cannot be looked up."""


def problem(command: list[str]) -> str | None:
    """Returns why a command cannot be typed, None if it can."""
    program, *words = command
    if program == "make":
        unknown = [word for word in words if "=" not in word and word not in TARGETS]
        return f"make has no {unknown[0]}" if unknown else None
    if program == "python":
        good = words[:2] != ["-m", "mirage"] or (words[2] in STAGES and len(words) == 4)
        return None if good else "python -m mirage takes a stage and a folder"
    return _of_mirage(words) if program == "mirage" else _of_snakemake(words)


def _of_mirage(words: list[str]) -> str | None:
    length = 2 if " ".join(words[:2]) in PARSERS else 1
    own = PARSERS.get(" ".join(words[:length]))
    if own is None:
        return f"mirage has no {words[0]}"
    try:
        options = own.parse_args(words[length:])
    except SystemExit:
        return "its options are wrong"
    return _settings(*options.config) if words[0] == "plan" else None


def _of_snakemake(words: list[str]) -> str | None:
    try:
        options = parse_args(words)[1]
    except SystemExit:
        return "its options are wrong"
    return _settings(*(options.config or []))


@cache
def _settings(*words: str) -> str | None:
    """Returns what is wrong with the words behind `--config`."""
    try:
        config = from_words(words)
        if THEIRS.search(" ".join(words)):
            wrong = read_options(config)[1]
            return str(wrong[0]) if wrong else None
        # Weights and data that a page names are on few machines.
        resolve(config, rehearsal=Rehearsal())
    except ConfigError as wrong_plan:
        return str(wrong_plan)
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_can_be_typed(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # where Snakemake finds its profiles
    wrong = {" ".join(c): why for c in typed(page) if (why := problem(c))}
    assert not wrong


@pytest.mark.parametrize(
    "command",
    [
        "mirage plan study=quik",
        "mirage plan recipe=[mirage,nobody]",
        "mirage verify --nothing",
        "mirage evidence lose",
        "mirage nothing",
        "snakemake --config study=quick hydra=tune.batch=1",
        "snakemake --config extra=/path/to/folder recipes_=[a]",
        "snakemake --no-such-option",
        "make nothing",
        "python -m mirage nothing results",
    ],
)
def test_what_cannot_be_typed_is_found(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert problem(command.split())


def test_commands_are_found_at_all() -> None:
    assert len(typed(ROOT / "docs/studies.md")) > 12
    assert ["mirage", "verify"] in typed(ROOT / "docs/reproducibility.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_that_are_named_exist(page: Path) -> None:
    """Inline code: the command and each option, and `make` targets and studies, exist."""
    wrong = []
    for text in named(page):
        program, _, rest = text.partition(" ")
        first = rest.split(" ")[0]
        if program == "make" and re.fullmatch(r"[a-z-]+", first) and first not in TARGETS:
            wrong.append(text)
        if program == "mirage" and rest not in ("", "--help"):
            known = [own for name, own in PARSERS.items() if name.split()[0] == first]
            options = {o for own in known for action in own._actions for o in action.option_strings}
            there = known or first in (*STAGES, *INTERNAL) or first.startswith(("{", "<"))
            unknown = set(re.findall(r"(?<!\S)--[\w-]+", rest)) - options
            wrong += [text] if not there or unknown else []
        studies = set(re.findall(r"\bstudy=(\w+)", text)) - {"mine"}
        wrong += [text for s in studies if not (ROOT / f"conf/study/{s}.yaml").is_file()]
    assert not wrong
