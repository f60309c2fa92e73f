"""Proof that training data and test suites share nothing they must not share."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any

from mirage.build.composite import halves
from mirage.contracts import DataError, Sample
from mirage.world.catalog import THINGS
from mirage.world.pairs import pair_key, split_of
from mirage.world.templates import VERBS, templates

_NAMES = sorted(THINGS, key=len, reverse=True)


def check_disjoint(rows: Iterable[Sample], world: dict[str, Any]) -> None:
    """Checks that no training sample holds a test pair, a test rendering or a test template.

    Both orders of a pair count, and objects named in the text as well as those pictured.

    Raises:
        DataError: The first sample that overlaps, and in what.
    """
    forbidden = {
        t.name
        for action in VERBS
        for w in ("neutral", "explicit")
        for t in templates(action, w, "test")
    }
    for row in rows:
        objects = objects_of(row)
        for first, second in combinations(sorted(objects), 2):
            if split_of(first, second) == "test":
                raise DataError(f"{row.id} shows the test pair {pair_key(first, second)}.")
        for path in _pool_paths(row):
            if (drawn := rendering(path)) and drawn[1] >= int(world["renders"][drawn[0]]["train"]):
                raise DataError(f"{row.id} shows the test rendering {path}.")
        if row.truth.get("template") in forbidden:
            raise DataError(f"{row.id} asks the test template {row.truth['template']}.")


def objects_of(row: Sample) -> set[str]:
    """Returns every object that a sample's question names or its images show."""
    text = f" {row.question} "
    named = set()
    for name in _NAMES:  # longest first, so that "hair spray" is not also "spray"
        if f" {name} " in text:
            named.add(name)
            text = text.replace(f" {name} ", " ")
    shown = {pictured(path) for path in _pool_paths(row)}
    return named | {name for name in shown if name is not None}


def _pool_paths(row: Sample) -> list[str]:
    """The pictures that a sample shows, both halves of its composites among them."""
    return [part for path in row.images for part in halves(path) or (path,)]


def pictured(path: str) -> str | None:
    """Returns the object that a pool path shows, or None for a blank image."""
    name = PurePosixPath(path).stem.rsplit("-", 1)[0].split("+")[0].replace("_", " ")
    return name if name in THINGS else None


def rendering(path: str) -> tuple[str, int] | None:
    """Returns (style, rendering number) of a pool path, or None for a blank image."""
    parts = PurePosixPath(path)
    if pictured(path) is None:
        return None
    return parts.parent.name, int(parts.stem.rsplit("-", 1)[1])
