"""conf/track: where MLflow keeps what a person looks at."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import StringConstraints

from mirage.plan.schema.types import Name, Strict

URI = r"^(sqlite|postgresql|mysql|mssql)(\+\w+)?:///?|^https?://"
Uri = Annotated[str, StringConstraints(pattern=URI)]
"""A database or a server; MLflow has given up plain folders."""


PASSWORD = "MIRAGE_TRACK_PASSWORD"
"""Environment variable with the password of ``track.uri``, which is written nowhere."""

HIDDEN = "***"
_SECRETS = (
    # A token in the place of the name; a name alone stays where a database is addressed.
    re.compile(
        r"((?<![\w+.-])(?!(?:sqlite|postgresql|mysql|mssql)\b)[\w+.-]+:/{1,3})([^:/\s]+)(?=:?@)"
    ),
    # One slash is what remains of two where an address was taken for a file's name.
    re.compile(r"(:/{1,3}[^:/\s]*:)(.+)(?=@)"),
    # In a sentence an address ends at its closing quote.
    re.compile(r"(?i)([?&](?:password|passwd|pwd|(?:\w+_)?token)=)([^&]+?)(?=&|['\"][\s.,;\]]|$)"),
)


def redacted(uri: str) -> str:
    """Returns a URI, or a sentence with URIs, without passwords and tokens."""
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
        uri: Database or server; ``{store}`` in it stands for the root of all artifacts.
        experiment: MLflow's experiment.
        content: Whether questions, answers and pictures go there too, or only verdicts and rates.
    """

    uri: Uri
    experiment: Name = "mirage"
    content: bool = True
