"""One call to an OpenAI-compatible server, tried again where that can help.

What went wrong is told by its class, its status and the server's short code, never by the server's
words: those may repeat what was sent.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final, cast

from mirage.context import ConfigError
from mirage.judge.cost import usd
from mirage.judge.endpoint import Endpoint
from mirage.judge.replies import Reply
from mirage.plan.schema.judge import OpenAIOptions
from mirage.servers import client, may_pass, refusal, retry_after

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

LONGEST_REPLY: Final = 4 * 2**20
"""Bytes of a reply; two labels and what surrounds them have a thousandth of it."""
FOR_ALL: Final = {
    401: "does not accept the key",
    402: "wants to be paid first",
    403: "does not let this key ask",
    404: "knows no such model or address",
    **dict.fromkeys((301, 302, 303, 307, 308), "sends elsewhere, where nothing of this may go"),
}
"""Statuses that say the same of every call: the judge stops."""
EMPTY: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""Codes of an account without money; they come as 429 and no waiting helps."""
FILTERED: Final = frozenset({"content_filter", "content_policy_violation", "invalid_prompt"})
"""Codes of a provider that will not look at an item."""
NEVER_LEFT: Final = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
"""Failures of calls that reached no server."""


class NoReplyError(Exception):
    """A call that was not answered; the text says why, without the server's words."""


class DeclinedError(NoReplyError):
    """The provider will not look at this item."""


class UnfitError(NoReplyError):
    """The server will not take this call, whatever it does with others."""


class Caller:
    """Makes calls; safe to share between threads."""

    def __init__(self, name: str, endpoint: Endpoint, options: OpenAIOptions) -> None:
        self.name, self.endpoint, self.options = name, endpoint, options
        self.stopped = Event()
        self._client = client_of(endpoint, options)
        self._lock = Lock()
        self._not_before = 0.0

    def ask(
        self,
        body: dict[str, Any],
        tokens_in: int,
        tries: int,
        reserve: Callable[[], None],
        lost: Callable[[], None],
    ) -> Reply:
        """Returns what came back, whatever it is worth.

        Args:
            body: Of the request.
            tokens_in: About how many tokens it is, where the server does not count.
            tries: Calls that may fail before this one is given up.
            reserve: Called before each try: sets aside what it may cost.
            lost: Called for each call that reached the server and whose reply did not come back:
                it may be billed all the same.

        Raises:
            NoReplyError: None was answered.
            ConfigError: No call of this judge can be answered, or the budget is spent.
        """
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        reason = "stopped"
        for attempt in range(tries):
            self._wait_for_turn()
            if self.stopped.is_set():
                break
            reserve()
            waiting = self.options.wait_seconds * 2**attempt
            try:
                made = self._client.chat.completions.with_raw_response.create(**cast(Any, body))
                return read_body(made.http_response.content, tokens_in, self.options)
            except APIConnectionError as broken:
                kind = type(broken.__cause__ or broken).__name__
                reason = f"connection lost ({kind})"
                if isinstance(broken, APITimeoutError):
                    reason = f"no reply within {self.options.timeout_seconds:g} s"
                if kind not in NEVER_LEFT:
                    lost()
            except APIStatusError as refused:
                reason = self._refusal(refused)
                asked = retry_after(refused.response.headers.get("retry-after"), time.time())
                if asked > self.options.longest_wait_seconds:
                    raise NoReplyError(f"{reason}: asked to wait {asked:.0f} s") from None
                waiting = max(waiting, asked)
                if asked:
                    self._hold(asked)
            if attempt < tries - 1:
                limit = self.options.longest_wait_seconds
                self.stopped.wait(min(limit, waiting) * random.uniform(1.0, 1.25))
        raise NoReplyError(f"{reason}, {tries} tries")

    def _refusal(self, refused: APIStatusError) -> str:
        """Says what a status means.

        Raises:
            ConfigError: The same would be said of every call.
            NoReplyError: The same would be said of this call again.
        """
        status, code, reason = refused.status_code, str(refused.code or ""), refusal(refused)
        if code in FILTERED or _flagged(refused.body):  # some say that with 403
            raise DeclinedError(f"the provider declined to judge it ({reason})") from None
        if status in FOR_ALL or code in EMPTY:
            what = FOR_ALL.get(status, "says that the account has no money left")
            raise ConfigError(
                f"judge {self.name}: {self.endpoint.url} {what} ({reason}). Look at base_url, "
                f"model and key_env in conf/judge/{self.name}.yaml. What was judged is kept."
            ) from None
        if not may_pass(refused):
            raise UnfitError(reason) from None
        return reason

    def _hold(self, seconds: float) -> None:
        """One thread was told to wait: the others would only be told the same."""
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + seconds)

    def _wait_for_turn(self) -> None:
        with self._lock:
            left = self._not_before - time.monotonic()
        if left > 0:
            self.stopped.wait(left)


def client_of(endpoint: Endpoint, options: OpenAIOptions) -> OpenAI:
    """Returns the official client, which sends nothing anywhere but to the endpoint."""
    return client(
        endpoint.url,
        endpoint.key,
        options.timeout_seconds,
        private=not endpoint.provider,
        longest=LONGEST_REPLY,
    )


def read_body(text: str | bytes, tokens_in: int, options: OpenAIOptions) -> Reply:
    """Reads the body of an answered call; total over all texts and bytes.

    Args:
        text: The body; whatever its head calls the encoding, JSON tells its own.
        tokens_in: What the request was estimated at.
        options: Of the judge.
    """
    refused, said, model, problem, back = False, "", "", "", options.max_tokens
    try:
        plain = json.loads(text)
        model = _text(plain.get("model"))
        used = plain.get("usage") or {}
        tokens_in, back = (
            _count(used.get("prompt_tokens"), tokens_in),
            _count(used.get("completion_tokens"), back),
        )
        choice = plain["choices"][0]
        said = _text(choice["message"].get("content"))
        refused = bool(choice["message"].get("refusal"))
        refused = refused or choice.get("finish_reason") == "content_filter"
        if choice.get("finish_reason") == "length":
            problem = f"cut off after {options.max_tokens} tokens"
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        problem = "the server's reply is no chat completion"
    cost = usd(tokens_in, back, options) or 0.0
    return Reply(said[:4000], problem, refused, model, tokens_in, back, cost)


def _flagged(error: object) -> bool:
    """Whether an error is OpenRouter's of moderation, which has no code of its own."""
    more = error.get("metadata") if isinstance(error, dict) else None
    return isinstance(more, dict) and "flagged_input" in more


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object, otherwise: int) -> int:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return cast(int, value) if known else otherwise
