"""Curves under names that every model shares, so that two models' come into one chart."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any, Final

from mirage.track.records import Curves

SHOWN: Final = (
    "loss", "learning_rate", "tokens_per_second", "samples_per_second", "mfu", "padding_share",
    "data_wait_share", "peak_memory_gb",
)  # fmt: skip


def one_chart(curves: Curves, settings: Mapping[str, Any]) -> Curves:
    """Joins the phases of a training into one curve per value.

    A model that is tuned has one phase, named after its recipe: ``loss/mirage`` becomes ``loss``. A
    base has several, each of which counts its steps from 1; they follow one another. Curves that
    are no course of training, or whose phases come in an unknown order, keep their names.

    Args:
        curves: Value and phase, ``loss/vision``, -> points.
        settings: Those of the training job.
    """
    starts = phase_starts(settings)
    joined: Curves = {}
    for name, points in curves.items():
        value, _, phase = name.partition("/")
        alone = sum(other.startswith(f"{value}/") for other in curves) == 1
        if value in SHOWN and (phase in starts or alone):
            start = starts.get(phase, 0)
            joined.setdefault(value, []).extend((start + step, y) for step, y in points)
        else:
            joined[name] = points
    return {name: sorted(points) for name, points in joined.items()}


def phase_starts(settings: Mapping[str, Any]) -> dict[str, int]:
    """Returns phase -> steps before it, of a base that is trained here."""
    phases = base_phases(settings)
    before = accumulate((int(phase["steps"]) for phase in phases), initial=0)
    return {str(phase["name"]): start for phase, start in zip(phases, before, strict=False)}


def base_phases(settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the phases of base training; none of a tuned or an imported model."""
    training = settings.get("model", {}).get("base") or {}
    return list(training.get("phases", []))
