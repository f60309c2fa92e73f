"""Servers that are asked, for answers or for verdicts: how they are reached, and what they say.

What is sent may be harmful, so it goes to the address that the settings name and nowhere else; and
nothing of what a server writes in its own words is repeated, since that may be what was sent.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import socket
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mirage.addresses import check_address
from mirage.context import ConfigError

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

DATA_FILES = ("providers.json",)

AGAIN: Final = frozenset({408, 409, 425, 429})
"""Statuses below 500 after which the same request may succeed."""
_SHORT: Final = re.compile(r"[A-Za-z_][\w.-]{0,59}")


def third_party(
    url: str, who: str, where: str, *, sent: str, named: str, setting: str, by_host: bool = False
) -> str:
    """Returns whom an address belongs to; empty for this machine and private networks.

    A name that is known decides before the address behind it: providers lease private ones.

    Args:
        url: Address, up to and with ``/v1``.
        who: Asks there, for the errors.
        where: What says the address, for the errors.
        sent: What goes there, for the error.
        named: What may be asked, as the settings say; a proxy may resolve what this machine cannot.
        setting: How the settings say it, up to the name, for the error.
        by_host: Whether they name a host rather than its provider.

    Raises:
        ConfigError: No address that may be shown, nobody can tell where it leads, or a third party
            that the settings do not name or that would be asked in clear.
    """
    try:
        check_address(url, where)
    except ValueError as wrong:
        raise ConfigError(f"{who}: {wrong}.") from None
    host = urlsplit(url).hostname or ""
    provider = provider_of(host)
    try:
        if provider == host and is_private(host):
            return ""
    except OSError:
        if named != host:
            raise ConfigError(
                f"{who}: {host} cannot be resolved from this machine: look at {where}."
            ) from None
    wanted = host if by_host else provider
    if named != wanted:
        raise ConfigError(
            f"{who} would send {sent}, which may be harmful, to {provider} ({host}), a third "
            f"party. If that is allowed and wanted: {setting}{wanted}"
        )
    if urlsplit(url).scheme != "https":
        raise ConfigError(f"{who}: {host} is a third party and {url} is not encrypted.")
    return provider


def provider_of(host: str) -> str:
    """Returns the name of the third party behind a host, the host itself where it is unknown."""
    bare = host.rstrip(".")
    for name, hosts in _providers().items():
        for known in hosts:
            if bare == known or (known.startswith(".") and bare.endswith(known)):
                return name
    return host


@cache
def _providers() -> dict[str, list[str]]:
    path = Path(__file__).parent / DATA_FILES[0]
    found: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def is_private(host: str) -> bool:
    """Tells whether a host is this machine or one of a private network, whatever its name.

    Raises:
        OSError: Nobody can resolve its name.
    """
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except UnicodeError:
        raise OSError("no name of a host") from None
    addresses = [ipaddress.ip_address(each.partition("%")[0]) for each in found]
    return bool(addresses) and all(a.is_private or a.is_loopback for a in addresses)


def key_of(variable: str | None, who: str) -> str:
    """Returns the key in an environment variable; a word that no server checks for none.

    Args:
        variable: Its name; empty or None for a server that wants none.
        who: Needs it, for the error.

    Raises:
        ConfigError: There is none, or it cannot be one.
    """
    key = os.environ.get(variable, "").strip() if variable else "none"
    if not key:
        raise ConfigError(f"{who} needs a key. Put it into the environment: export {variable}=...")
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"{who}: {variable} holds a sign that no key has.")
    return key


def client(
    url: str,
    key: str,
    timeout: float,
    *,
    private: bool,
    longest: int,
) -> OpenAI:
    """Returns a client that sends each request once and bounds what comes back.

    Args:
        url: Address, up to and with ``/v1``.
        key: Key for it.
        timeout: Of a request, in seconds, and of its reply.
        private: Whether the address is this machine or in a private network.
        longest: Bytes of a reply at most.
    """
    from openai import DefaultHttpxClient, OpenAI

    from mirage.reply_limits import ReplyLimits

    # A proxy named in the environment is a third party, too; and no answer may move a request on.
    http = DefaultHttpxClient(
        trust_env=not private,
        follow_redirects=False,
        event_hooks={"response": [ReplyLimits(timeout, longest)]},
    )
    return OpenAI(
        api_key=key,
        base_url=url,
        timeout=timeout,
        max_retries=0,  # the client's own waits cannot be set, and it waits 60 s at most
        http_client=http,
        default_headers={"Accept-Encoding": "identity"},  # a short reply may unpack to gigabytes
    )


def may_pass(refused: APIStatusError) -> bool:
    """Tells whether the same request may succeed later."""
    return refused.status_code >= 500 or refused.status_code in AGAIN


def refusal(refused: APIStatusError) -> str:
    """Returns a status and the server's short code for it."""
    words = [str(each) for each in (refused.code, refused.type) if each]
    short = next((each for each in words if _SHORT.fullmatch(each)), "")
    return f"HTTP {refused.status_code}" + (f" {short}" if short else "")


def retry_after(header: str | None, now: float) -> float:
    """Returns how many seconds a server asks to wait, 0 where it does not say.

    Args:
        header: ``Retry-After``: seconds, or a date (RFC 9110, section 10.2.3).
        now: Seconds since 1970.
    """
    text = header or ""
    with suppress(ValueError, OverflowError):
        return max(0.0, min(float(text), 1e9))
    with suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    return 0.0
