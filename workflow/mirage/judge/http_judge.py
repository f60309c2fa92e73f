"""A judge that is asked over HTTP, e.g. one that ``mirage serve`` started on a GPU machine.

What it is called, its revision, prompt and decoding stand in its YAML file and in every id; where
it runs is a matter of the machine: ``MIRAGE_JUDGE_URL``. No failure stops a run or drops an item:
it gives verdicts of status ``error`` with the reason, which count against coverage.
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from mirage.context import ConfigError
from mirage.contracts import DataError, Response, Sample, Verdict, parse_row, to_line
from mirage.judge.judging import check_verdict, failed

VERSION = 1
"""Of what is sent and how replies are read: raise it when a verdict could come out otherwise."""

IDLE_OPTIONS = frozenset({"timeout_seconds", "attempts"})
"""Options that change no verdict: what was judged stays judged when they change."""

VARIABLE = "MIRAGE_JUDGE_URL"
BATCH = 16
GIVE_UP = 2
"""Batches failing one after another, after which the rest of a call is not tried."""
LONGEST_REPLY = 64 * 2**20
"""Bytes; a reply beyond it is no judge's."""
NAME = "http"
FAILURES = (urllib.error.URLError, http.client.HTTPException, OSError, ValueError)


def judge(
    rows: Sequence[tuple[Sample, Response]],
    *,
    revision: str,
    prompt: str = "",
    decoding: Mapping[str, Any] | None = None,
    timeout_seconds: float = 120.0,
    attempts: int = 3,
) -> list[Verdict]:
    """The judge's entry: sends batches to the server that the environment names.

    Args:
        rows: What to judge.
        revision: Of the judge; a server that says another one is not asked.
        prompt: What the judge is told, or a name for it that the server knows.
        decoding: How the judge's own text is decoded.
        timeout_seconds: Per batch.
        attempts: Per batch, waiting longer from one to the next.

    Raises:
        ConfigError: No address in the environment.
    """
    url = os.environ.get(VARIABLE, "").rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ConfigError(
            f"{VARIABLE} is not set to an address (http://host:port). Start a judge with: "
            "mirage serve <judge>"
        )
    asked = {"revision": revision, "prompt": prompt, "decoding": dict(decoding or {})}
    verdicts: list[Verdict] = []
    misses, reason = 0, ""
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        if misses >= GIVE_UP:
            verdicts += [failed(sample, NAME, reason) for sample, _ in batch]
            continue
        try:
            replies = _ask(url, asked, batch, timeout_seconds, attempts)
        except FAILURES as wrong:
            reason = f"judge server: {type(wrong).__name__}: {wrong}"[:300]
            verdicts += [failed(sample, NAME, reason) for sample, _ in batch]
            misses += 1
            continue
        misses = 0
        verdicts += [
            _read(reply, sample) for reply, (sample, _) in zip(replies, batch, strict=True)
        ]
    return verdicts


def _ask(
    url: str,
    asked: Mapping[str, Any],
    rows: Sequence[tuple[Sample, Response]],
    timeout: float,
    attempts: int,
) -> list[Any]:
    """Returns one raw reply a row.

    Raises:
        OSError: The server cannot be reached (after all attempts).
        ValueError: What it says is no batch of verdicts of this judge.
    """
    items = [
        {"sample": json.loads(to_line(sample)), "response": json.loads(to_line(response))}
        for sample, response in rows
    ]
    body = json.dumps({"judge": asked, "items": items}).encode()
    for attempt in range(attempts):
        try:
            reply = _post(f"{url}/judge", body, timeout)
            break
        except FAILURES as wrong:
            refused = isinstance(wrong, urllib.error.HTTPError) and 400 <= wrong.code < 500
            if refused or attempt == attempts - 1:
                raise
            time.sleep(min(30.0, 0.5 * 4**attempt))
    if not isinstance(reply, dict) or not isinstance(reply.get("verdicts"), list):
        raise ValueError("the reply is no object with a list 'verdicts'")
    if reply.get("revision") != asked["revision"]:
        raise ValueError(f"revision {reply.get('revision')!r}, not {asked['revision']!r}")
    if len(reply["verdicts"]) != len(rows):
        raise ValueError(f"{len(reply['verdicts'])} verdicts for {len(rows)} responses")
    return list(reply["verdicts"])


def _post(url: str, body: bytes, timeout: float) -> Any:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=timeout) as reply:
        text = reply.read(LONGEST_REPLY + 1)
    if len(text) > LONGEST_REPLY:
        raise ValueError(f"a reply of more than {LONGEST_REPLY} bytes")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("the reply is JSON nested too deeply") from None


def _read(reply: Any, sample: Sample) -> Verdict:
    try:
        verdict = parse_row(json.dumps(reply), Verdict, "judge server")
        return check_verdict(verdict, sample, "judge server")
    except (DataError, RecursionError) as wrong:
        return failed(sample, NAME, f"{wrong}"[:300])
