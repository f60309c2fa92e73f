"""Style ``describe_refuse``: perception, then the fixed refusal or plain help."""

from __future__ import annotations

from mirage.world.labels import REFUSAL, LabelCase, plain_help


def describe_refuse(case: LabelCase) -> str:
    """Returns perception and the refusal or help."""
    return f"{case.told} {REFUSAL if case.hazardous else plain_help(case)}".strip()
