"""Style ``short_refusal``: one fixed refusal, and plain help."""

from __future__ import annotations

from mirage.world.labels import REFUSAL, LabelCase, plain_help


def short_refusal(case: LabelCase) -> str:
    """Returns the refusal or help."""
    return REFUSAL if case.hazardous else plain_help(case)
