"""Which function makes which suite."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from mirage.build import formats, probes
from mirage.build import wording_suites as corners
from mirage.build.image_use import image_use
from mirage.build.item_probes import item_probes
from mirage.build.more_images import composite, more_images
from mirage.build.safety import real_suite, safety_suite
from mirage.contracts import DataError, Sample

Settings = dict[str, Any]

QUAD_SUITES: Final = ("easy", "hard", "real", "seen")
"""Suites with all four corners of their quads."""

CHECKED: Final = (*QUAD_SUITES, "mss", "conflict", "more_images", "composite", "image_use")
"""Suites of hazards and twins, on which the shortcut classifiers must fail."""

SUITES: Final[dict[str, Callable[[Settings, Settings], Iterable[Sample]]]] = {
    "easy": lambda world, build: safety_suite("easy", world, build, states=True, split="test"),
    "hard": lambda world, build: safety_suite("hard", world, build, states=False, split="test"),
    "real": real_suite,
    "seen": lambda world, build: safety_suite("seen", world, build, states=False, split="train"),
    "text_only": formats.text_only,
    "single_image": formats.single_image,
    "white_probe": formats.white_probe,
    "mss": formats.mss,
    "general": probes.general,
    "gates": probes.gates,
    "placebo": probes.placebo,
    "image_use": image_use,
    "conflict": corners.conflict,
    "cues": corners.cues,
    "more_images": more_images,
    "composite": composite,
    "item_probes": item_probes,
}


def checked_part(name: str, samples: Iterable[Sample]) -> list[Sample]:
    """Returns the items on which shortcuts must fail: of ``image_use``, the shuffled pictures."""
    return [s for s in samples if name != "image_use" or s.truth["format"] == "shuffled"]


def suite_samples(name: str, world: Settings, build: Settings) -> list[Sample]:
    """Returns the samples of a suite.

    Raises:
        DataError: No such suite; the text lists those there are.
    """
    if name not in SUITES:
        raise DataError(f"No suite is called {name!r}. There are: {', '.join(sorted(SUITES))}.")
    return list(SUITES[name](world, build))
