"""Any judge behind the door: stored verdicts, a judge over HTTP, and what misbehaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mirage.context import ConfigError
from mirage.contracts import DataError, Response, Sample, Verdict, parse_row
from mirage.judge import http_judge
from mirage.judge.judging import Judging, counts
from mirage.judge.oracle import judge as oracle
from mirage.judge.server import Served, make_server

TRUTH = {"kind": "skill", "family": "naming", "answer": "kettle", "objects": ["kettle"]}
SAMPLES = {
    f"s/{n}": Sample(f"s/{n}", "s", "", "", "what is it ?", ("images/a.png",), TRUTH)
    for n in range(40)
}
RESPONSES = [
    Response(name, "kettle" if n % 3 else "a lamp", 1, "stop") for n, name in enumerate(SAMPLES)
]
IDENTITY = {"revision": "oracle-1", "prompt": "", "decoding": {}}
FILE = Path("responses.jsonl")

TOY = """
from mirage.contracts import Verdict

CALLS = []

def judge(rows, *, word="kettle"):
    CALLS.append(len(rows))
    return [
        Verdict(s.id, "", "judged", "", None, None, "correct" if word in r.text else "wrong",
                None, None)
        for s, r in rows
    ]

def short(rows):
    return []
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A second judge in a folder of the user's own."""
    (tmp_path / "toy_word_judge.py").write_text(TOY, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import toy_word_judge  # type: ignore[import-not-found]

    yield toy_word_judge
    del sys.modules["toy_word_judge"]


def judging(work: Path | None, reference: str = "toy_word_judge:judge", **options: Any) -> Judging:
    return Judging.of("toy", reference, options, code="c", work=work)


def test_a_toy_judge_goes_through_the_door_and_its_options_reach_it(toy: Any) -> None:
    verdicts = judging(None).judge(SAMPLES, RESPONSES, FILE, "m")
    assert [v.id for v in verdicts] == [r.id for r in RESPONSES]
    assert {v.judge for v in verdicts} == {"toy"}
    assert [v.outcome for v in verdicts] == [v.outcome for v in oracle(rows())]
    lamps = judging(None, word="lamp").judge(SAMPLES, RESPONSES, FILE, "m")
    assert [v.outcome for v in lamps] != [v.outcome for v in verdicts]
    with pytest.raises(ConfigError, match=r"unexpected .*'prompt'\. Options of .*: word"):
        judging(None, prompt="x")
    with pytest.raises(DataError, match="gave 0 verdicts for 40 responses"):
        judging(None, "toy_word_judge:short").judge(SAMPLES, RESPONSES, FILE, "m")


def test_unchanged_answers_are_not_judged_again(toy: Any, tmp_path: Path) -> None:
    first = judging(tmp_path).judge(SAMPLES, RESPONSES, FILE, "m")
    assert sum(toy.CALLS) == 40
    assert judging(tmp_path).judge(SAMPLES, RESPONSES, FILE, "m") == first
    assert sum(toy.CALLS) == 40
    changed = [*RESPONSES[:-1], replace(RESPONSES[-1], text="a fan")]
    judging(tmp_path).judge(SAMPLES, changed, FILE, "m")
    assert sum(toy.CALLS) == 41
    judging(tmp_path, word="fan").judge(SAMPLES, changed, FILE, "m")
    assert sum(toy.CALLS) == 81, "other options are another judge"


def test_what_failed_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(http_judge.VARIABLE, "http://127.0.0.1:9")
    reference, options = "mirage.judge.http_judge:judge", {"revision": "oracle-1", "attempts": 1}
    asked = Judging.of("o", reference, options, code="c", work=tmp_path)
    gone = asked.judge(SAMPLES, RESPONSES, FILE, "m")
    assert counts(gone) == {"judged": 0, "unjudged": 0, "errors": 40}
    assert all("URLError" in v.reason for v in gone)
    with served() as url:
        monkeypatch.setenv(http_judge.VARIABLE, url)
        patient = Judging.of(
            "o", reference, options | {"timeout_seconds": 9.0}, code="d", work=tmp_path
        )
        assert patient.folder == asked.folder, "neither waiting nor a refactor judges again"
        assert counts(patient.judge(SAMPLES, RESPONSES, FILE, "m"))["judged"] == 40
    again = asked.judge(SAMPLES, RESPONSES, FILE, "m")
    assert counts(again)["judged"] == 40, "stored: the server is gone"


def rows() -> list[tuple[Sample, Response]]:
    return [(SAMPLES[r.id], r) for r in RESPONSES]


@contextmanager
def listening(server: ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def served() -> Iterator[str]:
    with listening(make_server(Served("o", oracle, IDENTITY, {}), "127.0.0.1", 0)) as url:
        yield url


def ask(url: str, monkeypatch: pytest.MonkeyPatch, **options: Any) -> list[Verdict]:
    monkeypatch.setenv(http_judge.VARIABLE, url)
    return http_judge.judge(rows(), **{"revision": "oracle-1", "attempts": 1, **options})


def test_over_http_the_oracle_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as url:
        assert ask(url, monkeypatch) == oracle(rows())
        with urllib.request.urlopen(f"{url}/health") as reply:
            assert json.load(reply) == {"judge": "o", **IDENTITY}
        other = ask(url, monkeypatch, revision="oracle-2")
        assert {v.status for v in other} == {"error"}
        assert "400" in other[0].reason
        for body in (b"[" * 100_000, b"{}", b'{"judge": {}, "items": [3]}'):
            with pytest.raises(urllib.error.HTTPError, match="400"):
                urllib.request.urlopen(f"{url}/judge", data=body)
    monkeypatch.delenv(http_judge.VARIABLE)
    with pytest.raises(ConfigError, match="mirage serve"):
        http_judge.judge(rows(), revision="x")


def good(request: Any) -> dict[str, Any]:
    asked = [
        (parse_row(json.dumps(i["sample"]), Sample, ""), parse_row(json.dumps(i["response"]), Response, ""))
        for i in request["items"]
    ]  # fmt: skip
    said = [json.loads(json.dumps(vars(v))) for v in oracle(asked)]
    return {"revision": "oracle-1", "verdicts": said}


def spoiled(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any], Any]:
    def reply(request: Any) -> Any:
        made = good(request)
        made["verdicts"][3] = change(made["verdicts"][3])
        return made

    return reply


WHOLE: dict[str, Callable[[Any], Any]] = {
    "no object": lambda _: [1, 2],
    "no object with a list": lambda _: {"revision": "oracle-1", "verdicts": "all safe"},
    "1 verdicts for": lambda r: {**good(r), "verdicts": good(r)["verdicts"][:1]},
    "revision 'other'": lambda r: {**good(r), "revision": "other"},
    "nested too deeply": lambda _: b"[" * 100_000,
    "JSONDecodeError": lambda _: b"<html>",
}
SINGLE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "expected a JSON object": lambda v: 7,
    "where that of": lambda v: {**v, "id": "s/0"},
    "has one of correct, wrong": lambda v: {**v, "outcome": "rsr"},
    "missing status": lambda v: {k: x for k, x in v.items() if k != "status"},
    "raw.effects should be list": lambda v: {**v, "raw": {"effects": 3}},
    "unknown code": lambda v: {**v, "code": "?"},
    "is not judged, unjudged or error": lambda v: {**v, "status": "safe"},
}


