"""Where trainings stopped that stop at the criterion, and which of them the cap ended."""

from __future__ import annotations

from collections.abc import Collection

from mirage.report.data import End, ReportData

Ends = dict[int, End]
"""Seed -> where the training on that base stopped, ascending."""


def ends_by_recipe(
    data: ReportData, recipes: Collection[str] | None = None, seeds: Collection[int] | None = None
) -> dict[tuple[str, str], Ends]:
    """Returns where trainings stopped, by recipe and option of conf/model, in the study's order.

    Args:
        data: What the report shows.
        recipes: Recipes to look at; None for all.
        seeds: Bases to look at; None for all.
    """
    found: dict[tuple[str, str], Ends] = {}
    for card in sorted(data.study.trained, key=lambda card: card.seed):
        wanted = recipes is None or card.recipe in recipes
        if card.name in data.ends and wanted and (seeds is None or card.seed in seeds):
            found.setdefault((card.recipe, card.config), {})[card.seed] = data.ends[card.name]
    order = list(dict.fromkeys((card.recipe, card.config) for card in data.study.trained))
    return {place: found[place] for place in order if place in found}


def steps_in_words(ends: Ends) -> str:
    """Returns the steps base by base, those marked that the cap ended: ``120, 1,400 (capped)``."""
    return ", ".join(end.shown for end in ends.values())


def capped_notes(data: ReportData, recipes: Collection[str] | None = None) -> list[str]:
    """Returns a note for each recipe that the cap ended on some base.

    Args:
        data: What the report shows.
        recipes: Recipes to look at; None for all.
    """
    notes = []
    for (recipe, config), ends in ends_by_recipe(data, recipes).items():
        if capped := {seed: end for seed, end in ends.items() if end.capped}:
            where = f", on base {', '.join(map(str, capped))}" if len(ends) > 1 else ""
            most = max(end.steps for end in capped.values())
            who = data.study.titled(recipe, config)
            notes.append(f"{who}{where}: capped, did not fit after {most:,} steps.")
    return notes
