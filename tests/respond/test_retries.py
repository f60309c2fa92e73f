"""How long a server is left alone before a request is sent again."""

from __future__ import annotations

import httpx2 as httpx
import openai
import pytest

from mirage.respond.retries import UnansweredError, patiently

REQUEST = httpx.Request("POST", "http://127.0.0.1/v1")


def refused(status: int, **headers: str) -> openai.APIStatusError:
    response = httpx.Response(status, headers=headers, request=REQUEST)
    return openai.APIStatusError("no", response=response, body=None)


def test_waits_grow_or_are_those_that_the_server_names() -> None:
    lost = openai.APIConnectionError(request=REQUEST)
    errors = [refused(429, **{"retry-after": "9"}), refused(503), lost]
    waits: list[float] = []

    def send() -> str:
        if errors:
            raise errors.pop(0)
        return "done"

    assert patiently(send, 4, 60.0, waits.append) == "done"
    assert waits == [9.0, 2.0, 4.0]


def test_too_long_a_wait_and_a_refusal_end_at_once() -> None:
    waits: list[float] = []

    def send(error: Exception) -> str:
        raise error

    busy = refused(429, **{"retry-after": "3600"})
    for error, said in ((busy, "asks to wait 3600 s"), (refused(401), "HTTP 401")):
        with pytest.raises(UnansweredError, match=said):
            patiently(lambda error=error: send(error), 5, 60.0, waits.append)  # type: ignore[misc]
    assert waits == []
