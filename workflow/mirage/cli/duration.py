"""Minutes in words, no more exact than an estimate is."""

from __future__ import annotations

from collections.abc import Sequence


def in_words(minutes: float) -> str:
    """Returns a time as one says it: ``about 12 minutes``, ``about 3 hours 20 minutes``."""
    if minutes < 1:
        return "less than a minute"
    if minutes < 90:
        step = 1 if minutes < 20 else 5
        count = max(1, round(minutes / step) * step)
        return f"about {count} minute{'s' if count > 1 else ''}"
    tens = round(minutes / 10)
    hours, rest = divmod(tens * 10, 60)
    return f"about {hours} hour{'s' if hours > 1 else ''}" + (f" {rest} minutes" if rest else "")


def each_takes(minutes: Sequence[float]) -> str:
    """Returns what each of some jobs takes: ``28 to 80 s each``."""
    if not minutes:
        return "no estimate"
    low, high = min(minutes), max(minutes)
    unit, scale = ("min", 1.0) if high >= 3 else ("s", 60.0)
    first, last = max(1, round(low * scale)), max(1, round(high * scale))
    text = f"{first} {unit}" if first == last else f"{first} to {last} {unit}"
    return text + (" each" if len(minutes) > 1 else "")
