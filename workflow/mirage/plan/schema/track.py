"""conf/track: where MLflow keeps what a person looks at."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from mirage.plan.schema.types import Name, Strict

Uri = Annotated[
    str, StringConstraints(pattern=r"^(sqlite|postgresql|mysql|mssql)(\+\w+)?:///?|^https?://")
]
"""A database or a server; MLflow has given up plain folders."""


class Track(Strict):
    """The tracking store; no part of any artifact's id.

    Attributes:
        uri: Database or server.
        experiment: MLflow's experiment.
        content: Whether questions, answers and pictures go there too, or only verdicts and rates.
    """

    uri: Uri
    experiment: Name = "mirage"
    content: bool = True
