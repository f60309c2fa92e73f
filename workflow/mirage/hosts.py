"""Whether an address stays on this machine or in a private network."""

from __future__ import annotations

import ipaddress
import socket


def is_private(host: str) -> bool:
    """Tells whether a host is this machine or one of a private network, whatever its name.

    A name that nobody can resolve is not private.
    """
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    addresses = [ipaddress.ip_address(each.partition("%")[0]) for each in found]
    return bool(addresses) and all(a.is_private or a.is_loopback for a in addresses)
