"""Requests that are sent again: which failures pass, and how long a server wants to wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

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
    from openai import APIConnectionError, APIError, APIStatusError

    pause, why = FIRST_WAIT, "it was never sent"
    for attempt in range(attempts):
        try:
            return send()
        except APIStatusError as said:
            why = f"status {said.status_code}: {_short(said.message)}"
            if said.status_code not in (408, 409, 425, 429) and said.status_code < 500:
                break
            named = retry_after(said.response.headers.get("retry-after"))
            if named is not None and named > longest_wait:
                why += f"; it asks to wait {named:.0f} s"
                break
            wait = pause if named is None else named
        except APIConnectionError as lost:
            why, wait = _short(f"{lost} {lost.__cause__ or ''}"), pause
        except (APIError, ValueError) as broken:  # a reply that is no JSON, or cut off
            why, wait = _short(f"broken reply: {broken}"), pause
        if attempt + 1 < attempts:
            sleep(min(wait, longest_wait))
            pause *= 2
    raise UnansweredError(why)


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Returns the seconds that a server asks to wait, None where it does not say.

    Args:
        header: Seconds, or a date (RFC 9110, section 10.2.3).
        now: The time, for dates.
    """
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def _short(text: str) -> str:
    return " ".join(text.split())[:200]
