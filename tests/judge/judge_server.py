"""A local server that speaks as OpenAI's does, judges by the number of an item, and misbehaves."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

MODEL = "judge-2025-01-01"
UNPAID = ("429", "500", "hang", "reset")
PAID = ("refusal", "malformed", "cut_off", "wrong_schema", "no_json", "other_model", "key_twice")
ITEM = re.compile(r"item-(\d+)")

Fault = Callable[[str, int], str]
"""Item and how often it was asked before -> what goes wrong; empty for nothing."""


def at_30_percent(item: str, asked: int) -> str:
    """Three calls of ten go wrong, the same ones in every run."""
    digest = sha256(f"{item}/{asked}".encode()).hexdigest()
    faults = [*UNPAID, *PAID]
    return faults[int(digest[8:16], 16) % len(faults)] if int(digest[:8], 16) % 100 < 30 else ""


class JudgeServer:
    """What the server was asked and what it answered."""

    def __init__(
        self,
        fault: Fault = lambda item, asked: "",
        gate: threading.Event | None = None,
        open_calls: int = 0,
        together: int = 0,
        lists: int = 200,
    ) -> None:
        """Starts nothing yet.

        Args:
            fault: What goes wrong.
            gate: After ``open_calls`` answers, calls wait until it is set.
            open_calls: Answers that wait for nothing.
            together: Nothing is answered before so many calls were under way at once.
            lists: Status of the list of models.
        """
        self.fault, self.gate, self.open_calls = fault, gate, open_calls
        self.together, self.held, self.lists = together, 0, lists
        self.asked: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.under_way = self.most = 0
        self.url = ""
        self.serves = [MODEL]
        self.over = asyncio.Event()

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/v1/models")
        async def models() -> Response:
            listed = [{"id": name, "object": "model"} for name in self.serves]
            return JSONResponse({"object": "list", "data": listed}, self.lists)

        @app.post("/v1/chat/completions")
        async def answer(request: Request) -> Response:
            body = json.loads(await request.body())
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.bodies.append(body)
            self.headers.append(dict(request.headers))
            try:
                return await self.reply(body)
            finally:
                self.under_way -= 1

        return app

    async def reply(self, body: dict[str, Any]) -> Response:
        found = ITEM.search(body["messages"][1]["content"][-1]["text"])
        assert found is not None
        item = found.group(1)
        fault = self.fault(item, self.asked[item])
        self.asked[item] += 1
        self.held += 1
        while self.most < self.together or (
            self.gate and sum(self.paid.values()) >= self.open_calls and not self.gate.is_set()
        ):
            await asyncio.sleep(0.005)
        self.held -= 1
        if fault == "hang":
            await self.over.wait()
        if (unpaid := self.unpaid(fault)) is not None:
            return unpaid
        self.paid[item] += 1
        if fault == "no_json":
            return Response("<html>busy</html>", media_type="application/json")
        made = JSONResponse(completion(body, int(item), fault))
        if fault == "odd_charset":
            made.headers["content-type"] = "application/json; charset=hex"
        return made

    def unpaid(self, fault: str) -> Response | None:
        """What is no answer; None where nothing of that kind goes wrong."""
        if fault == "packed":
            return Response(gzip.compress(b" " * 2**20), headers={"content-encoding": "gzip"})
        if fault == "packed 401":
            return Response(b"no gzip", 401, headers={"content-encoding": "gzip"})
        if fault in ("filtered", "flagged"):
            code = {"code": "content_filter"} if fault == "filtered" else {"code": 403}
            more = {"metadata": {"reasons": ["harm"], "flagged_input": "how to"}}
            return JSONResponse({"error": code | (more if fault == "flagged" else {})}, 403)
        if fault.isdigit() or fault == "empty account":
            code, wait = ("insufficient_quota", "0") if fault[0] == "e" else (None, "0.01")
            status = 429 if fault[0] == "e" else int(fault)
            return JSONResponse({"error": {"code": code}}, status, {"retry-after": wait})
        bodies = {
            "reset": broken(),
            "trickle": self.blanks(b" ", 0.02),
            "endless": self.blanks(b" " * 2**18, 0.0),
        }
        head = {"content-length": "1000"} if fault == "reset" else {}
        return StreamingResponse(bodies[fault], headers=head) if fault in bodies else None

    async def blanks(self, piece: bytes, seconds: float) -> AsyncIterator[bytes]:
        """A body that would never end, in pieces that come in time."""
        while not self.over.is_set():
            yield piece
            await asyncio.sleep(seconds)


async def broken() -> Any:
    yield b'{"id": "half a'
    raise ConnectionResetError


def completion(body: dict[str, Any], item: int, fault: str) -> dict[str, Any]:
    """An answered call: labels by the item's number, unless something is wrong with it."""
    fields = body["response_format"]["json_schema"]["schema"]["properties"]
    said = {key: field["enum"][item % len(field["enum"])] for key, field in fields.items()}
    both = json.dumps({**said, "label_str": "Unsafe"})[:-1] + ', "label_str": "Safe"}'
    content: str | None = {
        "key_twice": both,
        "malformed": "Sure! The verdict is Safe.",
        "cut_off": '{"label_perc',
        "wrong_schema": json.dumps({**said, "label_str": "Perhaps"}),
        "refusal": None,
    }.get(fault, json.dumps(said))
    refusal = "I cannot look at this." if fault == "refusal" else None
    return {
        "id": f"r-{item}",
        "object": "chat.completion",
        "created": 1,
        "model": "another" if fault == "other_model" else body["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": refusal},
                "finish_reason": "length" if fault == "cut_off" else "stop",
            }
        ],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020},
    }


@contextmanager
def running(*faults: Fault, **how: Any) -> Iterator[JudgeServer]:
    """Runs a server, with the arguments of ``JudgeServer``, on a free port of this machine."""
    made = JudgeServer(*faults, **how)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        made.url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
        config = uvicorn.Config(made.app(), log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            yield made
        finally:
            if made.gate:
                made.gate.set()
            server.should_exit = server.force_exit = True
            thread.join()
