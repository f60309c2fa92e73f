"""Requests that are sent again: which failures pass, and how long is waited between two."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from mirage.servers import may_pass, refusal, retry_after

T = TypeVar("T")

FIRST_WAIT = 1.0
"""Seconds before the second attempt, doubled from one to the next, where a server names none."""


class UnansweredError(Exception):
    """A request that failed for good; the text says why."""


def patiently(
    send: Callable[[], T],
    attempts: int,
    longest_wait: float,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Sends a request until it succeeds.

    Busy and broken servers, and lost connections, are tried again after the wait that the server
    names (``Retry-After``) or a growing one; what a server refuses is not.

    Args:
        send: Sends it once, with the client ``openai``.
        attempts: Most times.
        longest_wait: Seconds; a server that asks for more is not waited for.
        sleep: Waits some seconds.

    Raises:
        UnansweredError: It did not succeed.
    """
    from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError

    pause, why = FIRST_WAIT, "it was never sent"
    for attempt in range(attempts):
        wait = pause
        try:
            return send()
        except APIStatusError as said:
            why = refusal(said)
            if not may_pass(said):
                break
            named = retry_after(said.response.headers.get("retry-after"), time.time())
            if named > longest_wait:
                why += f"; it asks to wait {named:.0f} s"
                break
            wait = max(pause, named)
        except APITimeoutError:
            why = "no reply in time"
        except APIConnectionError as lost:
            why = f"connection lost ({type(lost.__cause__ or lost).__name__})"
        except (APIError, ValueError) as broken:  # a reply that is no JSON, or cut off
            why = f"broken reply ({type(broken).__name__})"
        if attempt + 1 < attempts:
            sleep(min(wait, longest_wait))
            pause *= 2
    raise UnansweredError(why)
