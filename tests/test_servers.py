"""Servers: which are a third party, how they are reached, what of their words is repeated."""

from __future__ import annotations

import httpx2 as httpx
import openai
import pytest

from hosts import PRIVATE, PUBLIC, lead_names_to
from mirage.servers import client, is_private, may_pass, refusal, retry_after


def refused(status: int, **error: object) -> openai.APIStatusError:
    request = httpx.Request("POST", "http://127.0.0.1/v1")
    response = httpx.Response(status, request=request)
    return openai.APIStatusError("the prompt again", response=response, body=error)


def test_this_machine_and_private_networks_are_private(monkeypatch: pytest.MonkeyPatch) -> None:
    for host in ("127.0.0.1", "10.0.0.7", "192.168.1.2", "::1", "localhost"):
        assert is_private(host), host
    assert not is_private("8.8.8.8")
    lead_names_to(monkeypatch, PRIVATE, PUBLIC)
    assert not is_private("gpu7.example.org"), "one public address is enough"
    lead_names_to(monkeypatch, PRIVATE)
    assert is_private("gpu7.example.org")
    monkeypatch.undo()
    with pytest.raises(OSError):
        is_private("a" * 64 + ".example.org")  # no name: a part has 63 signs at most


def test_waits_are_seconds_or_a_date() -> None:
    def said(text: str) -> float:
        return retry_after(text, 784111770.0)

    assert said("7") == 7.0
    assert said("0.5") == 0.5
    assert said("Sun, 06 Nov 1994 08:49:37 GMT") == 7.0
    assert [said(text) for text in ("", "-3", "soon", "Sun, 06 Nov 1990 08:49:37 GMT")] == [0.0] * 4
    assert retry_after(None, 0.0) == 0.0


def test_refusals_are_told_without_the_words_of_the_server() -> None:
    assert refusal(refused(429, code="rate_limit")) == "HTTP 429 rate_limit"
    assert refusal(refused(400, code=400, type="BadRequestError")) == "HTTP 400 BadRequestError"
    assert refusal(refused(400, code="you asked how to", type="x" * 61)) == "HTTP 400"
    passing = [may_pass(refused(status)) for status in (307, 400, 401, 408, 429, 500, 503)]
    assert passing == [False, False, False, True, True, True, True]


def test_proxies_are_for_third_parties_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:1")
    for private in (True, False):
        made = client("http://127.0.0.1:9/v1", "none", 1.0, private=private, longest=9)
        http = made._client
        assert http.trust_env is not private
        assert http.follow_redirects is False and made.max_retries == 0
