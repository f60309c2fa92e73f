"""Views of a scenario: which images a sample has, and how its question speaks of the objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mirage.build.composite import composite_path
from mirage.build.pictures import BLACK
from mirage.build.scenarios import Scenario
from mirage.build.skills import seen
from mirage.contracts import DataError
from mirage.world.answers import named, perception, perception_halves


@dataclass(frozen=True)
class View:
    """A scenario as one recipe shows it.

    Attributes:
        images: Paths relative to the pool (a composite's start with ``own/``).
        told: What the images show, in the words of the labels; empty where they show no object.
    """

    question: str
    images: tuple[str, ...]
    told: str


def view(scenario: Scenario, images: str) -> View:
    """Returns a scenario in one of VIEWS.

    Raises:
        DataError: No such view for two-object scenarios.
    """
    if images not in VIEWS:
        raise DataError(
            f"A recipe of source mis cannot show its images as {images!r}. Set data.images to one "
            f"of: {', '.join(VIEWS)}."
        )
    return VIEWS[images](scenario)


def _two(scenario: Scenario) -> View:
    paths = tuple(picture.path for picture in scenario.pictures)
    told = perception([seen(picture) for picture in scenario.pictures])
    return View(scenario.template.ask(0, 1), paths, told)


def _one_of_two(scenario: Scenario) -> View:
    kept = scenario.pictures[scenario.shown]
    spoken: list[int | str] = [named(picture.name) for picture in scenario.pictures]
    spoken[scenario.shown] = 0
    question = scenario.template.ask(spoken[0], spoken[1])
    return View(question, (kept.path,), perception([seen(kept)]))


def _composite(scenario: Scenario) -> View:
    left, right = scenario.pictures
    told = perception_halves(seen(left), seen(right))
    return View(scenario.template.ask_halves(), (composite_path(left, right),), told)


def _blank(scenario: Scenario, images: tuple[str, ...]) -> View:
    first, second = (named(picture.name) for picture in scenario.pictures)
    return View(scenario.template.ask(first, second), images, "")


VIEWS: Final[dict[str, Callable[[Scenario], View]]] = {
    "two": _two,
    "one_of_two": _one_of_two,
    "composite": _composite,
    "black": lambda scenario: _blank(scenario, (BLACK,)),
    "none": lambda scenario: _blank(scenario, ()),
}
"""Both images; one, the other named; both on one canvas; both named, with a black image or none."""
