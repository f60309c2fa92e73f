"""``mirage doctor`` and the servers of judges: asked before the first submit, never shown an item."""

from __future__ import annotations

from typing import Any

import pytest
from judge_server import MODEL, running

from mirage.cli.doctor_judges import judges
from mirage.cli.finding import Finding
from mirage.plan.entries import resolve
from mirage.plan.job import Job


def found(url: str, **more: Any) -> Finding:
    """What is said of a judge that two models are judged by."""
    options = {"model": MODEL, "retires": "2999-01-01", "base_url": url} | more
    settings = {"judge": {"name": "theirs", "options": options}}
    entries = {"judge": resolve("judge", "openai")}
    jobs = [Job("judge", "judge", name, name, settings, {}, entries=entries) for name in "ab"]
    (finding,) = judges(jobs)
    return finding


def test_a_server_with_its_model_is_ready() -> None:
    with running() as server:
        finding = found(server.url)
        assert (finding.level, server.bodies) == ("ok", []), finding.text
        assert f"answers and serves {MODEL}" in finding.text
        server.serves = ["other\x1b[2J", "b", "c", "d"]
        finding = found(server.url, revision="1234")
        assert finding.level == "broken"
        assert f"serves other, b, c and not {MODEL}. Start it here with: vllm serve" in finding.text


def test_a_server_that_is_not_there_is_broken_and_how_to_start_it_is_said() -> None:
    with running() as server:
        url = server.url
    finding = found(url, revision="1234", url_env="THEIR_URL")
    assert finding.level == "broken"
    assert f"{url} does not answer" in finding.text
    assert f"vllm serve {MODEL} --revision 1234" in finding.text
    assert "conf/judge/theirs.yaml); elsewhere: export THEIR_URL=http://" in finding.text


def test_a_server_that_lists_nothing_is_worth_a_look() -> None:
    with running() as server:
        finding = found(server.url.removesuffix("/v1"))
        assert finding.level == "look" and "status 404" in finding.text


def test_what_would_stop_the_judge_is_broken() -> None:
    for status in (307, 401, 402, 403):
        with running(lists=status) as server:
            finding = found(server.url)
            assert (finding.level, f"status {status}" in finding.text) == ("broken", True)


def test_a_judge_that_may_not_be_asked_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirage.cli.doctor_judges.client_of", lambda *_: pytest.fail("asked"))
    assert "third party" in found("https://api.openai.com/v1").text
    monkeypatch.delenv("THEIR_KEY", raising=False)
    assert "export THEIR_KEY=" in found("http://127.0.0.1:9/v1", key_env="THEIR_KEY").text


def test_other_judges_have_no_server() -> None:
    assert judges([Job("judge", "judge", "a", "a", {"judge": {"name": "oracle"}}, {})]) == []
