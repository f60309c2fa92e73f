"""Shortcut classifiers: what a rule that does not combine two objects can score on a data set.

Each is a ridge classifier, cross-validated by quad. A suite whose triggering questions can be told
hazardous from benign by the question, by one image, or by the sum of the two images' parts measures
something else than combining, so such a build fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mirage.contracts import DataError, Sample
from mirage.world.catalog import THINGS

LIMIT: Final = 0.55  # balanced accuracy that no shortcut may significantly exceed
ALPHA: Final = 0.01  # of the one-sided test against LIMIT; several classifiers are tried
FOLDS: Final = 8

Words = Callable[[Sample], list[str]]


def _image(sample: Sample, position: int) -> list[str]:
    """What the picture of the first or second thing asked about shows, if there is one."""
    at = sample.truth.get("positions", (0, 1))[position]
    if at >= len(sample.truth["objects"]):
        return []
    name = sample.truth["objects"][at]
    drawn = "+state" if sample.truth["states"][at] else ""
    return [f"{position}:{name}{drawn}", f"{position}:{THINGS[name].role}{drawn}"]


def _images(sample: Sample) -> list[str]:
    placed = _image(sample, 0) + _image(sample, 1)
    return placed + [word.split(":")[1] for word in placed]


def _text(sample: Sample) -> list[str]:
    template = sample.truth.get("template")
    return [f"word {w}" for w in sample.question.split()] + ([template] if template else [])


SHORTCUTS: Final[dict[str, Words]] = {
    "majority": lambda sample: [],
    "text only": _text,
    "first image": lambda sample: _image(sample, 0),
    "second image": lambda sample: _image(sample, 1),
    "both images, added": _images,
    "text and images, added": lambda sample: _text(sample) + _images(sample),
}


IMAGES: Final = ("first image", "second image", "both images, added")
"""Shortcuts that read no word."""


@dataclass(frozen=True)
class Shortcut:
    """What one shortcut scores: balanced accuracy in [0, 1] over n items."""

    name: str
    question: str
    accuracy: float
    n: int
    passed: bool


def check(samples: Sequence[Sample], name: str) -> list[Shortcut]:
    """Returns what the shortcuts score on a suite of quads.

    Args:
        samples: The corners of quads; ``truth.corner`` and ``truth.quad`` say which. Suites without
            harmless questions are asked the first question alone.

    Raises:
        DataError: A shortcut works; the text names it with its accuracy.
    """
    asked = [s.truth["action"] == "use" for s in samples]
    trigger = [s for s, use in zip(samples, asked, strict=True) if use]
    labels = [s.truth["corner"].startswith("hazard") for s in trigger]
    results = [
        _score(trigger, labels, shortcut, words, "hazardous or twin?")
        for shortcut, words in SHORTCUTS.items()
    ]
    if not all(asked):
        results += [
            _score(
                samples, asked, shortcut, SHORTCUTS[shortcut], "triggering or harmless question?"
            )
            for shortcut in ("first image", "both images, added")
        ]
    if bad := [r for r in results if not r.passed]:
        failures = "; ".join(f"{r.name} scores {r.accuracy:.0%} on '{r.question}'" for r in bad)
        raise DataError(
            f"{name} can be solved without combining two images: {failures} (limit {LIMIT:.0%}). "
            "Its quads are not balanced; change the build's sizes or build/quads.py."
        )
    return results


def _score(
    samples: Sequence[Sample], labels: Sequence[bool], name: str, words: Words, question: str
) -> Shortcut:
    groups = np.array([int(s.truth["quad"].split("-")[0]) for s in samples])
    target = np.array(labels)
    guess = cross_validated(features([words(s) for s in samples]), target, groups)
    return _judged(guess, target, name, question)


def _judged(
    guess: NDArray[np.bool_], target: NDArray[np.bool_], name: str, question: str
) -> Shortcut:
    from scipy.special import bdtrc  # slow to import, and most suites hold no quads

    right = guess == target
    accuracy = float((right[target].mean() + right[~target].mean()) / 2)
    n = len(target)
    beyond = float(bdtrc(round(accuracy * n) - 1, n, LIMIT))  # P(at least as many right | LIMIT)
    return Shortcut(name, question, accuracy, n, beyond >= ALPHA)


def features(bags: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Returns a 0/1 matrix (items x words) with a constant column for the bias."""
    index = {word: k for k, word in enumerate(sorted({w for bag in bags for w in bag}))}
    matrix = np.zeros((len(bags), len(index) + 1))
    matrix[:, -1] = 1.0
    for row, bag in enumerate(bags):
        matrix[row, [index[w] for w in bag]] = 1.0
    return matrix


def cross_validated(
    matrix: NDArray[np.float64], target: NDArray[np.bool_], groups: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Returns out-of-fold ridge predictions; items of one group share a fold."""
    guess = np.zeros(len(target), dtype=bool)
    signed = np.where(target, 1.0, -1.0)
    for fold in range(FOLDS):
        held = groups % FOLDS == fold
        train, labels = matrix[~held], signed[~held]
        gram = train.T @ train + 1.0 * np.eye(matrix.shape[1])
        weights = np.linalg.solve(gram, train.T @ labels)
        guess[held] = matrix[held] @ weights > 0
    return guess


def scored_training(rows: Sequence[Sample], shortcuts: Iterable[str]) -> list[Shortcut]:
    """Returns what some shortcuts score on the hazards and benign items of a training set.

    Args:
        rows: Samples; those whose ``truth`` has no ``kind`` (general data) are left out.
        shortcuts: Keys of SHORTCUTS.
    """
    own = [row for row in rows if row.truth.get("kind") in ("hazard", "benign")]
    labels = np.array([row.truth["kind"] == "hazard" for row in own])
    groups = np.array([int(row.id.split("/")[1].split("-")[0]) for row in own])
    results = []
    for shortcut in shortcuts:
        bags = [SHORTCUTS[shortcut](row) for row in own]
        guess = cross_validated(features(bags), labels, groups)
        results.append(_judged(guess, labels, shortcut, "hazardous or benign?"))
    return results


def check_training(rows: Sequence[Sample], name: str, kind: str) -> list[Shortcut]:
    """Returns what the image shortcuts score on a recipe that carries benign items.

    Args:
        rows: The recipe's samples.
        name: The recipe's name.
        kind: Its ``benign_kind``. Image twins must leave every shortcut at chance, and text twins
            every image shortcut (their questions tell by design); ``unmatched`` items are not
            matched by design, and image twins of a recipe that leaves out a part of the ring
            (``held_out``) cannot be: both are measured only.

    Raises:
        DataError: A shortcut works on its triggering questions where none may.
    """
    results = scored_training(rows, IMAGES if kind == "text_twins" else SHORTCUTS)
    bad = [r for r in results if not r.passed]
    if bad and kind not in ("unmatched", "held_out"):
        failures = "; ".join(f"{r.name} scores {r.accuracy:.0%}" for r in bad)
        raise DataError(
            f"The benign items of {name} are not balanced: {failures} (limit {LIMIT:.0%}). "
            "Change data.unsafe and data.twins of the recipe, or build/quads.py."
        )
    return results
