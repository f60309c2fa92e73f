"""The committed hazard table: which roles, under which action, are hazardous."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from mirage.world.catalog import ROLES, THINGS

DATA_FILES = ("data/hazards.csv",)

Mark = Literal["hazardous", "benign", "ambiguous"]


@dataclass(frozen=True)
class Rule:
    """One line of the table, in the order of ``data/hazards.csv``.

    Attributes:
        role_b: ``-`` for a single object, ``*`` (with role_a) for any role.
        action: ``use`` (together), ``keep`` (in use, one object), ``store``, ``compare``,
            ``describe``.
        effect: What the hazard is called; empty unless hazardous.
        reason: Why the line is marked so, for the person who reviews it.
    """

    role_a: str
    role_b: str
    action: str
    mark: Mark
    effect: str
    category: str
    sub_category: str
    reason: str


@lru_cache(maxsize=1)
def table() -> tuple[Rule, ...]:
    """Returns every line of the committed table."""
    text = files("mirage.world").joinpath("data/hazards.csv").read_text(encoding="utf-8")
    return tuple(Rule(**row) for row in csv.DictReader(text.splitlines()))  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def _pairs() -> dict[frozenset[str], Rule]:
    return {frozenset((r.role_a, r.role_b)): r for r in table() if r.action == "use"}


@lru_cache(maxsize=1)
def _singles() -> dict[str, Rule]:
    return {r.role_a: r for r in table() if r.action == "keep" and r.mark == "hazardous"}


def role_rule(role_a: str, role_b: str) -> Rule:
    """Returns what using two roles together is, whatever their order."""
    return _pairs()[frozenset((role_a, role_b))]


def pair_rule(first: str, second: str) -> Rule:
    """Returns what using two objects together is."""
    return role_rule(THINGS[first].role, THINGS[second].role)


def state_rule(name: str) -> Rule:
    """Returns the hazard of keeping an object in use in its hazardous state.

    Raises:
        KeyError: The object's role has no hazardous state.
    """
    return _singles()[THINGS[name].role]


def edges(mark: Mark) -> tuple[Rule, ...]:
    """Returns the role pairs with a mark, in the order of the table.

    The twelve hazardous ones are a ring that names each role once first and once second, and so
    are the twelve benign ones; the splits rest on it (``mirage.world.pairs``).
    """
    return tuple(r for r in table() if r.action == "use" and r.mark == mark)


def partners(role: str, mark: Mark) -> tuple[str, ...]:
    """Returns the roles that stand with ``role`` in a pair of that mark, in ring order."""
    return tuple(other for other in ROLES if role_rule(role, other).mark == mark)
