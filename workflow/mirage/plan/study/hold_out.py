"""What a recipe leaves out: which categories, seed by seed, and whether all it names exists."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from mirage.plan.schema.recipe import HoldOut
from mirage.plan.study.problems import unknown
from mirage.world.catalog import ROLES, THINGS
from mirage.world.hazards import table


@lru_cache(maxsize=1)
def categories() -> tuple[str, ...]:
    """Returns the six categories in the order of their first line in the hazard table."""
    return tuple(dict.fromkeys(rule.category for rule in table() if rule.category))


def rotated(count: int, seed: int) -> list[str]:
    """Returns the categories that one seed leaves out of a rotation.

    Seed s leaves out ``count`` neighbours from position ``count * s`` on, so that with two of six
    each category is left out by every third seed.
    """
    names = categories()
    return [names[(count * seed + step) % len(names)] for step in range(count)]


def left_out(hold_out: HoldOut, seed: int) -> list[str]:
    """Returns all categories that a recipe leaves out at one seed, each once, in table order."""
    gone = {*hold_out.categories, *rotated(hold_out.rotate_categories, seed)}
    return [name for name in categories() if name in gone]


def unknown_names(hold_out: HoldOut) -> Iterator[tuple[str, str]]:
    """Yields (key, sentence) for each object, edge or category that the world does not have."""
    for name in hold_out.objects:
        if name not in THINGS:
            yield "objects", unknown("object", name, THINGS)
    for name in hold_out.categories:
        if name not in categories():
            yield "categories", unknown("category", name, categories())
    for edge in hold_out.edges:
        roles = edge.split("+")
        if len(roles) != 2:
            yield "edges", f"{edge!r} is no pair of roles; write two with a plus: water+mains."
        for role in roles if len(roles) == 2 else ():
            if role not in ROLES:
                yield "edges", unknown("role", role, ROLES)
