"""Addresses of servers, as settings and the environment may say them."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def check_address(url: str, where: str) -> str:
    """Returns an address of a server; keys and passwords do not belong there: it is shown.

    Args:
        url: The address.
        where: What says it, for the error.

    Raises:
        ValueError: No http address, or one with a name, a password, a query or a mark in it.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or url.split() != [url]:
        raise ValueError(f"{where} is no http address (http://host:port/v1)")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"{where} holds more than host, port and path. A key goes by key_env")
    return url


Url = Annotated[str, AfterValidator(partial(check_address, where="it"))]
"""A setting that is an address."""
