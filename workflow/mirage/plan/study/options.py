"""What ``--config`` may say, and its way back into text for Hydra's grammar.

Snakemake reads ``--config`` values as YAML and hands list items on as strings; turning each value
back into text and parsing it with Hydra's grammar gives every value the type it has in a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from mirage.context import ConfigError
from mirage.plan.schema.track import redacted
from mirage.plan.study.compose import CONF
from mirage.plan.study.problems import Problem, hint

CHOICES = {"study": "study", "data": "world", "track": "track"}
"""Keys that choose one option of a group."""

LISTS = {"model": "models", "recipe": "recipes", "suite": "suites", "judge": "judges"}
"""Keys that replace a list of the study."""

ON_PURPOSE = "confirmatory"
"""Key that lets a study train on seeds of the claims ledger: ``plan/study/confirmatory.py``."""

KEYS = (*CHOICES, *LISTS, "seeds", "store", "extra", "hydra", ON_PURPOSE)
OTHER_NAMES = {**{many: one for one, many in LISTS.items()}, "seed": "seeds"}
"""``recipes=`` is ``recipe=``: both are read."""

YES, NO = {"yes", "true", "1"}, {"no", "false", "0"}

CONFIG = re.compile(r"(?:--config(?=$|=)|-[DFSafklnptv]*C)=?(.*)", re.DOTALL)
"""Snakemake's option, also behind options that take no value, with its first word attached."""

PAIRS = re.compile(r"--(config|set-|res|default-res)|-[DSFafklnptv]*C")
"""How options of Snakemake begin behind which words with ``=`` stand."""


@dataclass
class Options:
    """A command line, sorted by what it does.

    Attributes:
        choices: Group -> option.
        study: Key of the study -> list of values.
        store: Where results go, None for the default.
        extra: A user's folder with further options and functions, None for none.
        confirmatory: Whether seeds of the claims ledger are meant, should the study name some.
        overrides: Deeper keys, as Hydra overrides with plain values.
    """

    choices: dict[str, str] = field(default_factory=dict)
    study: dict[str, list[Any]] = field(default_factory=dict)
    store: str | None = None
    extra: Path | None = None
    confirmatory: bool = False
    overrides: list[str] = field(default_factory=list)


def from_words(words: Sequence[str]) -> dict[str, str]:
    """Returns key -> value of words like those behind ``snakemake --config``.

    ``recipe=[a, b]`` arrives as two words and is put together again.

    Raises:
        ConfigError: A word has no ``=``.
    """
    config: dict[str, str] = {}
    last = None
    for word in words:
        if last is not None and open_brackets(config[last]) > 0:
            config[last] += f" {word}"
            continue
        last, sign, value = word.partition("=")
        if not sign:
            text = f"{word!r} is not of the form key=value.{_hint(word, words)}"
            raise ConfigError(redacted(text))
        if last in config:
            raise ConfigError(f"{last} stands on the command line twice. Give it once.")
        config[last] = value
    return config


def check_arguments(arguments: Sequence[str]) -> None:
    """Refuses what Snakemake drops in silence: all but the last ``--config``, and of each key.

    Args:
        arguments: Its command line.

    Raises:
        ConfigError: Either stands there twice.
    """
    lists = _config_words(arguments)
    if len(lists) > 1:
        raise ConfigError(
            "--config stands on the command line twice, and Snakemake reads the last one alone. "
            "Put everything behind one, as in: --config study=quick seeds=[0,1]"
        )
    from_words(lists[0] if lists else [])


def check_lists(arguments: Sequence[str]) -> None:
    """Refuses a list that the shell took apart, on which Snakemake itself ends in a traceback.

    Args:
        arguments: Its command line.

    Raises:
        ConfigError: A value opens a bracket, and the next words go on with it or do not close it.
    """
    for words in _config_words(arguments):
        for number, word in enumerate(words):
            key, _, value = word.partition("=")
            if open_brackets(value) > 0:
                end = number + 1
                while end < len(words) and open_brackets(" ".join(words[number:end])) > 0:
                    end += 1
                whole = "".join(words[number:end])
                if open_brackets(whole) > 0:
                    raise ConfigError(f"The list behind {key}= lacks its ]: {redacted(whole)}")
                raise ConfigError(
                    f"The list behind {key}= has spaces, at which the shell takes it apart. "
                    f"Write it without: {whole}, or in quotes: '{' '.join(words[number:end])}'"
                )


def check_targets(arguments: Sequence[str]) -> None:
    """Refuses settings that Snakemake takes for targets: it would say that no rule makes them.

    Args:
        arguments: Its command line.

    Raises:
        ConfigError: A setting stands outside ``--config``.
    """
    settings, option = [], ""
    for word in arguments:
        key, sign, _ = word.partition("=")
        if word.startswith("-"):
            option = word
        elif sign and key in (*KEYS, *OTHER_NAMES) and not PAIRS.match(option):
            settings.append(f"'{word}'" if " " in word else word)
    if settings:
        told = redacted(" ".join(settings))
        raise ConfigError(f"Settings stand behind --config: snakemake --config {told}")


