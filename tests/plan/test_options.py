from __future__ import annotations

from typing import Any

import pytest

from mirage.context import ConfigError
from mirage.plan.study.options import (
    KEYS,
    check_arguments,
    check_lists,
    check_targets,
    from_words,
    read_options,
    split_overrides,
)


@pytest.mark.parametrize(
    ("value", "seeds"),
    [
        (3, [3]),
        ("3", [3]),
        ([0, 1, 2], [0, 1, 2]),
        (["0", "1", "2"], [0, 1, 2]),  # as Snakemake hands lists on
        ("[0,1,2]", [0, 1, 2]),
    ],
)
def test_seeds_get_their_types_back(value: Any, seeds: list[int]) -> None:
    options, problems = read_options({"seeds": value})
    assert not problems
    assert options.study["seeds"] == seeds


def test_names_and_lists() -> None:
    config = {"study": "paper", "recipe": "mirage", "suite": ["easy", "hard"], "data": "household"}
    options, problems = read_options(config)
    assert not problems
    assert options.choices == {"study": "paper", "world": "household"}
    assert options.study == {"recipes": ["mirage"], "suites": ["easy", "hard"]}


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("a.b=1 c=2", ["a.b=1", "c=2"]),
        ("['a=1','+b=[1,2]']", ["a=1", "+b=[1,2]"]),
        (["a=1", "b=[1, 2]"], ["a=1", "b=[1, 2]"]),
        ("a=[1, 2] b='x y'", ["a=[1, 2]", "b='x y'"]),
        ("", []),
    ],
)
def test_deeper_keys_are_split_outside_brackets(value: Any, parts: list[str]) -> None:
    assert split_overrides(value) == parts


def test_unknown_keys_are_listed_with_what_is_allowed() -> None:
    _, problems = read_options({"receipe": "mirage", "tune.lr": 1})
    assert [problem.key for problem in problems] == ["receipe", "tune.lr"]
    assert all(key in problems[0].text for key in KEYS)


@pytest.mark.parametrize("config", [{"hydra": "a={"}, {"seeds": "[0,"}, {"hydra": "a=1,2"}])
def test_broken_grammar_is_a_sentence(config: dict[str, Any]) -> None:
    _, problems = read_options(config)
    assert len(problems) == 1
    assert "a" in str(problems[0])
    assert "\n" not in str(problems[0])


def test_a_choice_must_be_one_name() -> None:
    _, problems = read_options({"study": ["quick", "tiny"]})
    assert "one name" in problems[0].text


@pytest.mark.parametrize("word", ["model", "recipe", "suite", "judge"])
def test_one_or_several_have_both_names(word: str) -> None:
    one, _ = read_options({word: "a"})
    assert read_options({f"{word}s": ["a"]}) == (one, [])
    _, problems = read_options({word: "a", f"{word}s": "b"})
    assert str(problems[0]).startswith(f"--config: {word}s: stands beside {word}=;")
    assert read_options({"seed": 3})[0].study == {"seeds": [3]}


def test_a_list_with_spaces_is_put_together() -> None:
    words = ["recipe=[mirage,", "vlguard_p]", "seeds=[0, 1]", "study=tiny"]
    assert from_words(words) == {
        "recipe": "[mirage, vlguard_p]",
        "seeds": "[0, 1]",
        "study": "tiny",
    }


def test_half_a_list_names_the_forms_that_work() -> None:
    _, problems = read_options({"recipe": "[mirage,"})
    assert "'[mirage,' is no whole list; write it in quotes ('recipe=[a, b]')" in str(problems[0])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("-n --config study=a store=b study=c --cores 1", "study stands on the command line twice"),
        ("--config study=a --cores 1 -C seeds=[1]", "--config stands on the command line twice"),
        ("--config=study=a --config seeds=[1]", "--config stands on the command line twice"),
        ("-n -Cstudy=a -Cseeds=[1]", "--config stands on the command line twice"),
        ("-nC study=a -C=seeds=[1]", "--config stands on the command line twice"),
        ("-npCstudy=a -n --configfile a -C seeds=[1]", "--config stands on the command line twice"),
    ],
)
def test_what_snakemake_drops_is_an_error(arguments: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        check_arguments(arguments.split())
    check_arguments(["--config", "study=a", "seeds=[1]", "--cores", "2", "target", "other", "-n"])
    check_arguments(["-sConf/Snakefile", "--configfile", "some.yaml", "-C", "study=a", "-jC"])
    check_arguments([])


def test_a_key_that_stands_twice() -> None:
    with pytest.raises(ConfigError, match="study stands on the command line twice"):
        from_words(["study=quick", "study=tiny"])


@pytest.mark.parametrize("words", [["--study", "quick"], ["--recipes", "a"], ["seeds", "3"]])
def test_options_of_other_programs_are_told_the_form(words: list[str]) -> None:
    with pytest.raises(ConfigError, match=f"Write: {words[0].strip('-')}={words[1]}"):
        from_words(words)


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "study=tiny", "recipe=[mirage,", "vlguard_p]", "--cores", "1"],
        ["-nC", "recipe=[mirage,", "vlguard_p]"],
    ],
)
def test_a_list_that_the_shell_took_apart_is_told_whole(words: list[str]) -> None:
    told = r"Write it without: recipe=\[mirage,vlguard_p\], or in quotes: 'recipe=\[mirage, v"
    with pytest.raises(ConfigError, match=told):
        check_lists(words)


def test_whole_lists_pass() -> None:
    check_lists(
        ["--config", "recipe=[a,b]", "seeds=[0, 1]", "hydra=a.b=[[1,2],[3]]", "--cores", "1"]
    )
    check_lists(["target", "[odd"])


def test_a_list_that_is_never_closed_lacks_its_bracket() -> None:
    with pytest.raises(ConfigError, match=r"behind recipe= lacks its \]: recipe=\[mirage,$"):
        check_lists(["--config", "recipe=[mirage,", "-n"])


@pytest.mark.parametrize(
    "words",
    [["-n", "seeds=[0]"], ["seeds=[0]"], ["--cores", "2", "seeds=[0]"], ["--", "seeds=[0]"]],
)
def test_a_forgotten_config_is_told(words: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"behind --config: snakemake --config seeds=\[0\]$"):
        check_targets(words)


def test_settings_in_their_place_and_targets_pass() -> None:
    check_targets(["target", "results/a=b", "-nC", "seeds=[0]", "--set-threads", "suite=2"])
    check_targets(["--config=study=a", "seeds=[0]", "--config", "study=quick", "seeds=[0]"])
