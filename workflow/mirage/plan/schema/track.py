"""conf/track: where MLflow keeps what a person looks at."""

from __future__ import annotations

from mirage.plan.schema.base import Strict


class Track(Strict):
    """The tracking store; no part of any artifact's id."""

    uri: str
    experiment: str = "mirage"