def _config_words(arguments: Sequence[str]) -> list[list[str]]:
    """Returns what stands behind each ``--config`` of Snakemake's command line."""
    lists: list[list[str]] = []
    here: list[str] = []
    for word in arguments:
        if match := CONFIG.fullmatch(word):
            here = [match[1]] if match[1] else []
            lists.append(here)
        elif word.startswith("-"):
            here = []
        else:
            here.append(word)
    return lists


def _hint(word: str, words: Sequence[str]) -> str:
    """Returns the right form of ``--study quick`` and ``--study=quick``."""
    key = word.lstrip("-")
    after = words[words.index(word) + 1 :]
    if {key, OTHER_NAMES.get(key)} & {*KEYS} and after and "=" not in after[0]:
        return f" Write: {key}={after[0]}"
    for group in ("study", *LISTS):
        if (CONF / group / f"{word}.yaml").is_file():
            return f" Write: {group}={word}"
    return " See: mirage plan --help"


def open_brackets(text: str) -> int:
    """Returns how many square brackets are opened and not closed."""
    return text.count("[") - text.count("]")


def read_options(config: Mapping[str, Any]) -> tuple[Options, list[Problem]]:
    """Sorts ``--config`` values.

    Args:
        config: Snakemake's ``config``: values as YAML gave them.

    Returns:
        The options, and all that is wrong with them.
    """
    options, problems = Options(), []
    for word, value in config.items():
        key = OTHER_NAMES.get(word, word)
        if key != word and key in config:
            text = f"stands beside {key}=; both mean the same. Give one of them."
            problems.append(Problem("--config", word, text))
        elif key not in KEYS:
            there = f'Allowed are {", ".join(KEYS)}. Deeper keys go into hydra="a.b=1".'
            text = f"unknown key{hint(key, (*KEYS, *OTHER_NAMES))} {there}"
            problems.append(Problem("--config", key, text))
        elif key == "hydra":
            problems += _hydra(value, options)
        elif key == ON_PURPOSE:
            if str(value).lower() not in YES | NO:
                text = f"yes or no is needed, found {value!r}."
                problems.append(Problem("--config", key, text))
            options.confirmatory = str(value).lower() in YES
        elif key in ("store", "extra"):
            folder = "" if value is None else str(value)
            if not folder.strip() or isinstance(value, list | tuple | Mapping):
                given = repr(value) if value else "nothing"
                example = {"store": "results", "extra": "/path/to/folder"}[key]
                text = f"one folder is needed, as in {key}={example}; found {given}."
                problems.append(Problem("--config", key, text))
            if key == "store":
                options.store = folder
            elif folder.strip():
                options.extra = Path(folder)
        else:
            problems += _plain(key, as_text(value), options)
    return options, problems


def as_text(value: object) -> str:
    """Returns a YAML value as Hydra's grammar writes it."""
    if isinstance(value, list | tuple):
        return "[" + ",".join(as_text(item) for item in value) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


def parse(text: str) -> Override | str:
    """Parses one override, or returns why that fails as a sentence."""
    try:
        override = OverridesParser.create().parse_override(text)
    except HydraException as wrong:
        # The parser quotes parts of the text: of an address, perhaps a part of its password.
        why = f" ({str(wrong).splitlines()[0]})" if redacted(text) == text else ""
        return f"{text!r} is not an override of the form key=value{why}"
    if override.is_sweep_override():
        return f"{text!r} is a sweep; lists are written [a,b], crossed values go into study.axes"
    return override


def _plain(key: str, text: str, options: Options) -> list[Problem]:
    if open_brackets(text):
        wanted = f"write it in quotes ('{key}=[a, b]') or without spaces ({key}=[a,b])."
        return [Problem("--config", key, f"{text!r} is no whole list; {wanted}")]
    override = parse(f"{key}={text}")
    if isinstance(override, str):
        return [Problem("--config", key, override + ".")]
    value = override.value()
    if key in CHOICES:
        if not isinstance(value, str):
            return [Problem("--config", key, f"one name is needed, found {value!r}.")]
        options.choices[CHOICES[key]] = value
    elif value == []:
        return [Problem("--config", key, "at least 1 value is needed, found none.")]
    else:
        options.study[LISTS.get(key, key)] = value if isinstance(value, list) else [value]
    return []


def _hydra(value: object, options: Options) -> list[Problem]:
    problems = []
    for text in split_overrides(value):
        override = parse(text)
        if isinstance(override, str):
            problems.append(Problem("--config", "hydra", override + "."))
        else:
            options.overrides.append(text)
    return problems


def split_overrides(value: object) -> list[str]:
    """Splits ``"a.b=1 c=[1, 2]"`` or ``['a=1','b=2']`` into single overrides.

    Spaces inside brackets and quotes do not split.
    """
    if isinstance(value, list | tuple):
        return [part for item in value for part in split_overrides(item)]
    text = str(value).strip()
    if text.startswith("["):
        override = parse(f"hydra={text}")
        if not isinstance(override, str) and isinstance(override.value(), list):
            return [str(item) for item in override.value()]
    parts, depth, quote, word = [], 0, "", ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "[{(":
            depth += 1
        elif char in ")}]":
            depth -= 1
        if char.isspace() and not quote and depth <= 0:
            parts.append(word)
            word = ""
        else:
            word += char
    return [part for part in [*parts, word] if part]
