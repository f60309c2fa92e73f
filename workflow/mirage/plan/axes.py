"""Crossed settings: a study's axes turn each recipe into one variant per combination."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from mirage.plan.problems import Problem

GROUPS = ("recipe", "tune")


@dataclass(frozen=True)
class Variant:
    """A recipe with its tuning, before validation.

    Attributes:
        name: The recipe's name, followed by the axis values that make the variant.
        origin: The recipe it comes from.
    """

    name: str
    origin: str
    recipe: dict[str, Any]
    tune: dict[str, Any]


def cells(axes: Mapping[str, list[Any]], exclude: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns every combination of axis values that no ``exclude`` entry matches."""
    crossed = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    return [
        cell
        for cell in crossed
        if not any(all(cell.get(k) == v for k, v in out.items()) for out in exclude if out)
    ]


def axis_problems(axes: object, exclude: object, where: str) -> list[Problem]:
    """Returns what is wrong with axes and exclusions on their own; their types, the schema says."""
    problems: list[Problem] = []
    if not (isinstance(axes, Mapping) and all(isinstance(each, list) for each in axes.values())):
        return problems
    if not (isinstance(exclude, list) and all(isinstance(each, Mapping) for each in exclude)):
        return problems
    for key, values in axes.items():
        if key.split(".")[0] not in GROUPS or "." not in key:
            text = f"{key!r} cannot be crossed; axes are keys of {' or '.join(GROUPS)}."
            problems.append(Problem(where, "axes", text))
        if not values:
            problems.append(Problem(where, f"axes.{key}", "at least one value is needed."))
    for out in exclude:
        problems += [
            Problem(where, "exclude", f"{key!r} is no axis; the axes are {', '.join(axes)}.")
            for key in out
            if key not in axes
        ]
        problems += [
            Problem(where, "exclude", f"{value!r} is no value of the axis {key}: {axes[key]}.")
            for key, value in out.items()
            if key in axes and value not in axes[key]
        ]
    return problems


def vary(
    recipe: dict[str, Any], tune: dict[str, Any], cell: Mapping[str, Any], where: str
) -> tuple[Variant, list[Problem]]:
    """Applies one combination to one recipe.

    Returns:
        The variant, and a problem for each axis whose key the recipe or tune block lacks.
    """
    blocks = {"recipe": deepcopy(recipe), "tune": deepcopy(tune)}
    problems = []
    for key, value in cell.items():
        group, *path = key.split(".")
        block = blocks[group]
        for part in path[:-1]:
            block = block.get(part, {}) if isinstance(block.get(part, {}), dict) else {}
        if path[-1] not in block:
            text = f"{key!r} is no key of conf/{group}; there is {', '.join(block) or 'nothing'}."
            problems.append(Problem(where, "axes", text))
        block[path[-1]] = deepcopy(value)
    origin = str(recipe.get("name", ""))
    name = "_".join([origin, *(f"{_word(k.split('.')[-1])}_{_word(v)}" for k, v in cell.items())])
    if cell:
        blocks["recipe"]["name"] = name
    return Variant(name, origin, blocks["recipe"], blocks["tune"]), problems


def _word(value: object) -> str:
    text = "_".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
