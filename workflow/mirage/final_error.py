"""The error that no further attempt at a job can mend; see ``mirage.plan.final``."""

from __future__ import annotations

from mirage.context import ConfigError


class FinalError(ConfigError):
    """A job that runs elsewhere, or with other packages, than planned, or that needs more room."""
