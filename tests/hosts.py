"""Names of hosts that lead where a test says, whatever this machine's resolver knows."""

from __future__ import annotations

import socket

import pytest

PUBLIC, PRIVATE = "8.8.8.8", "10.0.0.1"


def lead_names_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Has every name of a host resolve to these addresses; to none where none is given."""

    def found(*_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        if not addresses:
            raise OSError
        return [(0, 0, 0, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)
