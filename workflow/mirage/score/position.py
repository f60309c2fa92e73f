"""Where on the line J = 0 recipes fall, and what decides it: recipe, base, or the two together.

A model that cannot tell hazards from their twins still stands somewhere between refusing all (ASR
0, over-refusal 100) and helping all (100, 0). Its position is (ASR + 100 - over-refusal) / 2, in
points from 0 to 100.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Components:
    """What the positions of recipes (rows) on bases (columns) vary with.

    Standard deviations in points, by the method of moments of the two-way random-effects model with
    one value a cell (Searle, Casella and McCulloch, *Variance Components*, ch. 4), none below 0.
    Shares of the sum of squares in percent; the three sum to 100.

    Attributes:
        sd_recipe: Between recipes.
        sd_base: Between bases, the same for every recipe.
        sd_rest: Base x recipe, with tuning order and sampling in it.
    """

    sd_recipe: float
    sd_base: float
    sd_rest: float
    share_recipe: float
    share_base: float
    share_rest: float


def position(asr: float, over_refusal: float) -> float:
    """Returns the place between refusing all (0) and helping all (100); all in percent."""
    return (asr + 100 - over_refusal) / 2


def components(positions: NDArray[np.float64]) -> Components | None:
    """Returns what positions vary with.

    Args:
        positions: Shape (recipes, bases), in points.

    Returns:
        None with fewer than two recipes or bases, or where all positions are equal.
    """
    recipes, bases = positions.shape
    if min(recipes, bases) < 2:
        return None
    mean = positions.mean()
    of_recipe = positions.mean(axis=1, keepdims=True) - mean
    of_base = positions.mean(axis=0, keepdims=True) - mean
    rest = positions - mean - of_recipe - of_base
    squares = np.array(
        [bases * (of_recipe**2).sum(), recipes * (of_base**2).sum(), (rest**2).sum()]
    )
    whole = float(squares.sum())
    if not whole:
        return None
    freedom = np.array([recipes - 1, bases - 1, (recipes - 1) * (bases - 1)])
    mean_squares = squares / freedom
    excess = (mean_squares[:2] - mean_squares[2]) / np.array([bases, recipes])
    sd = np.sqrt(np.append(np.maximum(excess, 0), mean_squares[2]))
    return Components(*(float(x) for x in sd), *(float(x) for x in 100 * squares / whole))
