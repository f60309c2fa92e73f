"""conf/track: where MLflow keeps what a person looks at."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import StringConstraints

from mirage.plan.schema.types import Name, Strict

Uri = Annotated[
    str, StringConstraints(pattern=r"^(sqlite|postgresql|mysql|mssql)(\+\w+)?:///?|^https?://")
]
"""A database or a server; MLflow has given up plain folders."""


PASSWORD = "MIRAGE_TRACK_PASSWORD"
"""Environment variable with the password of ``track.uri``, which is written nowhere."""

HIDDEN = "***"
_SECRETS = (re.compile(r"(?<=://)([^:/@]*:)(.+)(?=@)"), re.compile(r"([?&]password=)([^&]+)"))


def redacted(uri: str) -> str:
    """Returns a URI without its password."""
    for secret in _SECRETS:
        uri = secret.sub(rf"\1{HIDDEN}", uri)
    return uri


def password_of(uri: str) -> str:
    """Returns the password that a URI holds, or nothing."""
    parts = (secret.search(uri) for secret in _SECRETS)
    return next((match[2] for match in parts if match and match[2] != HIDDEN), "")


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
