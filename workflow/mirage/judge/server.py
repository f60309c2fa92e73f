"""A judge behind HTTP: ``POST /judge`` takes a batch, ``GET /health`` says who answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from mirage.contracts import DataError, Response, Sample, parse_row, to_line
from mirage.judge.judging import JudgeEntry

LONGEST_REQUEST = 256 * 2**20
"""Bytes: a batch of samples and answers, no pictures."""


class RefusedError(ValueError):
    """A request that this judge does not answer; the text says why."""


@dataclass(frozen=True)
class Served:
    """What a server judges with.

    Attributes:
        name: The judge's name.
        entry: What judges; asked by one request at a time.
        identity: Revision, prompt and decoding, which every request must name alike.
        options: Handed to ``entry``.
    """

    name: str
    entry: JudgeEntry
    identity: Mapping[str, Any]
    options: Mapping[str, Any]


def make_server(served: Served, host: str, port: int) -> ThreadingHTTPServer:
    """Returns a server that is bound and waits for ``serve_forever``; port 0 takes a free one."""
    lock = Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = 60

        def do_GET(self) -> None:
            if self.path == "/health":
                self._reply(200, {"judge": served.name, **served.identity})
            else:
                self._reply(404, {"error": "there are GET /health and POST /judge"})

        def do_POST(self) -> None:
            try:
                request = self._request()
                with lock:
                    verdicts = judge_batch(served, request)
            except RefusedError as refused:
                self._reply(400, {"error": str(refused)})
                return
            self._reply(200, {"revision": served.identity["revision"], "verdicts": verdicts})

        def _request(self) -> Any:
            if self.path != "/judge":
                raise RefusedError("there are GET /health and POST /judge")
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > LONGEST_REQUEST:
                raise RefusedError(f"Content-Length must be a number up to {LONGEST_REQUEST}")
            try:
                return json.loads(self.rfile.read(int(length)))
            except (ValueError, RecursionError):
                raise RefusedError("the request is not valid JSON") from None

        def _reply(self, status: int, body: Mapping[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            """Texts from models do not belong in a log."""

    return ThreadingHTTPServer((host, port), Handler)


def judge_batch(served: Served, request: Any) -> list[Any]:
    """Judges the items of a request.

    Args:
        served: What judges.
        request: ``{"judge": {revision, prompt, decoding}, "items": [{sample, response}]}``.

    Raises:
        RefusedError: Another judge is asked for, or an item breaks its contract.
    """
    if not isinstance(request, dict) or not isinstance(request.get("items"), list):
        raise RefusedError("expected an object with 'judge' and a list 'items'")
    if request.get("judge") != served.identity:
        raise RefusedError(f"this server judges as {json.dumps(served.identity)}")
    rows = []
    for number, item in enumerate(request["items"], 1):
        where = f"item {number}"
        if not isinstance(item, dict) or item.keys() != {"sample", "response"}:
            raise RefusedError(f"{where}: expected 'sample' and 'response'")
        try:
            sample = parse_row(json.dumps(item["sample"]), Sample, where)
            rows.append((sample, parse_row(json.dumps(item["response"]), Response, where)))
        except (DataError, RecursionError) as wrong:
            raise RefusedError(str(wrong)) from None
    verdicts = served.entry(rows, **served.options)
    return [json.loads(to_line(verdict)) for verdict in verdicts]
