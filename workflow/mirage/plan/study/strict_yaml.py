"""YAML files read strictly: a key that stands twice is an error."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from omegaconf import grammar_parser
from omegaconf.errors import OmegaConfBaseException

from mirage.plan.study.problems import Problem

MERGE = "tag:yaml.org,2002:merge"


# The C parser: fifty files are read at each start.
class StrictLoader(yaml.CSafeLoader):
    """Reads plain values and refuses mappings in which a key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Builds a mapping.

        Raises:
            yaml.constructor.ConstructorError: A key stands twice; its mark is the second one.
        """
        lines: dict[Hashable, int] = {}
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key_node.tag == MERGE:
                continue  # what it brings gives way to the mapping's own keys
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if isinstance(key, Hashable) and lines.setdefault(key, line) != line:
                text = f"the key {key!r} stands on line {lines[key]} already; remove one"
                raise yaml.constructor.ConstructorError(None, None, text, key_node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """Returns the plain values of a YAML text.

    Raises:
        yaml.YAMLError: Not valid YAML, or a key stands twice.
    """
    return yaml.load(text, Loader=StrictLoader)


def read_mapping(path: Path, file: str) -> tuple[dict[str, Any], list[Problem]]:
    """Reads a file of keys with values.

    Args:
        path: Where it lies.
        file: Where it lies, for people.

    Returns:
        Its values (none where it cannot be used), and what is wrong with it as a file: no text, no
        YAML, a key twice.
    """
    try:
        plain = read_yaml(path.read_text(encoding="utf-8"))
        list(interpolations(plain))  # the parser goes deeper than those who read the values
    except FileNotFoundError:
        text = f"is missing. Get it back with: git checkout {file}"
        return {}, [Problem(file, "", text)]
    except UnicodeDecodeError:
        return {}, [Problem(file, "", "not a UTF-8 text file.")]
    except RecursionError:
        return {}, [Problem(file, "", "is nested too deeply to be read.")]
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(wrong, "problem", None) or str(wrong)
        return {}, [Problem(file + line, "", f"not valid YAML ({problem}).")]
    if not isinstance(plain, dict):
        return {}, [Problem(file, "", "should hold keys with values.")]
    return plain, []


def unparsed(plain: Mapping[str, Any], file: str) -> list[Problem]:
    """Returns the interpolations of a file that Hydra could not parse."""
    return [
        Problem(
            file, ".".join(key), f"{value!r} is no complete ${{...}}. Close it, or leave it out."
        )
        for key, value in interpolations(plain)
        if not _can_be_parsed(value)
    ]


def interpolations(value: object, key: tuple[str, ...] = ()) -> Iterator[tuple[list[str], str]]:
    """Yields (parts of the key, text) of every text that holds ``${``."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from interpolations(inner, (*key, str(name)))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for place, inner in enumerate(value):
            yield from interpolations(inner, (*key, str(place)))
    elif isinstance(value, str) and "${" in value:
        yield list(key), value


def _can_be_parsed(text: str) -> bool:
    try:
        grammar_parser.parse(text)
    except OmegaConfBaseException:
        return False
    return True
