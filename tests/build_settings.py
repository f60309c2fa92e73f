"""The committed settings, as the build stage gets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from mirage.build.image_use import check_shuffled
from mirage.build.procedural import ProceduralSource, ProceduralSuite
from mirage.contracts import Sample, TrainSample
from mirage.plan import entries
from mirage.plan.schema.recipe import SOURCES

CONF = Path(__file__).parents[1] / "conf"


def load(name: str) -> dict[str, Any]:
    """Returns one file of conf/ as plain values, over those of the file it inherits from."""
    plain: dict[str, Any] = yaml.safe_load((CONF / name).read_text(encoding="utf-8"))
    parents = [parent for parent in plain.pop("defaults", []) if parent != "_self_"]
    for parent in parents:
        plain = _merged(load(f"{Path(name).parent}/{parent}.yaml"), plain)
    return plain


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {**below, **above}
    inner = {k for k in below.keys() & above.keys() if isinstance(above[k], dict)}
    return both | {key: _merged(below[key], above[key]) for key in inner}


SUITES: Final[dict[str, ProceduralSuite]] = {
    name: entries.load(reference)  # type: ignore[misc]
    for name, reference in entries.TABLES["suite"].items()
    if name not in ("fit", "own", "lmms")
}
CHECKED: Final = tuple(name for name, suite in SUITES.items() if suite.checked is not None)
QUAD_SUITES: Final = ("easy", "hard", "real", "seen")
"""Suites with all four corners of their quads."""

STYLES: Final = {name: entries.load(text) for name, text in entries.TABLES["labels"].items()}

RECIPES: Final = tuple(
    name
    for name in sorted(path.stem for path in (CONF / "recipe").glob("*.yaml"))
    if load(f"recipe/{name}.yaml").get("data", {}).get("source") in SOURCES
)
"""Recipes with data of the nano world: neither published data nor a way of asking the base."""


def suite_samples(name: str, world: dict[str, Any], build: dict[str, Any]) -> list[Sample]:
    """Returns the samples of a suite."""
    return list(SUITES[name].samples(world, build))


def checked_part(name: str, rows: list[Sample]) -> list[Sample]:
    """Returns the items on which shortcuts must fail: of ``image_use``, the shuffled pictures."""
    shuffled = SUITES[name].checked is check_shuffled
    return [row for row in rows if not shuffled or row.truth["format"] == "shuffled"]


def recipe_samples(
    world: dict[str, Any], data: dict[str, Any], name: str, seed: int, answers: str = "plain"
) -> list[TrainSample]:
    """Returns a recipe's samples as its source makes them."""
    source = entries.load(entries.TABLES["source"][data["source"]])
    assert isinstance(source, ProceduralSource)
    return source.samples(world, data, name, seed, answers, STYLES.get(data["labels"]))
