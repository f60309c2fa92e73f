"""Each rate as a yes or no per item, over the items it applies to."""

from __future__ import annotations

import numpy as np

from mirage.score.frame import Answers, Mask
from mirage.vocabulary import METRICS, Values


def applies(name: str, answers: Answers) -> Mask:
    """Items of a model's suite that a rate is defined for."""
    metric = METRICS[name]
    mask: Mask = np.isin(answers.suite.column("kind"), sorted(metric.kinds))
    if metric.pictured_only:
        mask = mask & answers.suite.pictured
    for column, values in metric.among.items():
        mask = mask & _among(answers, column, values)
    return mask


def holds(name: str, answers: Answers) -> Mask:
    """Yes or no per item of a model's suite."""
    mask: Mask = np.ones(len(answers.suite), dtype=np.bool_)
    for column, values in METRICS[name].holds.items():
        mask = mask & _among(answers, column, values)
    return mask


def _among(answers: Answers, column: str, values: Values) -> Mask:
    there = getattr(answers, column)
    return np.asarray(np.isin(there, values) if values else there != "", dtype=np.bool_)
