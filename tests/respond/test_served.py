"""A served model: what is sent, what is tried again, and what never becomes an answer."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from respond_bench import SETTINGS, Bench, questions

from hosts import PRIVATE, PUBLIC, lead_names_to
from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.respond import retries, served
from mirage.respond.answer import Ask
from mirage.respond.answer_cache import AnswerStore
from mirage.respond.items import Question, read_suite
from mirage.respond.responder import Engine
from mirage.respond.served import open_served
from mirage.tune.encoding import limited

OPTIONS: dict[str, Any] = {
    "base_url": "", "model": "{model}", "key_env": None, "send_to": "", "concurrency": 4,
    "timeout_seconds": 5.0, "attempts": 3, "longest_wait_seconds": 1.0, "extra": {"top_k": 0},
}  # fmt: skip

Behave = Callable[["Handler", str, int], bool]
"""Takes a request's question and how often it came; True where it dealt with it."""


class Server(ThreadingHTTPServer):
    """Answers every question with itself turned round, unless it misbehaves."""

    daemon_threads = True
    behave: Behave = staticmethod(lambda handler, text, times: False)

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        card = {"id": "toy", "object": "model", "created": 0, "owned_by": "a lab"}
        self.reply(200, {"object": "list", "data": [card]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = body["messages"][0]["content"][-1]["text"]
        self.server.asked[text] += 1
        self.server.bodies.append(body)
        self.server.keys.append(self.headers["authorization"])
        if not self.server.behave(self, text, self.server.asked[text]):
            self.reply(200, completion(" ".join(reversed(text.split()))))

    def reply(self, status: int, plain: Any, **headers: str) -> None:
        self.send(status, json.dumps(plain).encode(), **headers)

    def send(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


def completion(text: str | None, why: str = "stop", model: str = "toy", **more: Any) -> Any:
    message = {"role": "assistant", "content": text, **more}
    return {
        "id": "1", "object": "chat.completion", "created": 0, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": why}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 7, "total_tokens": 8},
    }  # fmt: skip


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    monkeypatch.setattr(retries, "FIRST_WAIT", 0.0)
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def opened(server: Server, **options: Any) -> Engine:
    settings = OPTIONS | {"base_url": server.url} | options
    return open_served(Path(), object, object, options=settings, name="toy")


def asked(bench: Bench, count: int = 12) -> list[Question]:
    suite = bench.suite("alpha", questions("alpha", count, bench.pictures, seed=1))
    return read_suite(bench.store / suite, bench.images, SETTINGS["max_new_tokens"])


def texts(bench: Bench, engine: Engine, items: list[Question]) -> dict[str, str]:
    store = AnswerStore(bench.store / "answers")
    made = Ask(engine, store, 1, [engine.made_with], bench.lines.append)([items])
    return {item: entry.text for item, entry in made.items()}


def turned(items: list[Question]) -> dict[str, str]:
    return {q.id: " ".join(reversed(q.text.split())) for q in items}


def test_questions_and_pictures_travel_as_they_are(bench: Bench, server: Server) -> None:
    engine, items = opened(server), asked(bench)
    assert engine.made_with == {
        "served": "toy", "owned_by": "a lab", "temperature": 0, "extra": {"top_k": 0},
    }  # fmt: skip
    assert texts(bench, engine, items) == turned(items)
    text = {"type": "text", "text": items[2].text}
    body = next(b for b in server.bodies if text in b["messages"][0]["content"])
    assert (body["temperature"], body["max_tokens"], body["top_k"]) == (0.0, 12, 0)
    *pictures, last = body["messages"][0]["content"]
    assert last == text
    for part, file in zip(pictures, items[2].pictures, strict=True):
        data = part["image_url"]["url"].removeprefix("data:image/png;base64,")
        with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
            assert picture.tobytes() == file.open("here").tobytes()


def test_what_was_answered_is_never_asked_again(bench: Bench, server: Server) -> None:
    items = asked(bench)
    first = texts(bench, opened(server), items[:7])
    assert sum(server.asked.values()) == 7
    assert texts(bench, opened(server), items).items() >= first.items()
    assert max(server.asked.values()) == 1 and len(server.asked) == 12
    texts(bench, opened(server, extra={}), items[:2])
    assert sum(server.asked.values()) == 14, "another request is another answer"


def test_a_server_that_misbehaves_is_asked_again(bench: Bench, server: Server) -> None:
    def badly(handler: Handler, text: str, times: int) -> bool:
        if times > 1:
            return False
        match sum(text.encode()) % 5:
            case 0:
                handler.reply(429, {"error": {"message": "slow down"}}, retry_after="0")
            case 1:
                handler.reply(500, {"error": {"message": "oh"}})
            case 2:
                handler.connection.close()
            case 3:
                handler.send(200, b'{"choices": [{"mess')
            case _:
                return False
        return True

    server.behave = badly
    items = asked(bench, 25)
    assert texts(bench, opened(server), items) == turned(items)
    assert set(server.asked.values()) == {1, 2}


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (completion("no", "content_filter"), "it ended with content_filter"),
        (completion("no", model="other"), "another model answered: other"),
        (completion("no") | {"choices": []}, "holds no answer"),
    ],
)
def test_what_is_no_answer_is_named_and_all_others_are_kept(
    bench: Bench, server: Server, reply: Any, said: str
) -> None:
    items = asked(bench)
    bad = items[3].text

    def once(handler: Handler, text: str, times: int) -> bool:
        if text == bad:
            handler.reply(200, reply)
        return text == bad

    server.behave = once
    with pytest.raises(DataError, match=rf"did not answer 1 of 12 items, alpha/3 \(.*{said}"):
        texts(bench, opened(server), items)
    server.behave = lambda handler, text, times: False
    assert texts(bench, opened(server), items) == turned(items)
    assert server.asked.pop(bad) == 2 and set(server.asked.values()) == {1}


def test_what_a_server_refuses_is_not_sent_again(bench: Bench, server: Server) -> None:
    def no(handler: Handler, text: str, times: int) -> bool:
        handler.reply(400, {"error": {"message": "too long", "type": "BadRequestError"}})
        return True

    server.behave = no
    with pytest.raises(DataError, match=r"\(HTTP 400 BadRequestError\).*the rest was not tried"):
        texts(bench, opened(server), asked(bench, 40))
    assert set(server.asked.values()) == {1}
    assert len(server.asked) < 40


def test_a_refusal_in_a_field_of_its_own_is_an_answer(bench: Bench, server: Server) -> None:
    def refuse(handler: Handler, text: str, times: int) -> bool:
        handler.reply(200, completion(None, refusal="I will not."))
        return True

    server.behave = refuse
    assert set(texts(bench, opened(server), asked(bench, 2)).values()) == {"I will not."}


def test_a_reply_without_end_is_no_answer(
    bench: Bench, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "LONGEST_REPLY", 2000)

    def endless(handler: Handler, text: str, times: int) -> bool:
        handler.reply(200, completion("on and " * 2000))
        return True

    server.behave = endless
    with pytest.raises(DataError, match=r"connection lost \(RemoteProtocolError\)"):
        texts(bench, opened(server), asked(bench, 1))


def test_an_address_that_holds_a_key_is_refused(server: Server) -> None:
    with pytest.raises(ConfigError, match="A key goes by key_env") as told:
        opened(server, base_url=f"{server.url}?key=s3cret")
    assert "s3cret" not in str(told.value)


def test_a_silent_server_is_given_up(bench: Bench, server: Server) -> None:
    release = threading.Event()

    def hang(handler: Handler, text: str, times: int) -> bool:
        release.wait()
        return True

    server.behave = hang
    try:
        with pytest.raises(DataError, match=r"did not answer 1 of 1 items.*no reply in time"):
            texts(bench, opened(server, timeout_seconds=0.2, attempts=2), asked(bench, 1))
    finally:
        release.set()
    assert sum(server.asked.values()) == 2


def test_a_model_that_is_not_served_is_a_sentence(server: Server) -> None:
    with pytest.raises(ConfigError, match=r"serves no 'big', but toy\. Name one: respond\.openai"):
        opened(server, model="big")
    with pytest.raises(ConfigError, match="does not say what it serves"):
        opened(server, base_url="http://127.0.0.1:9/v1", attempts=1)


def test_keys_come_from_the_environment_alone(
    bench: Bench, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="export TOY_KEY="):
        opened(server, key_env="TOY_KEY")
    monkeypatch.setenv("TOY_KEY", "s3cret\u2019")
    with pytest.raises(ConfigError, match="TOY_KEY holds a sign that no key has") as told:
        opened(server, key_env="TOY_KEY")
    assert "s3cret" not in str(told.value)
    monkeypatch.setenv("TOY_KEY", "s3cret\n")
    engine = opened(server, key_env="TOY_KEY")
    texts(bench, engine, asked(bench, 1))
    assert server.keys == ["Bearer s3cret"]
    assert "s3cret" not in str(engine.made_with)


def test_nothing_leaves_the_network_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lead_names_to(monkeypatch, PUBLIC)
    options = OPTIONS | {"base_url": "https://models.example/v1"}
    with pytest.raises(ConfigError, match=r"wanted: respond\.openai\.send_to=models\.example"):
        open_served(Path(), object, object, options=options, name="toy")
    clear = options | {"base_url": "http://models.example/v1", "send_to": "models.example"}
    with pytest.raises(ConfigError, match="is not encrypted"):
        open_served(Path(), object, object, options=clear, name="toy")
    lead_names_to(monkeypatch, PRIVATE)
    leased = OPTIONS | {"base_url": "https://x.openai.azure.com/v1"}
    with pytest.raises(ConfigError, match=r"send_to=x\.openai\.azure\.com"):
        open_served(Path(), object, object, options=leased, name="toy")


def test_a_host_that_cannot_be_resolved_is_no_third_party_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lead_names_to(monkeypatch)
    options = OPTIONS | {"base_url": "https://gpu77/v1"}
    with pytest.raises(ConfigError, match=r"look at respond\.openai\.base_url") as told:
        open_served(Path(), object, object, options=options, name="toy")
    assert "send_to" not in str(told.value)


def test_nothing_follows_a_server_that_sends_elsewhere(bench: Bench, server: Server) -> None:
    def elsewhere(handler: Handler, text: str, times: int) -> bool:
        handler.reply(307, {}, location="/elsewhere")
        return True

    server.behave = elsewhere
    with pytest.raises(DataError, match=r"\(HTTP 307\)"):
        texts(bench, opened(server), asked(bench, 1))
    assert sum(server.asked.values()) == 1


def test_labels_stand_before_each_of_several_pictures(bench: Bench, server: Server) -> None:
    settings = OPTIONS | {"base_url": server.url}
    kind = limited(object, {"label": "Image-{n}: "})  # type: ignore[arg-type]
    engine = open_served(Path(), object, kind, options=settings, name="toy")
    texts(bench, engine, asked(bench, 3))
    shown = [
        [part.get("text", "a picture") for part in body["messages"][0]["content"][:-1]]
        for body in server.bodies
    ]
    pair = ["Image-1: ", "a picture", "Image-2: ", "a picture"]
    assert sorted(shown) == [[], pair, ["a picture"]]
