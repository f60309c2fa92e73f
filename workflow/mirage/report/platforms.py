"""On which platforms the models of a report were computed, and the warning where these differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from mirage.model_card import ModelCard
from mirage.report.blocks import Figure, Table
from mirage.report.data import StudyInfo

T = TypeVar("T")

UNKNOWN = "unknown platform"


def platforms_of(models: Sequence[ModelCard]) -> dict[str, int]:
    """Returns platform class -> number of models, classes sorted; empty if none is known."""
    counts = Counter(model.platform or UNKNOWN for model in models)
    return dict(sorted(counts.items())) if set(counts) != {UNKNOWN} else {}


def platform_sentence(study: StudyInfo) -> str:
    """Returns the sentence that names the report's platforms; empty if none is known."""
    platforms = platforms_of(study.trained)
    return f" Computed on {' and '.join(platforms)}." if platforms else ""


def platform_note(study: StudyInfo, models: Sequence[ModelCard]) -> str:
    """Returns the warning below a table that shows some models; empty if one platform made all.

    Args:
        study: Whose models there are.
        models: The rows; a mean stands for the models of all its seeds.
    """
    settings = {(model.recipe, model.config) for model in models}
    platforms = platforms_of([m for m in study.trained if (m.recipe, m.config) in settings])
    if len(platforms) < 2:
        return ""
    counts = ", ".join(f"{name} ({count} models)" for name, count in platforms.items())
    return (
        f"Several platforms in one table: {counts}. Their arithmetic differs, and so do weights "
        "trained from one seed: a difference between rows may be one of machines."
    )


def with_platform_note(block: T, study: StudyInfo, models: Sequence[ModelCard]) -> T:
    """Returns a table or figure with the warning, where it needs one."""
    note = platform_note(study, models)
    if note and isinstance(block, Table):
        return replace(block, notes=(*block.notes, note), warning=note)
    if note and isinstance(block, Figure):
        return replace(block, caption=f"{block.caption} {note}")
    return block