@contextmanager
def misbehaving(reply: Callable[[Any], Any]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made = reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            text = made if isinstance(made, bytes) else json.dumps(made).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with listening(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url


@pytest.mark.parametrize("reason", WHOLE)
def test_a_wrong_reply_is_an_error_of_its_batch(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with misbehaving(WHOLE[reason]) as url:
        verdicts = ask(url, monkeypatch)
    assert [v.id for v in verdicts] == list(SAMPLES)
    assert {(v.status, v.outcome, v.safe) for v in verdicts} == {("error", None, None)}
    assert all(reason in v.reason for v in verdicts)


@pytest.mark.parametrize("reason", SINGLE)
def test_a_wrong_verdict_is_an_error_of_its_item(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with misbehaving(spoiled(SINGLE[reason])) as url:
        verdicts = ask(url, monkeypatch)
    wrong = [n for n, v in enumerate(verdicts) if v.status == "error"]
    assert wrong == [3, 19, 35]  # of batches of 16
    assert all(reason in verdicts[n].reason for n in wrong)
    truth = oracle(rows())
    assert all(v == truth[n] for n, v in enumerate(verdicts) if n not in wrong)


def test_served_from_the_command_line_until_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "mirage", "serve", "served_oracle", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    said = server.stdout.readline()
    url = said.rsplit("=", 1)[1].strip()
    assert url.startswith("http://127.0.0.1:")
    assert ask(url, monkeypatch) == oracle(rows())
    server.send_signal(signal.SIGTERM)
    assert server.wait() == 0
