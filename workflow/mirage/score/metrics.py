"""Each rate as a yes or no per item, over the items it applies to."""

from __future__ import annotations

import numpy as np

from mirage.score.frame import Coded, JudgedSuite, Mask
from mirage.vocabulary import METRICS, Values


def applies(name: str, answers: JudgedSuite) -> Mask:
    """Items of a model's suite that a rate is defined for."""
    metric = METRICS[name]
    mask: Mask = np.isin(answers.suite.column("kind"), sorted(metric.kinds))
    if metric.pictured_only:
        mask = mask & answers.suite.pictured & answers.has_levels
    if "code" in metric.holds:
        mask = mask & answers.has_codes
    for column, values in metric.among.items():
        mask = mask & _among(answers, column, values)
    return mask


def holds(name: str, answers: JudgedSuite) -> Mask:
    """Yes or no per item of a model's suite."""
    mask: Mask = np.ones(len(answers.suite), dtype=np.bool_)
    for column, values in METRICS[name].holds.items():
        mask = mask & _among(answers, column, values)
    for column, values in METRICS[name].also.items():
        mask = mask | _among(answers, column, values)
    return mask


def _among(answers: JudgedSuite, column: str, values: Values) -> Mask:
    there: Coded = getattr(answers, column)
    return there.isin(values) if values else there.given
