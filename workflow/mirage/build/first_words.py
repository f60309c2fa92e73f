"""Shortcuts over a whole training mix: what is said first must not tell what is declined.

``shortcuts`` asks whether hazards can be told from their own benign items; a model is tuned on the
general data besides. If only hazards have a sentence before their question, it can decline whatever
has one, and passes every other check. Hence, over hazards, benign items and general data together:

- No label has lead-ins more often than the others.
- No sentence in front of questions occurs with hazards alone, or with the rest alone.
- Among requests (questions that begin with an opening) neither the first token, nor the first
  three, nor the sentence in front tells hazards from the rest. Over the whole mix they may:
  questions about skills begin in words of their own ("what is in ..."), by design.

What is said *inside* a request may tell, and in ``mirage`` it does: as in the paper, every hazard
is asked for with a bad intent, nothing else is, and there are no twins (``intent`` is at 100 %
there, at 50 % in recipes whose benign items have both wordings). It is what the recipe teaches, and
what the suites ``conflict`` and ``lead_ins`` measure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mirage.build.lead_ins import number_of
from mirage.build.shortcuts import FOLDS
from mirage.contracts import DataError, TrainSample
from mirage.world.lead_ins import lead_in_of
from mirage.world.templates import OPENINGS, intents

BEYOND: Final = 3.5
"""Standard errors beyond which a figure is no chance: about two in ten thousand, one-sided, if they
are the figure's own; about one in a hundred for openings, whose error is stricter (``_error``)."""
SHUFFLES: Final = 200
"""Sets in which chance alone decides, for the spread of an accuracy (known to 5 % of itself)."""
LONE: Final = 0.001
"""How unlikely it must be that a sentence met one class alone by chance."""

_NONE: Final = "(none)"


def _front(question: str) -> str:
    """The sentence before the question, if any."""
    sentence, stop, _ = question.partition(" . ")
    return sentence if stop else _NONE


def _intent(question: str) -> str:
    return str(any(intent.phrase in question for intent in intents("train")))


_READ: Final[dict[str, Callable[[str], str]]] = {
    "first token": lambda question: question.split()[0],
    "first three tokens": lambda question: " ".join(question.split()[:3]),
    "sentence in front": _front,
    "intent": _intent,
}
"""What each rule reads of a question. The intent is measured only."""


def check_mix(rows: Sequence[TrainSample], name: str) -> dict[str, Any]:
    """Returns how lead-ins and first words are spread over a whole training set.

    Args:
        rows: All samples, general data included, with their lead-ins.
        name: The recipe's or base's name.

    Returns:
        ``lead_ins``: label -> its items and the share of them with a lead-in. ``first_words``: for
        each rule and part of the mix its balanced accuracy in [0, 1], hazards against the rest,
        cross-validated; none where a set has one class alone.

    Raises:
        DataError: Something said first tells what is declined, and the composition could avoid it.
    """
    shares = _lead_in_shares(rows)
    taught = [row.truth.get("kind") == "hazard" or row.label == "placebo" for row in rows]
    facts: dict[str, Any] = {"lead_ins": shares, "first_words": []}
    wrong = [
        f"{label!r} has lead-ins at {facts['share']:.1%}, the rest at {rest:.1%}"
        for label, facts in shares.items()
        if (rest := _rest_if_unlike(label, shares)) is not None
    ]
    if any(taught) and not all(taught):
        wrong += [f"{told!r} stands before {which} alone" for told, which in _lone(rows, taught)]
        for part, chosen in (("all", rows), ("requests", [r for r in rows if _asks(r)])):
            kinds = [t for row, t in zip(rows, taught, strict=True) if part == "all" or _asks(row)]
            if not any(kinds) or all(kinds):
                continue
            folds, turns = _folds(chosen, kinds)
            for rule, read in _READ.items():
                told = [read(row.question) for row in chosen]
                values = np.unique(told, return_inverse=True)[1].astype(np.int64)
                accuracy = float(_recalls(values[None], kinds, folds)[0].mean())
                facts["first_words"].append(
                    {"rule": rule, "of": part, "accuracy": accuracy, "n": len(chosen)}
                )
                bound = part == "requests" and rule != "intent"
                if bound and accuracy > 0.5 + BEYOND * _error(values, kinds, folds, turns):
                    wrong.append(f"the {rule} of requests tells hazards at {accuracy:.0%}")
    if wrong:
        raise DataError(
            f"What is said first in {name} tells what is declined: {'; '.join(wrong)}. Draw "
            "openings alike for all classes, and put no sentence before questions of one class "
            "alone (build/lead_ins.py puts harmless ones before all)."
        )
    return facts


def _lead_in_shares(rows: Sequence[TrainSample]) -> dict[str, dict[str, float]]:
    n = Counter(row.label for row in rows)
    led = Counter(row.label for row in rows if lead_in_of(row.question, "train"))
    return {label: {"n": n[label], "share": led[label] / n[label]} for label in sorted(n)}


