"""The error of what a plan names and this machine does not have."""

from __future__ import annotations

from mirage.context import ConfigError


class AbsentError(ConfigError):
    """Weights, data, packages or GPUs are not on this machine, or were not checked since a change.

    A run refuses; a dry run notes it (``mirage.plan.rehearsal``).
    """
