"""What a newcomer types is read, or answered with what to type."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirage.cli import COMMANDS, run
from mirage.cli.hints import EXAMPLES, as_settings
from mirage.context import ConfigError
from mirage.plan.study.options import from_words, read_options


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run([command, "--help"])
    assert ended.value.code == 0
    assert f"example: mirage {command}" in " ".join(capsys.readouterr().out.split())
    assert COMMANDS.keys() == EXAMPLES.keys()


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("--study quick", "study=quick"),
        ("--study=quick --jobs", "study=quick --jobs"),
        ("--recipe a b --cores 2", "recipe=[a,b] --cores 2"),
        ("--seeds 0 1 study=tiny", "seeds=[0,1] study=tiny"),
        ("--config study=quick seeds=[0,1]", "study=quick seeds=[0,1]"),
        ("--config=study=quick", "study=quick"),
        ("study=quick --hydra tune.batch_size=8", "study=quick hydra=tune.batch_size=8"),
    ],
)
def test_options_of_a_plan_are_its_settings(typed: str, read: str) -> None:
    assert as_settings(typed.split()) == read.split()


@pytest.mark.parametrize(
    ("word", "meant"), [("plam", "plan"), ("shwo", "show"), ("verfiy", "verify"), ("zzz", None)]
)
def test_an_unknown_command(
    word: str, meant: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run([word])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert f"there is no command {word!r}" in said
    assert (f"did you mean {meant!r}?" in said) == bool(meant)
    assert "Commands: plan, data, show" in said


def test_gc_lists_when_it_is_told_to_run_dry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plan").mkdir()
    (tmp_path / "work" / ("a" * 64)).mkdir(parents=True)
    for words in (["--dry-run"], ["-n"], []):
        assert run(["gc", "--store", str(tmp_path), *words]) == 0
        assert "would be removed" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run(["gc", "--store", str(tmp_path), "--dry-run", "--apply"])
    assert "not allowed with" in capsys.readouterr().err
    assert (tmp_path / "work" / ("a" * 64)).is_dir()


@pytest.mark.parametrize(("word", "form"), [("quick", "study=quick"), ("mirage", "recipe=mirage")])
def test_a_name_alone_is_told_its_key(word: str, form: str) -> None:
    with pytest.raises(ConfigError, match=f"Write: {form}$"):
        from_words([word])


def test_a_misspelt_key_is_told_the_one_it_resembles() -> None:
    _, (problem,) = read_options({"receipes": "mirage"})
    assert "unknown key; did you mean 'recipes'? Allowed are study" in str(problem)


@pytest.mark.parametrize("words", [["show"], ["data", "check"], ["evidence"], ["judge", "--suite"]])
def test_what_lacks_is_told_with_an_example(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(words)
    assert ended.value.code == 2
    assert f"\nexample: mirage {words[0]} " in capsys.readouterr().err


def test_a_folder_that_is_not_there_has_no_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["schema", str(tmp_path / "absent")]) == 1
    assert f"there is no folder {tmp_path / 'absent'}" in capsys.readouterr().err