def _rest_if_unlike(label: str, shares: dict[str, dict[str, float]]) -> float | None:
    """The share of lead-ins in the other labels, if it differs beyond chance from the label's."""
    n = shares[label]["n"]
    others = [each for other, each in shares.items() if other != label]
    rest = sum(each["n"] for each in others)
    if not rest:
        return None
    told = sum(each["n"] * each["share"] for each in others) / rest
    both = (n * shares[label]["share"] + rest * told) / (n + rest)
    error = math.sqrt(both * (1 - both) * (1 / n + 1 / rest))
    return told if abs(shares[label]["share"] - told) > BEYOND * error else None


def _lone(rows: Sequence[TrainSample], taught: Sequence[bool]) -> list[tuple[str, str]]:
    """Sentences in front that one class alone has, though both would by chance."""
    fronts = [_front(row.question) for row in rows]
    both = Counter(fronts)
    with_hazards = Counter(told for told, kind in zip(fronts, taught, strict=True) if kind)
    n, hazards = len(rows), sum(taught)
    lone = []
    for told, times in both.items():
        if told == _NONE or with_hazards[told] not in (0, times):
            continue
        which, of = ("hazards", hazards) if with_hazards[told] else ("the rest", n - hazards)
        # Of `times` items drawn from all, the probability that every one is of that class.
        chance = math.comb(of, times) / math.comb(n, times) if times <= of else 0.0
        if chance < LONE:
            lone.append((told, which))
    return lone


def _asks(row: TrainSample) -> bool:
    """Whether a question is a request, once the sentences in front of it are taken away."""
    return row.question.rpartition(" . ")[2].startswith(OPENINGS)


def _error(
    values: NDArray[np.int64], taught: Sequence[bool], folds: Sequence[int], turns: bool
) -> float:
    """Returns the error that an accuracy's distance from a half is counted in.

    That of a fixed rule, which is strict: items that a fold holds out are read by one rule and err
    together, so by chance alone the accuracy of openings spreads 1.4 to 1.6 times as wide. Where
    classes take turns, and that bound refuses sound data by chance, it is the spread itself: the SD
    over shuffled values, classes and folds as they are.
    """
    if turns:
        shuffled = np.tile(values, (SHUFFLES, 1))
        np.random.default_rng(0).permuted(shuffled, axis=1, out=shuffled)
        return float(_recalls(shuffled, taught, folds).mean(axis=1).std(ddof=1))
    recalls, hazards = _recalls(values[None], taught, folds)[0], sum(taught)
    return math.sqrt((recalls * (1 - recalls) / (len(taught) - hazards, hazards)).sum()) / 2


def _recalls(
    values: NDArray[np.int64], taught: Sequence[bool], folds: Sequence[int]
) -> NDArray[np.float64]:
    """Returns how much of the rest and of hazards a cross-validated rule gets right, for each set.

    The rule takes the class in which a value is more frequent, and half of each where it is as
    frequent in both.

    Args:
        values: (sets, items), numbered from 0.
        taught: Whether an item is a hazard.
        folds: In which fold it is held out.

    Returns:
        (sets, 2) in [0, 1].
    """
    sets, size = len(values), int(values.max()) + 1
    cell = (np.arange(sets)[:, None] * FOLDS + np.array(folds)) * 2 + np.array(taught)
    counts = np.bincount((cell * size + values).ravel(), minlength=sets * FOLDS * 2 * size)
    held = counts.reshape(sets, FOLDS, 2, size)
    seen = held.sum(axis=1, keepdims=True) - held
    share = seen / np.maximum(seen.sum(axis=3, keepdims=True), 1)
    hazard = (np.sign(share[:, :, 1] - share[:, :, 0]) + 1) / 2  # 1, 0, or half of each
    right = np.stack([held[:, :, 0] * (1 - hazard), held[:, :, 1] * hazard], axis=2)
    recalls: NDArray[np.float64] = right.sum(axis=(1, 3)) / held.sum(axis=(1, 3))
    return recalls


def _folds(rows: Sequence[TrainSample], taught: Sequence[bool]) -> tuple[list[int], bool]:
    """The fold of each item, and whether the classes take turns by number.

    Items of one number (a hazard and its twin) share a fold. Where classes take turns, two
    neighbours do too: a fold of one class alone leaves the others short of just what that class has
    more of by chance, and the rule is wrong, or right, on the whole fold.
    """
    numbers = [number_of(row.id) for row in rows]
    folds = [number % FOLDS for number in numbers]
    if len(set(zip(folds, taught, strict=True))) == 2 * FOLDS:
        return folds, False
    return [number // 2 % FOLDS for number in numbers], True
