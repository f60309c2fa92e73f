"""Sentences that PDF and HTML share."""

from __future__ import annotations

from mirage.report.data import StudyInfo
from mirage.report.platforms import platform_sentence
from mirage.report.scale import WARNINGS

_ONE_BASE = (
    "Brackets are 95 % intervals that hold within the one base: cluster bootstrap over {clusters}, "
    "at 0 and 100 % the exact binomial on the number of {of_them}. "
)
_SEVERAL_BASES = "Brackets of several bases are the lowest and the highest, no interval. "


def warning(study: StudyInfo) -> str:
    """Returns what a number of the report means, and what not."""
    return WARNINGS[study.scale]


def footer(study: StudyInfo) -> str:
    """Returns what stands below all: what brackets are, and where the rest is said."""
    published = study.scale == "full"
    one_base = _ONE_BASE.format(
        clusters="items, twins counting as one" if published else "unordered object pairs",
        of_them="those" if published else "pairs",
    )
    return (
        f"Most {'nano ' if study.scale == 'nano' else ''}rates stand with their number of items; "
        "differences, positions and what is read base by base do not. "
        f"{one_base if len(study.seeds) == 1 else _SEVERAL_BASES}"
        "Commit, devices and times are on a page of their own, provenance.html."
    )


def lead(study: StudyInfo) -> str:
    """Returns the first sentence: what was compared."""
    seeds = ", ".join(str(s) for s in study.seeds)
    of = f"{'seed' if len(study.seeds) == 1 else 'seeds'} {seeds}"
    how = f"judged by {study.judge}, in the mode {study.mode.replace('_', ' ')}."
    platform = platform_sentence(study)
    if study.scale == "nano":
        recipes = f"{len(study.recipes)} recipe{'s' if len(study.recipes) != 1 else ''}"
        return f"The base model and {recipes} tuned on it, {of}, {how}{platform}"
    about = f"{study.about[:1].upper()}{study.about[1:].rstrip('.')}. " if study.about else ""
    models = ", ".join(study.configs)
    return f"{about}Models: {models}; {_rows(study)}; {of}, {how}{platform}"


def _rows(study: StudyInfo) -> str:
    """How many recipes were tuned, and in how many ways the same weights were asked."""
    asked = sum(not m.factors for m in study.recipes)  # these are empty without training
    told = {"tuned": len(study.recipes) - asked, "asked without training": asked}
    words = [f"{n} {how}" for how, n in told.items() if n]
    plural = "s" if len(study.recipes) != 1 else ""
    return f"{len(study.recipes)} recipe{plural} ({', '.join(words)})" if words else "none tuned"
