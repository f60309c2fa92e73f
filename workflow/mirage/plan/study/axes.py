"""Crossed settings: a study's axes turn each recipe into one variant per combination."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from mirage.plan.study.problems import Problem

GROUPS = ("recipe", "tune")
LONGEST = 120
"""Characters of a variant's name, which becomes part of file names (255 at most)."""

Cell = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """A recipe with its tuning, before validation.

    Attributes:
        name: The recipe's name, followed by what differs from the recipe's own file. The same
            settings have the same name in every study and in every block of axes, so that studies
            share models.
        origin: The recipe it comes from.
    """

    name: str
    origin: str
    recipe: dict[str, Any]
    tune: dict[str, Any]


def cells(blocks: Sequence[Mapping[str, list[Any]]], exclude: list[Cell]) -> list[Cell]:
    """Returns every combination of each block's values that no ``exclude`` entry matches."""
    crossed = [
        dict(zip(block, values, strict=True))
        for block in blocks or [{}]
        for values in itertools.product(*block.values())
    ]
    return [
        cell
        for cell in crossed
        if not any(all(cell.get(k) == v for k, v in out.items()) for out in exclude if out)
    ]


def axis_problems(axes: object, exclude: object, where: str) -> list[Problem]:
    """Returns what is wrong with axes and exclusions on their own; their types, the schema says."""
    blocks: list[Any] = axes if isinstance(axes, list) else [axes]
    if not all(isinstance(block, Mapping) for block in blocks):
        return []
    if not all(isinstance(each, list) for block in blocks for each in block.values()):
        return []
    if not (isinstance(exclude, list) and all(isinstance(each, Mapping) for each in exclude)):
        return []
    problems: list[Problem] = []
    known: dict[str, list[Any]] = {}
    for block in blocks:
        problems += _block_problems(block, where)
        for key, values in block.items():
            known.setdefault(key, []).extend(values)
    for out in exclude:
        problems += [
            Problem(where, "exclude", f"{key!r} is no axis; the axes are {', '.join(known)}.")
            for key in out
            if key not in known
        ]
        problems += [
            Problem(where, "exclude", f"{value!r} is no value of the axis {key}: {known[key]}.")
            for key, value in out.items()
            if key in known and value not in known[key]
        ]
    return problems


def _block_problems(block: Mapping[str, list[Any]], where: str) -> Iterator[Problem]:
    for key, values in block.items():
        if key.split(".")[0] not in GROUPS:
            text = f"{key!r} cannot be crossed; axes are keys of {' or '.join(GROUPS)}."
            yield Problem(where, "axes", text)
        if not values:
            yield Problem(where, f"axes.{key}", "at least one value is needed.")


def vary(
    recipe: dict[str, Any], tune: dict[str, Any], cell: Mapping[str, Any], where: str
) -> tuple[Variant, list[Problem]]:
    """Applies one combination to one recipe.

    Returns:
        The variant, and a problem for each axis whose key the recipe or tune block lacks.
    """
    plain = {"recipe": recipe, "tune": tune}
    blocks = deepcopy(plain)
    problems = []
    for axis, chosen in cell.items():
        for key, value in _leaves(chosen, axis):
            problems += _set(blocks, key, value, where)
    changed = _changed(plain, blocks)
    origin = str(recipe.get("name", ""))
    name = "_".join([origin, *(f"{_word(key)}_{_word(value)}" for key, value in changed)])
    if len(name) > LONGEST:
        text = f"the variant {name!r} has a name of {len(name)} letters; {LONGEST} are possible."
        problems.append(Problem(where, "axes", text))
    if changed:
        differences = ", ".join(f"{_readable(key)} {_readable(value)}" for key, value in changed)
        blocks["recipe"] |= {"name": name, "title": f"{recipe.get('title', origin)}: {differences}"}
    return Variant(name, origin, blocks["recipe"], blocks["tune"]), problems


def _set(blocks: dict[str, Any], key: str, value: object, where: str) -> list[Problem]:
    group, *path = key.split(".")
    block = blocks[group]
    for part in path[:-1]:
        block = block.get(part, {}) if isinstance(block.get(part, {}), dict) else {}
    known = path[-1] in block
    keys = ", ".join(block) or "nothing"
    block[path[-1]] = deepcopy(value)
    text = f"{key!r} is no key of conf/{group}; there is {keys}."
    return [] if known else [Problem(where, "axes", text)]


def _leaves(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Yields (dotted key, value) of everything that is no mapping with keys."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, object]]:
    """Returns the last part of each key that differs, with its new value, in the files' order."""
    old = dict(_leaves(before))
    return [
        (key.rpartition(".")[2], value)
        for key, value in _leaves(after)
        if key not in old or old[key] != value
    ]


def _readable(value: object) -> str:
    if isinstance(value, list | tuple):
        return " and ".join(map(str, value))
    return str(value).replace("_", " ")


def _word(value: object) -> str:
    text = "_".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
