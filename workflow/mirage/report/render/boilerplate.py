"""Sentences that PDF and HTML share."""

from __future__ import annotations

from mirage.report.data import StudyInfo
from mirage.report.platforms import platform_sentence

WARNING = (
    "What a nano number means: the share of household items, from a procedural world, on which a "
    "model of about a million parameters that was trained to obey does this or that after tuning. "
    "It shows how a tuned conditional generalises. It does not say how safe any real model is, and "
    "it is never put into one table with published values."
)
_ONE_BASE = (
    "Brackets are 95 % intervals that hold within the one base: cluster bootstrap over unordered "
    "object pairs, at 0 and 100 % the exact binomial on the number of pairs. "
)
_SEVERAL_BASES = "Brackets of several bases are the lowest and the highest, no interval. "


def footer(study: StudyInfo) -> str:
    """Returns what stands below all: what brackets are, and where the rest is said."""
    return (
        "Most nano rates stand with their number of items; differences, positions and what is read "
        "base by base do not. "
        f"{_ONE_BASE if len(study.seeds) == 1 else _SEVERAL_BASES}"
        "Commit, devices and times are on a page of their own, provenance.html."
    )


def lead(study: StudyInfo) -> str:
    """Returns the first sentence: what was compared."""
    seeds = ", ".join(str(s) for s in study.seeds)
    recipes = f"{len(study.recipes)} recipe{'s' if len(study.recipes) != 1 else ''}"
    return (
        f"The base model and {recipes} tuned on it, {'seed' if len(study.seeds) == 1 else 'seeds'} "
        f"{seeds}, judged by {study.judge}, in the mode {study.mode.replace('_', ' ')}."
        f"{platform_sentence(study)}"
    )
